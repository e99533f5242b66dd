"""The register image of a Modbus device, encoded by struct and nothing else.

What it shows and takes is said by the profile's address map; how a value becomes bytes is written
here a second time on purpose: sharing the adapter's codec would let its mistakes cancel out.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.modbus.address import ModbusAddress
from adapters.profile import Profile

FORMATS = {
    "u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q",
    "f32": ">f", "f64": ">d", "bcd16": ">H", "bcd32": ">I", "bcd64": ">Q",
}  # fmt: skip
BITS = ("coil", "discrete")


def arranged(data: bytes, order: str) -> bytes:
    """Turn big-endian bytes into the order of a device, or back: each order undoes itself."""
    if order == "big":  # ABCD
        return data
    if order == "little":  # DCBA
        return data[::-1]
    words = [data[at : at + 2] for at in range(0, len(data), 2)]
    if order == "big_swapped":  # BADC
        return b"".join(word[::-1] for word in words)
    return b"".join(reversed(words))  # CDAB


@dataclass(frozen=True, slots=True)
class Field:
    """A signal at its place. first, size: registers, or bits."""

    signal: str
    first: int
    size: int
    at: ModbusAddress
    writable: bool

    def encode(self, value: float) -> bytes:
        """Give the registers of a value in the signal's unit, cut to what they can hold.

        Of a value of single bits the others are zero.
        """
        raw = (value - self.at.offset) / self.at.scale
        form = FORMATS[self.at.type]
        if form[1] in "fd":
            return arranged(struct.pack(form, raw), self.at.order)
        bits = 8 * struct.calcsize(form)
        if self.at.bit is not None:
            most = 2**self.at.width - 1
            whole = min(max(round(raw), 0), most) << self.at.bit
        elif self.at.type.startswith("bcd"):
            most = 10 ** (bits // 4) - 1
            whole = int(str(min(max(round(raw), 0), most)), 16)
        elif form[1].isupper():
            whole = min(max(round(raw), 0), 2**bits - 1)
        else:
            whole = min(max(round(raw), -(2 ** (bits - 1))), 2 ** (bits - 1) - 1)
        return arranged(struct.pack(form, whole), self.at.order)

    def decode(self, data: bytes) -> float:
        """Give the value, in the signal's unit, of its registers."""
        raw: float = struct.unpack(FORMATS[self.at.type], arranged(data, self.at.order))[0]
        if self.at.bit is not None:
            raw = int(raw) // 2**self.at.bit % 2**self.at.width
        elif self.at.type.startswith("bcd"):
            digits = f"{int(raw):x}"
            raw = int(digits) if digits.isdecimal() else math.nan
        return raw * self.at.scale + self.at.offset


class Image:
    """One table (holding, input, coil, discrete) of a device model."""

    def __init__(self, profile: Profile, table: str) -> None:
        self.fields: list[Field] = []
        for signal in profile.signals:
            at = signal.modbus
            if at is None or at.table != table:
                continue
            size = 1 if table in BITS else struct.calcsize(FORMATS[at.type]) // 2
            first = profile.modbus_address(at)
            self.fields.append(Field(signal.key, first, size, at, signal.writable))
        self.start = min((field.first for field in self.fields), default=0)
        self.stop = max((field.first + field.size for field in self.fields), default=0)

    def covers(self, first: int, count: int) -> bool:
        return self.start <= first and first + count <= self.stop

    def registers(self, values: Mapping[str, float], first: int, count: int) -> bytes:
        """Give `count` registers from `first`; holes between signals read as zero."""
        data = bytearray(2 * (self.stop - self.start))
        for field in self.fields:
            at = 2 * (field.first - self.start)
            for place, byte in enumerate(field.encode(values[field.signal]), at):
                data[place] |= byte  # signals that are single bits share a register
        from_byte = 2 * (first - self.start)
        return bytes(data[from_byte : from_byte + 2 * count])

    def bits(self, values: Mapping[str, float], first: int, count: int) -> bytes:
        """Give `count` bits from `first`, the first one lowest, as a response has them."""
        packed = 0
        for field in self.fields:
            if first <= field.first < first + count and values[field.signal]:
                packed |= 1 << (field.first - first)
        return packed.to_bytes((count + 7) // 8, "little")

    def written(self, first: int, data: bytes) -> list[tuple[Field, float]] | None:
        """Give what a write of registers sets; None where a signal is cut or cannot be set."""
        count = len(data) // 2
        found = []
        for field in self.fields:
            if field.first + field.size <= first or field.first >= first + count:
                continue
            at = 2 * (field.first - first)
            if field.at.bit is not None and not field.writable:
                continue  # its neighbour in the register may be set
            if not field.writable or at < 0 or at + 2 * field.size > len(data):
                return None
            found.append((field, field.decode(data[at : at + 2 * field.size])))
        return found or None

    def switched(self, first: int, states: Sequence[bool]) -> list[tuple[Field, float]] | None:
        """Give what a write of coils sets; None where one cannot be set."""
        found = [
            (field, float(states[field.first - first]))
            for field in self.fields
            if first <= field.first < first + len(states)
        ]
        if len(found) != len(states) or not all(field.writable for field, _ in found):
            return None
        return found
