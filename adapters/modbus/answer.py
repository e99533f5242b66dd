"""Answers of pymodbus that keep the bytes instead of unpacking register by register.

pymodbus also writes every answer out as text for a log line that nobody sees; 100 registers take
18 of 41 microseconds that way.
"""

import numpy as np
from pymodbus.pdu import ModbusPDU

from adapters.modbus.plan import Table

# Modbus Application Protocol V1.1b3, sections 6.1-6.4
FUNCTION: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


class RawAnswer(ModbusPDU):
    payload = b""
    rtu_byte_count_pos = 2  # unit, function, count of bytes

    def decode(self, data: bytes) -> None:
        self.payload = data[1 : 1 + data[0]] if data else b""

    def __str__(self) -> str:
        return "raw answer"

    def as_registers(self, _count: int) -> bytes:
        """Give the registers, two bytes each, as they came; fewer than asked for may be there."""
        return self.payload


class RawBits(RawAnswer):
    def as_registers(self, count: int) -> bytes:
        """Give each bit as a register of 0 or 1; fewer than asked for may be there."""
        bits = np.unpackbits(np.frombuffer(self.payload, np.uint8), bitorder="little")[:count]
        return bits.astype(">u2").tobytes()


class RawHolding(RawAnswer):
    function_code = FUNCTION["holding"]


class RawInput(RawAnswer):
    function_code = FUNCTION["input"]


class RawCoils(RawBits):
    function_code = FUNCTION["coil"]


class RawDiscrete(RawBits):
    function_code = FUNCTION["discrete"]


RAW_ANSWERS = (RawHolding, RawInput, RawCoils, RawDiscrete)
