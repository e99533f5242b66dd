"""Registers to values and back. Many values are decoded in one go, with a layout made once."""

import math
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adapters.profile import ModbusAddress

WIDTH = {
    "bit": 1,
    "u16": 1,
    "i16": 1,
    "u32": 2,
    "i32": 2,
    "u64": 4,
    "i64": 4,
    "f32": 2,
    "f64": 4,
}  # fmt: skip - registers a type takes; a coil or discrete input is kept as a register of 0 or 1
FORMAT = {
    "bit": ">H", "u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q",
    "f32": ">f", "f64": ">d",
}  # fmt: skip
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


def encode(value: float, address: ModbusAddress) -> bytes:
    """Turn a value in the signal's unit into bytes as they go on the wire.

    Raises ValueError where the type cannot hold it.
    """
    raw = (value - address.offset) / address.scale
    if not math.isfinite(raw):
        raise ValueError(f"{value} is not a number")
    try:
        big = struct.pack(
            FORMAT[address.type], raw if address.type in {"f32", "f64"} else round(raw)
        )
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value} does not fit into {address.type}") from error
    return bytes(big[i] for i in places(address.order, len(big)))


def decode(wire: bytes, address: ModbusAddress) -> float:
    """Turn bytes as they are on the wire into a value in the signal's unit."""
    big = bytes(wire[i] for i in places(address.order, len(wire)))
    (raw,) = struct.unpack(FORMAT[address.type], big)
    return float(raw * address.scale + address.offset)


class Layout:
    """Where the values of many signals are in one memory of register bytes.

    One row a signal. A decode gathers eight bytes a row into a little-endian word, in the order of
    the row's type, and then converts whole columns: unsigned, signed, f32, f64.
    """

    def __init__(self, rows: Sequence[tuple[ModbusAddress, int]]) -> None:
        """rows: the address of each signal and the place of its first byte in the memory."""
        self.gather = np.zeros((len(rows), 8), np.intp)
        self.shift = np.zeros(len(rows), np.int64)
        self.scale = np.array([address.scale for address, _ in rows], np.float64)
        self.offset = np.array([address.offset for address, _ in rows], np.float64)
        types = [address.type for address, _ in rows]
        self.masks = {
            kind: np.array([each[0] == kind if kind == "i" else each == kind for each in types])
            for kind in ("i", "f32", "f64")
        }
        for row, (address, first) in enumerate(rows):
            size = 2 * WIDTH[address.type]
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
                case "i":  # the sign is carried down from the top of the word
                    shift = self.shift[rows[chosen]]
                    values[chosen] = (these.view("<i8") << shift) >> shift
                case "f32":
                    values[chosen] = these.astype("<u4").view("<f4")
                case "f64":
                    values[chosen] = these.view("<f8")
        if self.is_scaled:
            values = values * self.scale[rows] + self.offset[rows]
        return values
