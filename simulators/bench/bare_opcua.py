"""The ceiling of `bench opcua`: a subscription of asyncua alone, as its own examples have it.

`python -m simulators.bench.bare_opcua --port P --seconds S` gives one JSON object.
"""

import argparse
import asyncio
import json
import logging
import time
from typing import Any

from asyncua import ua
from asyncua.client.client import Client

from core.clock import SystemClock
from simulators.bench.variables_server import NAMESPACE, PERIOD_S, VARIABLES, name_of

QUEUE = 100  # values; the server keeps them while the machine is busy elsewhere
WARM_UP_S = 2.0


class Handler:
    """Counts what arrives, and does nothing with it."""

    def __init__(self) -> None:
        self.points = 0

    def datachange_notification(self, _node: Any, _value: Any, _data: Any) -> None:
        self.points += 1


async def subscribe(port: int, seconds: float) -> dict[str, float]:
    clock = SystemClock()
    handler = Handler()
    url = f"opc.tcp://127.0.0.1:{port}"
    async with Client(url, timeout=10, watchdog_intervall=30) as client:
        space = await client.get_namespace_index(NAMESPACE)
        subscription = await client.create_subscription(1000 * PERIOD_S, handler)
        nodes = [client.get_node(f"ns={space};s={name_of(each)}") for each in range(VARIABLES)]
        await subscription.subscribe_data_change(
            nodes, queuesize=QUEUE, sampling_interval=ua.Duration(1000 * PERIOD_S)
        )
        await asyncio.sleep(WARM_UP_S)
        points, spent, began = handler.points, time.process_time(), clock.monotonic()
        await asyncio.sleep(seconds)
        return {
            "points": handler.points - points,
            "cpu_s": time.process_time() - spent,
            "seconds": clock.monotonic() - began,
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    print(json.dumps(asyncio.run(subscribe(options.port, options.seconds))))
