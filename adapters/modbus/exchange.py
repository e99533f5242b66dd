"""One request and its answer: what came, what was refused, and who was silent."""

import asyncio
from struct import Struct

import numpy as np

from adapters.modbus.line import Line, Link
from adapters.modbus.plan import Span, Table
from core.clock import Clock
from core.errors import Retryable
from core.quality import Reason

# Modbus Application Protocol V1.1b3, sections 6.1-6.4 and 7
FUNCTION: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
READ = Struct(">BHH")  # function, first, count
ERROR = 0x80  # added to the function code where the request is refused
DEVICE_FAILURE = 4
ACKNOWLEDGE = 5  # taken, and it will last
GATEWAY_NO_PATH = 10
GATEWAY_NO_ANSWER = 11  # how a TCP gateway tells that the unit behind it is silent
WRONG_REQUEST = frozenset({1, 2, 3})  # illegal function, address, value: a part may be right


class Silent(Exception):
    """Tell that a unit did not answer in time, or with something else than was asked for."""


class Refused(Exception):
    """Tell that an answer is there and is not the values. reason: what the readings say.

    code: of the exception; 0 for an answer that is too short.
    """

    def __init__(self, text: str, reason: Reason, *, code: int = 0) -> None:
        super().__init__(text)
        self.reason = reason
        self.code = code

    @property
    def is_divisible(self) -> bool:
        """Tell whether a part of the request may do better."""
        return self.code == 0 or self.code in WRONG_REQUEST


class Exchange:
    """A line that is open, and its manners. For one request at a time, or for a write beside the
    polls: they wait for each other."""

    def __init__(self, link: Link, line: Line, address: str, clock: Clock) -> None:
        """address: of the endpoint, for errors."""
        self.link = link
        self.line = line
        self.address = address
        self.clock = clock
        self._turn = asyncio.Lock()  # for the silence between two requests, where one is needed
        self.free_at = 0.0  # when the line fell silent
        self.late_until: dict[
            int, float
        ] = {}  # by unit: an answer may still come that nobody wants

    async def ask(self, span: Span) -> bytes:
        """Read registers as bytes, two each; of a coil or a discrete input 0 or 1.

        Silent, Refused, or Retryable when the line is closed.
        """
        table = span.table
        request = READ.pack(FUNCTION[table], span.start, span.count)
        answer = await self.answer(span.unit, request, span.pause_s)
        registers = answer[1 : 1 + answer[0]] if answer else b""
        if table in {"coil", "discrete"}:
            registers = _as_registers(registers, span.count)
        if len(registers) != 2 * span.count:
            raise Refused(
                f"wanted {span.count} registers from {span.start}, found {len(registers) // 2}",
                Reason.MALFORMED,
            )
        return registers

    async def answer(self, unit: int, request: bytes, pause_s: float) -> bytes:
        """Give what follows the function code in the answer, if it is no exception of Modbus.

        request: from its function code on. pause_s: what the device needs before a request; the
        line's own pause holds as well.
        """
        if self.line.is_numbered and not self.line.pause_s and not pause_s:
            return await self._answer(unit, request)
        async with self._turn:
            await self._wait_for_silence(unit, pause_s)
            try:
                return await self._answer(unit, request)
            finally:
                self.free_at = self.clock.monotonic()

    async def _answer(self, unit: int, request: bytes) -> bytes:
        try:
            answer = await self.link.exchange(unit, request)
        except TimeoutError as error:
            self._expect_late(unit)
            raise Silent from error
        except ConnectionError as error:
            raise Retryable(f"{self.address}: {error}") from error
        function = request[0]
        if answer[0] == function:
            return answer[1:]
        if answer[0] != function | ERROR:
            self._expect_late(unit)  # what came belongs to a request before
            raise Silent
        code = answer[1] if len(answer) > 1 else 0
        if code in {GATEWAY_NO_PATH, GATEWAY_NO_ANSWER}:
            raise Silent
        reason = Reason.DEVICE_FAILURE if code == DEVICE_FAILURE else Reason.REFUSED
        raise Refused(f"exception {code}", reason, code=code)

    async def _wait_for_silence(self, unit: int, pause_s: float) -> None:
        """Wait until the line was quiet for long enough and nothing late can come of this unit."""
        at = self.free_at + max(self.line.pause_s, pause_s)
        at = max(at, self.late_until.pop(unit, 0.0))
        while (wait := at - self.clock.monotonic()) > 0:  # noqa: ASYNC110 - no event, it is time
            await asyncio.sleep(wait)  # uvloop's may be over a part of a millisecond early

    def _expect_late(self, unit: int) -> None:
        """Note that an answer of RTU, which carries no number, may come for a request given up."""
        if not self.line.is_numbered:
            self.late_until[unit] = self.clock.monotonic() + self.line.timeout_s


def _as_registers(content: bytes, count: int) -> bytes:
    """Give each bit as a register of 0 or 1; fewer than asked for may be there."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")[:count]
    return bits.astype(">u2").tobytes()
