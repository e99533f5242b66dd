"""What one edge spends on an OPC UA subscription, beside asyncua alone.

Five hundred variables change ten times a second in a server in another process. The whole edge
runs: adapter, pipeline, spool and uplink, with a broker and a sink that acknowledges.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import numpy as np

from simulators.bench.bare_opcua import QUEUE
from simulators.bench.measure import Processor, Result
from simulators.bench.stand import OWN_SIGNALS, say, standing, variables
from simulators.bench.variables_server import NAMESPACE, PERIOD_S, VARIABLES, name_of
from simulators.stage.ports import free_port

WARM_UP_S = 2.0


async def measure(state: Path, seconds: float) -> Result:
    """Measure asyncua alone, then the edge, for so many seconds each. state: an empty folder."""
    port = free_port()
    async with standing(state) as stand:
        sink, clock = stand.sink, stand.clock
        await stand.start(variables(port))
        bare = await _bare(port, seconds)
        ceiling = bare["cpu_s"] / bare["points"] * 100_000
        say(f"asyncua alone: {ceiling:.3f} CPU s per 100,000 of {bare['points']:,.0f} points")
        async with stand.edge([_profile()], _document(port)) as edge:
            await stand.until_came(VARIABLES)
            await asyncio.sleep(WARM_UP_S)
            processor = Processor([edge])
            sink.watch(np.arange(VARIABLES) + OWN_SIGNALS)
            points, spent, began = sink.points, processor.seconds(), clock.monotonic()
            await asyncio.sleep(seconds)
            points, spent = sink.points - points, processor.seconds() - spent
            took = clock.monotonic() - began
    ours = spent / points * 100_000
    return Result(
        bench="opcua",
        unit="CPU s per 100,000 points",
        ours=ours,
        ceiling=ceiling,
        ratio=ceiling / ours,
        lost=sink.missing,
        more={
            "cpu_s_per_100k": ours,
            "ceiling_cpu_s_per_100k": ceiling,
            "points_per_s": points / took,
            "ceiling_points_per_s": bare["points"] / bare["seconds"],
        },
    )


def _document(port: int) -> dict[str, object]:
    address = f"opc.tcp://127.0.0.1:{port}"
    return {
        "endpoints": [{"id": "line", "protocol": "opcua", "address": address}],
        "devices": [{"id": "plant", "profile": "variables", "endpoint": "line", "unit": "plant"}],
    }


def _profile() -> dict[str, object]:
    return {
        "profile": "variables",
        "family": "heat_point",
        "protocol": "opcua",
        "name": {"en": "Variables", "ru": "Переменные"},
        "source": "generic, what simulators/bench/variables_server.py serves",
        "signals": [
            {
                "key": name_of(number),
                "name": {"en": f"Count {number}", "ru": f"Счёт {number}"},
                "poll_s": PERIOD_S,
                "opcua": {"node": f"nsu={NAMESPACE};s={name_of(number)}", "queue": QUEUE},
            }
            for number in range(VARIABLES)
        ],
    }


async def _bare(port: int, seconds: float) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.bench.bare_opcua", "--port", str(port),
        "--seconds", str(seconds), stdout=PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result
