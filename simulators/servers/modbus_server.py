"""A Modbus TCP server whose units are devices of the town.

Modbus Application Protocol V1.1b3: functions 1–6, 15 and 16. One listener is one concentrator.
"""

import asyncio
import struct
from collections.abc import Mapping

from adapters.profile import Profile
from simulators.servers.registers import Field, Image
from simulators.world.family import SHORT
from simulators.world.world import World

HEADER = struct.Struct(">HHHB")  # transaction, protocol, length of the rest, unit
TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding",
          15: "coil", 16: "holding"}  # fmt: skip
MOST_REGISTERS, MOST_BITS = 125, 2000  # section 6.1–6.4
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
TARGET_SILENT = 11  # gateway target device failed to respond, section 7


class Refused(Exception):
    """An exception answer. code: section 7 of the specification."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Concentrator:
    """The units behind one listener. units: Modbus unit → device id."""

    def __init__(self, world: World, units: Mapping[int, str]) -> None:
        self.world = world
        self.units = units
        self._images: dict[tuple[str, str], Image] = {}

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        """Give the answer to a request, both without the header; None: silence."""
        device = self.units.get(unit)
        function = pdu[0]
        if device is None:
            return bytes((function | 0x80, TARGET_SILENT))
        if self.world.is_silent(device):
            return None
        if function not in TABLES:
            return bytes((function | 0x80, ILLEGAL_FUNCTION))
        image = self._image(self.world.profile(device), TABLES[function])
        obey = self._read if function <= 4 else self._write
        try:
            return obey(device, image, pdu)
        except Refused as refused:
            return bytes((function | 0x80, refused.code))
        except (struct.error, IndexError):  # a request that ends too soon
            return bytes((function | 0x80, ILLEGAL_VALUE))

    def _image(self, profile: Profile, table: str) -> Image:
        key = (profile.profile, table)
        if key not in self._images:
            self._images[key] = Image(profile, table)
        return self._images[key]

    def _read(self, device: str, image: Image, pdu: bytes) -> bytes:
        function, first, count = struct.unpack(">BHH", pdu[:5])
        if not 1 <= count <= (MOST_BITS if function <= 2 else MOST_REGISTERS):
            raise Refused(ILLEGAL_VALUE)
        if not image.covers(first, count):
            raise Refused(ILLEGAL_ADDRESS)
        read = image.bits if function <= 2 else image.registers
        data = read(self.world.values(device), first, count)
        if self.world.has(device, SHORT):
            data = data[: len(data) // 4 * 2]
        return bytes((function, len(data))) + data

    def _write(self, device: str, image: Image, pdu: bytes) -> bytes:
        function, first, word = struct.unpack(">BHH", pdu[:5])
        if function == 6:
            self._obey(device, image.written(first, pdu[3:5]))
        elif function == 5:
            if word not in {0x0000, 0xFF00}:
                raise Refused(ILLEGAL_VALUE)
            self._obey(device, image.switched(first, [word == 0xFF00]))
        elif function == 16:
            if pdu[5] != 2 * word or len(pdu) != 6 + pdu[5]:
                raise Refused(ILLEGAL_VALUE)
            self._obey(device, image.written(first, pdu[6:]))
        else:
            if pdu[5] != (word + 7) // 8 or len(pdu) != 6 + pdu[5]:
                raise Refused(ILLEGAL_VALUE)
            packed = int.from_bytes(pdu[6:], "little")
            states = [bool(packed >> at & 1) for at in range(word)]
            self._obey(device, image.switched(first, states))
        return pdu[:5]

    def _obey(self, device: str, wanted: list[tuple[Field, float]] | None) -> None:
        if wanted is None:
            raise Refused(ILLEGAL_ADDRESS)
        for field, value in wanted:
            if not self.world.write(device, field.signal, value):
                raise Refused(ILLEGAL_VALUE)


class _Line(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, concentrator: Concentrator, lines: set[asyncio.Transport]) -> None:
        self._concentrator = concentrator
        self._lines = lines
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server gives
        self._transport = transport
        self._lines.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lines.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= HEADER.size:
            transaction, protocol, length, unit = HEADER.unpack_from(self._received)
            if protocol != 0 or not 2 <= length <= 254:
                self._transport.close()
                return
            if len(self._received) < 6 + length:
                return
            pdu = self._received[HEADER.size : 6 + length]
            self._received = self._received[6 + length :]
            answer = self._concentrator.answer(unit, pdu)
            if answer is not None:
                self._transport.write(HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer)


class ModbusServer:
    """A listener. Port 0 takes a free one; `port` says which."""

    def __init__(self, concentrator: Concentrator, port: int, host: str = "127.0.0.1") -> None:
        self._concentrator = concentrator
        self._host = host
        self.port = port
        self._lines: set[asyncio.Transport] = set()

    async def __aenter__(self) -> "ModbusServer":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Line(self._concentrator, self._lines), self._host, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for line in list(self._lines):
            line.abort()
        await self._server.wait_closed()
