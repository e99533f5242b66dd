"""Registers to values and back. Many values are decoded in one go, with a layout made once."""

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.modbus.address import ModbusAddress

FORMAT = {
    "bit": ">H",
    "u16": ">H",
    "i16": ">h",
    "u32": ">I",
    "i32": ">i",
    "u64": ">Q",
    "i64": ">q",
    "f32": ">f",
    "f64": ">d",
    "bcd16": ">H",
    "bcd32": ">I",
    "bcd64": ">Q",
}  # fmt: skip - a coil or discrete input is kept as a register of 0 or 1
DIGITS = 16  # of the longest packed BCD
HEAD = 8  # bytes before the first register in the memory; they stay zero and pad short values


def places(order: str, size: int) -> list[int]:
    """Tell for each byte of the big-endian value where on the wire it is. Its own inverse."""
    match order:
        case "little":  # DCBA
            return [size - 1 - i for i in range(size)]
        case "big_swapped":  # BADC
            return [i ^ 1 for i in range(size)]
        case "little_swapped":  # CDAB
            return [size - 2 - (i & ~1) + (i & 1) for i in range(size)]
    return list(range(size))  # ABCD


def encode(value: float, address: ModbusAddress, found: bytes = b"") -> bytes:
    """Turn a value in the signal's unit into bytes as they go on the wire.

    found: for a value of single bits, the registers that hold its neighbours.
    Raises ValueError where the type cannot hold it.
    """
    raw = (value - address.offset) / address.scale
    if not math.isfinite(raw):
        raise ValueError(f"{value} is not a number")
    try:
        big = struct.pack(FORMAT[address.type], _word(raw, address, found))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value:.12g} does not fit into {_place(address)}") from error
    return bytes(big[i] for i in places(address.order, len(big)))


def _word(raw: float, address: ModbusAddress, found: bytes) -> float | int:
    """Give what the type packs. OverflowError where it has no room."""
    if address.type in {"f32", "f64"}:
        return raw
    whole = round(raw)
    if address.bit is not None:
        if not 0 <= whole < 1 << address.width:
            raise OverflowError
        mask = (1 << address.width) - 1 << address.bit
        neighbours: int = _unpacked(found, address)
        return neighbours & ~mask | whole << address.bit
    if address.type.startswith("bcd"):
        if not 0 <= whole < 10 ** (4 * address.registers):
            raise OverflowError
        return int(str(whole), 16)
    return whole


def _place(address: ModbusAddress) -> str:
    return address.type if address.bit is None else f"{address.width} bits"


def _unpacked(wire: bytes, address: ModbusAddress) -> Any:
    big = bytes(wire[i] for i in places(address.order, len(wire)))
    return struct.unpack(FORMAT[address.type], big)[0]


def decode(wire: bytes, address: ModbusAddress) -> float:
    """Turn bytes as they are on the wire into a value in the signal's unit; NaN for none."""
    raw = _unpacked(wire, address)
    if address.bit is not None:
        raw = raw >> address.bit & (1 << address.width) - 1
    elif address.type.startswith("bcd"):
        digits = f"{raw:x}"
        raw = int(digits) if digits.isdecimal() else math.nan
    return float(raw * address.scale + address.offset)


class Layout:
    """Where the values of many signals are in one memory of register bytes.

    One row a signal. A decode gathers eight bytes a row into a little-endian word, in the order of
    the row's type, and then converts whole columns: unsigned, signed, f32, f64, BCD, bits.
    """

    def __init__(self, rows: Sequence[tuple[ModbusAddress, int]]) -> None:
        """rows: the address of each signal and the place of its first byte in the memory."""
        self.gather = np.zeros((len(rows), 8), np.intp)
        self.shift = np.zeros(len(rows), np.int64)
        self.scale = np.array([address.scale for address, _ in rows], np.float64)
        self.offset = np.array([address.offset for address, _ in rows], np.float64)
        self.low = np.array([address.bit or 0 for address, _ in rows], np.uint64)
        self.bits = np.array([(1 << address.width) - 1 for address, _ in rows], np.uint64)
        kinds = np.array([_kind(address) for address, _ in rows])
        self.masks = {kind: kinds == kind for kind in ("signed", "f32", "f64", "bcd", "bits")}
        for row, (address, first) in enumerate(rows):
            size = 2 * address.registers
            big = [first + place for place in places(address.order, size)]
            self.gather[row, :size] = big[::-1]
            self.shift[row] = 64 - 8 * size
        self.kinds = [kind for kind, mask in self.masks.items() if mask.any()]
        self.is_scaled = bool((self.scale != 1).any() or self.offset.any())

    def decode(self, memory: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Give the values of the chosen rows, in their units. float64[len(rows)]."""
        words = memory[self.gather[rows]].view("<u8")[:, 0]
        values: NDArray[np.float64] = words.astype(np.float64)
        for kind in self.kinds:
            chosen = np.flatnonzero(self.masks[kind][rows])
            these = words[chosen]
            match kind:
                case "signed":  # the sign is carried down from the top of the word
                    shift = self.shift[rows[chosen]]
                    values[chosen] = (these.view("<i8") << shift) >> shift
                case "f32":
                    values[chosen] = these.astype("<u4").view("<f4")
                case "f64":
                    values[chosen] = these.view("<f8")
                case "bcd":
                    values[chosen] = _decimal(these)
                case "bits":
                    at = rows[chosen]
                    values[chosen] = these >> self.low[at] & self.bits[at]
        if self.is_scaled:
            values = values * self.scale[rows] + self.offset[rows]
        return values


def _kind(address: ModbusAddress) -> str:
    """Tell how a row's word becomes a number; unsigned ones need nothing more."""
    if address.bit is not None:
        return "bits"
    if address.type in {"f32", "f64"}:
        return address.type
    if address.type.startswith("bcd"):
        return "bcd"
    return "signed" if address.type.startswith("i") else "unsigned"


def _decimal(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Read four bits a digit, the lowest last; NaN where one of them is no digit."""
    total = np.zeros(len(words), np.uint64)
    is_wrong = np.zeros(len(words), np.bool_)
    for place in range(DIGITS):
        digit = words >> np.uint64(4 * place) & np.uint64(15)
        is_wrong |= digit > 9
        total += digit * np.uint64(10**place)
    return np.where(is_wrong, np.nan, total.astype(np.float64))
