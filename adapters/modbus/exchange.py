"""One request and its answer: what came, what was refused, and who was silent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pymodbus.exceptions import ConnectionException, ModbusIOException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from adapters.cancellation import honour_cancellation
from adapters.modbus.answer import FUNCTION, RawAnswer
from adapters.modbus.line import Client, Line
from adapters.modbus.plan import Span, Table
from core.clock import Clock
from core.errors import Retryable
from core.quality import Reason

# Modbus Application Protocol V1.1b3, section 7
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
    """A client that is connected, and the manners of its line. For one request at a time, or for
    a write beside the polls: pymodbus lets them wait for each other."""

    def __init__(self, client: Client, line: Line, address: str, clock: Clock) -> None:
        """address: of the endpoint, for errors."""
        self.client = client
        self.line = line
        self.address = address
        self.clock = clock
        self._turn = asyncio.Lock()  # for the silence between two requests, where one is needed
        self.free_at = 0.0  # when the line fell silent
        self.late_until: dict[
            int, float
        ] = {}  # by unit: an answer may still come that nobody wants
        self.read: dict[Table, Callable[..., Awaitable[ModbusPDU]]] = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }

    async def ask(self, span: Span) -> bytes:
        """Read registers as bytes. Silent, Refused, or Retryable when the line is closed."""
        table = span.table
        answer = await self.answer(
            FUNCTION[table], span.pause_s, self.read[table],
            span.start, count=span.count, device_id=span.unit,
        )  # fmt: skip
        registers = answer.as_registers(span.count) if isinstance(answer, RawAnswer) else b""
        if len(registers) != 2 * span.count:
            raise Refused(
                f"wanted {span.count} registers from {span.start}, found {len(registers) // 2}",
                Reason.MALFORMED,
            )
        return registers

    async def answer(
        self,
        function: int,
        pause_s: float,
        exchange: Callable[..., Awaitable[ModbusPDU]],
        *given: Any,
        **named: int,
    ) -> ModbusPDU:
        """Give the answer to a request of pymodbus, if it is not an exception of Modbus.

        pause_s: what the device needs before a request; the line's own pause holds as well.
        """
        if self.line.is_numbered and not self.line.pause_s and not pause_s:
            return await self._answer(function, exchange, *given, **named)
        async with self._turn:
            await self._wait_for_silence(named["device_id"], pause_s)
            try:
                return await self._answer(function, exchange, *given, **named)
            finally:
                self.free_at = self.clock.monotonic()

    async def _answer(
        self,
        function: int,
        exchange: Callable[..., Awaitable[ModbusPDU]],
        *given: Any,
        **named: int,
    ) -> ModbusPDU:
        try:
            answer = await exchange(*given, **named)
        except (ConnectionException, ModbusIOException) as error:
            if not self.client.connected:
                raise Retryable(f"{self.address}: connection lost") from error
            self._expect_late(named["device_id"])
            raise Silent from error
        finally:
            honour_cancellation()
        if answer.function_code == function:
            return answer
        if not isinstance(answer, ExceptionResponse):
            self._expect_late(named["device_id"])  # what came belongs to a request before
            raise Silent
        code = answer.exception_code
        if code in {GATEWAY_NO_PATH, GATEWAY_NO_ANSWER}:
            raise Silent
        reason = Reason.DEVICE_FAILURE if code == DEVICE_FAILURE else Reason.REFUSED
        raise Refused(f"exception {code}", reason, code=code)

    async def _wait_for_silence(self, unit: int, pause_s: float) -> None:
        """Wait until the line was quiet for long enough and nothing late can come of this unit."""
        at = self.free_at + max(self.line.pause_s, pause_s)
        at = max(at, self.late_until.pop(unit, 0.0))
        if (wait := at - self.clock.monotonic()) > 0:
            await asyncio.sleep(wait)

    def _expect_late(self, unit: int) -> None:
        """Note that an answer of RTU, which carries no number, may come for a request given up."""
        if not self.line.is_numbered:
            self.late_until[unit] = self.clock.monotonic() + self.line.timeout_s
