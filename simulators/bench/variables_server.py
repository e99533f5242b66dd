"""An OPC UA server whose five hundred variables count up ten times a second, each by one.

`python -m simulators.bench.variables_server PORT`; unsecured, on the loopback. Says `ready`.
"""

import asyncio
import logging
import sys

from asyncua import ua
from asyncua.server.server import Server

from core.clock import SystemClock, to_datetime

VARIABLES = 500
PERIOD_S = 0.1
ROLLS_OVER = 65_536
NAMESPACE = "urn:kvartal:bench"


def name_of(number: int) -> str:
    """Give the identifier of a variable's node."""
    return f"count_{number}"


async def serve(port: int) -> None:
    clock = SystemClock()
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace(NAMESPACE)
    nodes = []
    for number in range(VARIABLES):
        node = ua.NodeId(ua.String(name_of(number)), ua.Int16(space))
        await server.nodes.objects.add_variable(
            node, ua.QualifiedName(name_of(number), ua.UInt16(space)), ua.Variant(0, UINT)
        )
        nodes.append(node)
    async with server:
        print("ready", flush=True)
        count, due = 0, clock.monotonic()
        while True:
            count = (count + 1) % ROLLS_OVER
            now = to_datetime(clock.time_ns()).replace(tzinfo=None)  # asyncua's are naive UTC
            value = ua.DataValue(
                ua.Variant(count, UINT),
                SourceTimestamp=now,  # type: ignore[arg-type]  # a plain datetime is what it wants
                ServerTimestamp=now,  # type: ignore[arg-type]
            )
            for node in nodes:
                await server.write_attribute_value(node, value)
            # A machine that is busy elsewhere makes it late; answering comes before catching up.
            due = max(due + PERIOD_S, clock.monotonic() + PERIOD_S / 4)
            await asyncio.sleep(due - clock.monotonic())


UINT = ua.VariantType.UInt16

if __name__ == "__main__":
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    asyncio.run(serve(int(sys.argv[1])))
