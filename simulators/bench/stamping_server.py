"""A Modbus TCP server whose every answer carries the moment at which it was sent.

Registers of each unit (input registers, big-endian):
    0–3   f64  the moment of sending, microseconds since 1970 UTC
    4–7   f64  the moment of sending while the unit is in alarm, otherwise 0
    8–107 u16  a count that changes with every answer, so that all of them are news, unless it rests
The encoding is written out here, by struct, on purpose: it must not share code with the adapters.
"""

import asyncio
import struct
from dataclasses import dataclass, field

from core.clock import Clock

REGISTERS = 108
READ_INPUT = 4  # Modbus Application Protocol V1.1b3, section 6.4
ILLEGAL_ADDRESS = 2  # section 7
HEADER = struct.Struct(">HHHB")  # transaction, protocol, length, unit


@dataclass
class StampingServer:
    """One listener; any unit from 1 to 247 answers. sent: stamps by (port, unit), microseconds.
    counts: whether the count changes."""

    clock: Clock
    in_alarm: set[tuple[int, int]] = field(default_factory=set)
    sent: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    counts: bool = True
    _count: int = 0
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)

    def hang_up(self) -> None:
        """Cut every connection, as a device that loses its power does."""
        for writer in self._clients:
            writer.transport.abort()

    async def listen(self, port: int) -> asyncio.Server:
        """Open a listener on the loopback; port 0 takes a free one."""
        return await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port: int = writer.get_extra_info("sockname")[1]
        self._clients.add(writer)
        try:
            while True:
                transaction, _, length, unit = HEADER.unpack(await reader.readexactly(7))
                request = await reader.readexactly(length - 1)
                answer = self._answer(port, unit, request)
                writer.write(HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        finally:
            self._clients.discard(writer)
            writer.close()

    def _answer(self, port: int, unit: int, request: bytes) -> bytes:
        function, first, count = struct.unpack(">BHH", request[:5])
        if function != READ_INPUT or first + count > REGISTERS:
            return bytes([function | 0x80, ILLEGAL_ADDRESS])
        if self.counts:
            self._count = (self._count + 1) % 65_536
        stamp = float(self.clock.time_ns() // 1_000)
        if first == 0:
            self.sent.setdefault((port, unit), []).append(stamp)
        image = struct.pack(
            ">dd100H",
            stamp,
            stamp if (port, unit) in self.in_alarm else 0.0,
            *[self._count] * 100,
        )
        return struct.pack(">BB", function, 2 * count) + image[2 * first : 2 * (first + count)]
