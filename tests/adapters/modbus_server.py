"""A Modbus server that encodes by itself and can be made to misbehave; TCP, or RTU within TCP."""

import asyncio
import struct
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from core.clock import SystemClock

READ = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2


class ModbusServer(AbstractAsyncContextManager["ModbusServer"]):
    """registers: by (unit, table), the word at each address; what is not there is zero."""

    def __init__(self) -> None:
        self.registers: dict[tuple[int, str], dict[int, int]] = {}
        self.silent: set[int] = set()
        self.illegal: set[tuple[int, int]] = set()  # (unit, address): exception 2
        self.mute: set[tuple[int, int]] = set()  # (unit, address): no answer at all
        self.short: set[tuple[int, int]] = set()  # (unit, address): the answer ends before it
        self.exceptions: dict[int, int] = {}  # unit: the exception that it always answers
        self.only_several = False  # functions 5 and 6 are not known
        self.slow_s: dict[int, float] = {}  # unit: how late it answers
        self.at: list[tuple[int, float, float]] = []  # unit, when a request came, when it was over
        self.requests: list[tuple[int, int, int, int]] = []  # unit, function, address, count
        self.tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port: int = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: Any) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.server.wait_closed()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self.serve(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def take(self, reader: asyncio.StreamReader) -> tuple[bytes, int, bytes]:
        """Give what an answer begins with, the unit, and the request."""
        head = await reader.readexactly(7)
        _, _, length, unit = struct.unpack(">HHHB", head)
        return head[:4], unit, await reader.readexactly(length - 1)

    def framed(self, head: bytes, unit: int, answer: bytes) -> bytes:
        return head + struct.pack(">HB", len(answer) + 1, unit) + answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head, unit, pdu = await self.take(reader)
                began = SystemClock().monotonic()
                answer = self.answer(unit, pdu)
                await asyncio.sleep(self.slow_s.get(unit, 0))
                self.at.append((unit, began, SystemClock().monotonic()))
                if answer is not None:
                    writer.write(self.framed(head, unit, answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def words(self, unit: int, table: str) -> dict[int, int]:
        return self.registers.setdefault((unit, table), {})

    def put(self, unit: int, table: str, address: int, wire: bytes) -> None:
        """Lay bytes down as they are to go on the wire."""
        for place in range(0, len(wire), 2):
            (word,) = struct.unpack_from(">H", wire, place)
            self.words(unit, table)[address + place // 2] = word

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        function, address, count = struct.unpack_from(">BHH", pdu)
        if unit in self.silent:
            return None
        wanted = range(address, address + count)
        if function in READ and any(at == unit and place in wanted for at, place in self.mute):
            return None
        if unit in self.exceptions:
            return bytes([function | 0x80, self.exceptions[unit]])
        if function in READ:
            return self.read(unit, function, address, count)
        self.requests.append((unit, function, address, count))
        if function in {5, 6} and self.only_several:
            return bytes([function | 0x80, ILLEGAL_FUNCTION])
        if function == 5:
            self.words(unit, "coil")[address] = count >> 15
        elif function == 6:
            self.words(unit, "holding")[address] = count
        elif function == 15:
            states = int.from_bytes(pdu[6:], "little")
            for place in range(count):
                self.words(unit, "coil")[address + place] = states >> place & 1
        elif function == 16:
            self.put(unit, "holding", address, pdu[6:])
        return pdu[:5]

    def read(self, unit: int, function: int, address: int, count: int) -> bytes:
        self.requests.append((unit, function, address, count))
        wanted = range(address, address + count)
        if any(at == unit and place in wanted for at, place in self.illegal):
            return bytes([function | 0x80, ILLEGAL_ADDRESS])
        words = self.words(unit, READ[function])
        values = [words.get(place, 0) for place in wanted]
        for at, place in self.short:
            if at == unit and place in wanted:
                values = values[: place - address]
        if function > 2:
            return struct.pack(f">BB{len(values)}H", function, 2 * len(values), *values)
        packed = sum((word & 1) << place for place, word in enumerate(values))
        size = (len(values) + 7) // 8
        return bytes([function, size]) + packed.to_bytes(size, "little")


class RtuServer(ModbusServer):
    """The same in RTU frames: unit, request, checksum (Modbus over Serial Line V1.02, 2.5.1)."""

    async def take(self, reader: asyncio.StreamReader) -> tuple[bytes, int, bytes]:
        frame = await reader.readexactly(7)
        if frame[1] in {15, 16}:
            frame += await reader.readexactly(frame[6])
        frame += await reader.readexactly(1 if frame[1] <= 6 else 2)
        assert crc(frame[:-2]) == frame[-2:]
        return b"", frame[0], frame[1:-2]

    def framed(self, _head: bytes, unit: int, answer: bytes) -> bytes:
        return bytes([unit]) + answer + crc(bytes([unit]) + answer)


def crc(frame: bytes) -> bytes:
    """Give the checksum of Modbus over Serial Line V1.02, section 6.2.2."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")
