"""Modbus TCP on one socket: requests and their answers, told apart by the number in their header.

Modbus Messaging on TCP/IP V1.0b, section 3.1.3: number of the request, protocol 0, count of the
bytes that follow, unit. pymodbus speaks it too, with a dozen objects a request; on lines that
nothing slows down they were half of what a reading costs.
"""

import asyncio
from struct import Struct
from typing import cast

HEADER = Struct(">HHHB")
UNCOUNTED = 6  # bytes of the header that its count leaves out
SHORTEST, LONGEST = 2, 254  # counts: of a unit and a function, and of the longest answer
NUMBERS = 0x10000
ANY_UNIT = 0  # a device that is reached directly may answer with another unit


class Mbap(asyncio.Protocol):
    """A connection. For one request at a time; others wait for their turn."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._number = 0
        self._unit = 0
        self._answer: asyncio.Future[bytes] | None = None
        self._error = "connection lost"

    async def exchange(self, unit: int, request: bytes) -> bytes:
        """Give the answer to a request, both from the function code on.

        TimeoutError where none comes in time, ConnectionError where the line is closed.
        """
        async with self._turn:
            if self._transport is None:
                raise ConnectionError(self._error)
            self._number = number = (self._number + 1) % NUMBERS
            self._unit = unit
            answer: asyncio.Future[bytes] = self._loop.create_future()
            self._answer = answer
            self._transport.write(HEADER.pack(number, 0, len(request) + 1, unit) + request)
            timer = self._loop.call_later(self._timeout_s, _end, answer, TimeoutError())
            try:
                return await answer
            finally:
                timer.cancel()
                self._answer = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # ---- asyncio.Protocol -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None:
            _end(self._answer, ConnectionError(self._error))

    def data_received(self, data: bytes) -> None:
        """Cut the answers out. What is none cannot be stepped over: it closes the line."""
        data, at = self._buffer + data, 0
        while len(data) - at >= HEADER.size:
            number, protocol, count, unit = HEADER.unpack_from(data, at)
            if protocol or not SHORTEST <= count <= LONGEST:
                self._error = f"wanted a header of Modbus TCP, found {data[at : at + 7].hex(' ')}"
                self._buffer = b""
                if self._transport is not None:
                    self._transport.abort()
                return
            end = at + UNCOUNTED + count
            if end > len(data):
                break
            is_wanted = number == self._number and self._unit in {unit, ANY_UNIT}
            if is_wanted and self._answer is not None and not self._answer.done():
                self._answer.set_result(data[at + HEADER.size : end])
            at = end
        self._buffer = data[at:]


def _end(answer: asyncio.Future[bytes], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
