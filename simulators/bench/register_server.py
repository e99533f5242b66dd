"""Many Modbus TCP devices behind one port, in a process of their own.

Every answer of a unit has its count of answers (mod 65536) in each register, so that whoever sees
the values can tell whether one is missing. Asked on stdin, answered on stdout, a JSON line each:

    {"silence": [units]}    these do not answer any more, all others do
    {"intervals": true}     the times between requests to each unit since the last such question
"""

import asyncio
import json
import struct
import sys
from collections import defaultdict, deque
from collections.abc import Callable
from itertools import pairwise
from typing import cast

from core.clock import SystemClock

READ = struct.Struct(">HHHBBHH")  # transaction, protocol, length, unit, function, first, count
HEAD = struct.Struct(">HHHBBB")  # of an answer, with the number of its bytes
BACKLOG = 1000
REMEMBERED = 1000  # requests to each unit


class Devices:
    """What all connections share. asked: moments by unit, seconds on the monotonic clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.silent: set[int] = set()
        self.counts: dict[int, int] = defaultdict(int)
        self.asked: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def obey(self, order: dict[str, object]) -> object:
        if isinstance(units := order.get("silence"), list):
            self.silent = set(units)
            return sorted(self.silent)
        intervals = {
            unit: [later - earlier for earlier, later in pairwise(at)]
            for unit, at in self.asked.items()
        }
        self.asked.clear()
        return intervals


class Connection(asyncio.Protocol):
    def __init__(self, devices: Devices) -> None:
        self.devices = devices
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while len(self.received) >= READ.size:
            transaction, _, _, unit, function, _, count = READ.unpack_from(self.received)
            self.received = self.received[READ.size :]
            self.devices.asked[unit].append(self.devices.now())
            if unit in self.devices.silent:
                continue
            self.devices.counts[unit] += 1
            word = self.devices.counts[unit] % 65_536
            size = 2 * count
            head = HEAD.pack(transaction, 0, size + 3, unit, function, size)
            self.transport.write(head + word.to_bytes(2, "big") * count)


async def main() -> None:
    devices = Devices(SystemClock().monotonic)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(devices), "127.0.0.1", 0, backlog=BACKLOG)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print(json.dumps(server.sockets[0].getsockname()[1]), flush=True)
    while line := await orders.readline():
        print(json.dumps(devices.obey(json.loads(line))), flush=True)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give uvloop's loop where there is one, so that the devices are not what is measured."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())
