"""Registers to values and back. Many answers are decoded in one go, with a layout made once."""

import math
import struct
from collections.abc import Sequence
from functools import lru_cache
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
    """Where the values of many signals are in the bytes of one answer.

    Values of one type are gathered together, each byte where its order has it, and converted as
    whole columns of all answers.
    """

    def __init__(self, rows: Sequence[tuple[ModbusAddress, int]]) -> None:
        """rows: the address of each signal and the place of its first byte in an answer."""
        self.width = len(rows)
        self._places = [(first, first + 2 * address.registers) for address, first in rows]
        self.scale = np.array([address.scale for address, _ in rows], np.float64)
        self.offset = np.array([address.offset for address, _ in rows], np.float64)
        self.is_scaled = bool((self.scale != 1).any() or self.offset.any())
        alike: dict[tuple[str, bool], list[int]] = {}
        for row, (address, _) in enumerate(rows):
            alike.setdefault((address.type, address.bit is not None), []).append(row)
        self.parts = [
            _Part(kind, is_bits, chosen, [rows[row] for row in chosen])
            for (kind, is_bits), chosen in alike.items()
        ]

    def decode(self, payloads: Sequence[bytes]) -> NDArray[np.float64]:
        """Give the values of k answers, float64[k, n], in their units."""
        answers = np.frombuffer(b"".join(payloads), np.uint8).reshape(len(payloads), -1)
        values = np.empty((len(payloads), self.width))
        for part in self.parts:
            part.decode(answers, values)
        if self.is_scaled:
            values *= self.scale
            values += self.offset
        return values

    def pieces(self, payload: bytes) -> list[bytes]:
        """Give the registers of each value, as they came on the wire."""
        return [payload[first:stop] for first, stop in self._places]


class _Part:
    """The signals of one type in a layout. columns: theirs among the values."""

    def __init__(
        self,
        kind: str,
        is_bits: bool,
        columns: Sequence[int],
        rows: Sequence[tuple[ModbusAddress, int]],
    ) -> None:
        form = FORMAT[kind]
        self.dtype = np.dtype(f"<{form[1]}" if form[1] in "fd" else form.replace(">", "<"))
        self.is_decimal = kind.startswith("bcd")
        self.is_bits = is_bits
        self.columns = columns if len(columns) < columns[-1] - columns[0] + 1 else None
        self.span = slice(columns[0], columns[-1] + 1)
        self.low = np.array([address.bit or 0 for address, _ in rows], self.dtype)
        self.mask = np.array([(1 << address.width) - 1 for address, _ in rows], np.uint64)
        size = self.dtype.itemsize
        self.gather = np.array(
            [
                first + place
                for address, first in rows
                for place in places(address.order, size)[::-1]
            ],
            np.intp,
        )  # fmt: skip

    def decode(self, answers: NDArray[np.uint8], values: NDArray[np.float64]) -> None:
        words = answers.take(self.gather, axis=1).view(self.dtype)
        if self.is_bits:
            words = words >> self.low & self.mask
        found = _decimal(words) if self.is_decimal else words
        if self.columns is None:
            values[:, self.span] = found
        else:
            values[:, self.columns] = found


@lru_cache(maxsize=4096)
def layout_of(rows: tuple[tuple[ModbusAddress, int], ...]) -> Layout:
    """Give the same layout for answers that look the same, so that they are decoded together."""
    return Layout(rows)


def _decimal(words: NDArray[Any]) -> NDArray[np.float64]:
    """Read four bits a digit, the lowest last; NaN where one of them is no digit."""
    total = np.zeros(words.shape, np.uint64)
    is_wrong = np.zeros(words.shape, np.bool_)
    for place in range(2 * words.dtype.itemsize):
        digit = words.astype(np.uint64) >> np.uint64(4 * place) & np.uint64(15)
        is_wrong |= digit > 9
        total += digit * np.uint64(10**place)
    return np.where(is_wrong, np.nan, total.astype(np.float64))
