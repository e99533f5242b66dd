"""Where a Modbus line leads: TCP, RTU on a serial port, or RTU within TCP."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from adapters.cancellation import honour_cancellation
from adapters.modbus.mbap import Mbap
from adapters.modbus.options import TIMEOUT_S, ModbusOptions
from adapters.modbus.rtu import Client, Rtu
from adapters.options import read_options
from core.errors import Permanent
from core.registry import Endpoint

WANTED = (
    "modbus+tcp://host:port, modbus+rtutcp://host:port "
    "or modbus+rtu:///dev/ttyUSB0?baud=9600&parity=N&stop=1"
)
PORT = 502
CONNECT_S = 3.0  # to open a line; on a busy machine dozens are opened at once
# Modbus over Serial Line V1.02, sections 2.5.1 and 2.5.1.1: 11 bits a byte, 3.5 bytes of silence
# between frames, 1.75 ms above 19200 baud.
BITS, SILENT_BYTES, SHORTEST_SILENCE_S = 11, 3.5, 0.00175
MOST_BYTES = 256 + 8  # the longest answer, and a request


class Link(Protocol):
    """A connection on which one request at a time is answered."""

    async def exchange(self, unit: int, request: bytes) -> bytes:
        """Give the answer to a request, both from the function code on.

        TimeoutError where none comes in time, ConnectionError where the line is closed.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """How a line is spoken on.

    device: of a serial port; empty for TCP. is_numbered: an answer carries the number of its
    request, so that a late one is not taken for another. timeout_s: for one answer. pause_s:
    silence between an answer and the next request.
    """

    host: str = ""
    port: int = PORT
    device: str = ""
    baud: int = 0
    parity: str = "N"
    stop: int = 1
    is_numbered: bool = True
    timeout_s: float = TIMEOUT_S
    pause_s: float = 0.0

    async def open(self, name: str) -> Link:
        """Connect, once. ConnectionError where nobody takes it in time."""
        if self.is_numbered:
            return await self._open_mbap()
        if self.device:
            serial = AsyncModbusSerialClient(
                self.device, baudrate=self.baud, parity=self.parity, stopbits=self.stop,
                timeout=CONNECT_S, retries=0, reconnect_delay=0, name=name,
            )  # fmt: skip
            return await self._open_rtu(serial)
        tcp = AsyncModbusTcpClient(
            self.host, port=self.port, framer=FramerType.RTU,
            timeout=CONNECT_S, retries=0, reconnect_delay=0, name=name,
        )  # fmt: skip
        return await self._open_rtu(tcp)

    async def _open_mbap(self) -> Mbap:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, link = await loop.create_connection(
                    lambda: Mbap(self.timeout_s), self.host, self.port
                )
        except OSError as error:  # TimeoutError is one
            raise ConnectionError(str(error) or f"no connection within {CONNECT_S:g} s") from error
        return link

    async def _open_rtu(self, client: Client) -> Rtu:
        if not await client.connect():
            client.close()
            raise ConnectionError(f"no connection within {CONNECT_S:g} s")
        try:
            honour_cancellation()
        except asyncio.CancelledError:
            client.close()
            raise
        return Rtu(client, self.timeout_s)


def line_of(endpoint: Endpoint) -> Line:
    """Understand an endpoint's address and options. Permanent where they make no sense."""
    parts = urlsplit(endpoint.address)
    options = read_options(endpoint, ModbusOptions)
    match parts.scheme:
        case "modbus+tcp" | "modbus+rtutcp" if parts.hostname:
            return Line(
                host=parts.hostname,
                port=parts.port or PORT,
                is_numbered=parts.scheme == "modbus+tcp",
                timeout_s=options.timeout_s,
                pause_s=options.pause_s,
            )
        case "modbus+rtu" if parts.path.startswith("/") and not parts.netloc:
            return _serial(endpoint, parts.path, dict(parse_qsl(parts.query)), options)
    raise Permanent(f"{endpoint.id}: wanted {WANTED}, found {endpoint.address}")


def _serial(
    endpoint: Endpoint, device: str, words: Mapping[str, str], options: ModbusOptions
) -> Line:
    if unknown := words.keys() - {"baud", "parity", "stop"}:
        raise Permanent(
            f"{endpoint.id}: a serial line has baud, parity and stop, found {min(unknown)}"
        )
    baud, parity, stop = words.get("baud", "9600"), words.get("parity", "N"), words.get("stop", "1")
    if not baud.isdecimal() or not 300 <= int(baud) <= 1_000_000:
        raise Permanent(f"{endpoint.id}: baud wanted 300 to 1000000, found {baud}")
    if parity not in {"N", "E", "O"}:
        raise Permanent(f"{endpoint.id}: parity wanted N, E or O, found {parity}")
    if stop not in {"1", "2"}:
        raise Permanent(f"{endpoint.id}: stop wanted 1 or 2, found {stop}")
    byte_s = BITS / int(baud)
    return Line(
        device=device,
        baud=int(baud),
        parity=parity,
        stop=int(stop),
        is_numbered=False,
        timeout_s=options.timeout_s
        + MOST_BYTES * byte_s,  # an answer is not late while it still comes
        pause_s=max(options.pause_s, SILENT_BYTES * byte_s, SHORTEST_SILENCE_S),
    )
