"""Modbus RTU on a serial port or within TCP: pymodbus frames it, and sees no more than bytes.

Its own classes of answers would unpack every register by itself and write it out for a log.
"""

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusIOException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from adapters.cancellation import honour_cancellation

Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class Rtu:
    """A client that is connected. For one request at a time; others wait for their turn."""

    def __init__(self, client: Client, timeout_s: float) -> None:
        self._client = client
        for answer in ANSWERS:
            client.register(answer)
        client.set_max_no_responses(1_000_000_000)  # a few silent units must not close the line
        client.ctx.comm_params.timeout_connect = timeout_s  # pymodbus' time for an answer

    async def exchange(self, unit: int, request: bytes) -> bytes:
        """Give the answer to a request, both from the function code on.

        TimeoutError where none comes in time, ConnectionError where the line is closed.
        """
        try:
            answer = await self._client.execute(False, Request(unit, request))
        except (ConnectionException, ModbusIOException) as error:
            if not self._client.connected:
                raise ConnectionError("connection lost") from error
            raise TimeoutError from error
        finally:
            honour_cancellation()
        if isinstance(answer, ExceptionResponse):
            return bytes([answer.function_code, answer.exception_code])
        content = answer.content if isinstance(answer, Answer) else b""
        return bytes([answer.function_code]) + content

    def close(self) -> None:
        self._client.close()


class Request(ModbusPDU):
    def __init__(self, unit: int, request: bytes) -> None:
        super().__init__(dev_id=unit)
        self.function_code = request[0]
        self._content = request[1:]

    def encode(self) -> bytes:
        return self._content

    def __str__(self) -> str:
        return "request"


class Answer(ModbusPDU):
    content = b""

    def decode(self, data: bytes) -> None:
        self.content = data

    def __str__(self) -> str:
        return "answer"


class Values(Answer):
    """The answer to a request for values."""

    rtu_byte_count_pos = 2  # unit, function, count of bytes


class Taken(Answer):
    """The answer to a write."""

    rtu_frame_size = 8  # unit, function, address, value or count, checksum


# Modbus Application Protocol V1.1b3, sections 6.1-6.6, 6.11 and 6.12
ANSWERS = [
    type(f"{kind.__name__}{function}", (kind,), {"function_code": function})
    for kind, functions in ((Values, (1, 2, 3, 4)), (Taken, (5, 6, 15, 16)))
    for function in functions
]
