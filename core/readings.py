"""Readings flow in blocks: one array a column, one row a reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

COLUMNS: dict[str, np.dtype[Any]] = {
    "signal": np.dtype("<u4"),
    "time": np.dtype("<i8"),
    "value": np.dtype("<f8"),
    "quality": np.dtype("u1"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """A block of n readings, in the order in which they were taken.

    signal: uint32[n], the number that the edge gave the point in this epoch (in the gateway: the
    permanent number of the series). time: int64[n], nanoseconds UTC, the source's where it gives
    one, otherwise the edge's. value: float64[n], in the unit of the signal; NaN where quality is
    bad and nothing is known. quality: uint8[n], see core.quality. read_at: nanoseconds UTC, when
    the edge took the block in, by its clock.
    """

    signal: NDArray[np.uint32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    read_at: int

    def __post_init__(self) -> None:
        rows = len(self.signal)
        for name, dtype in COLUMNS.items():
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != (rows,):
                raise ValueError(
                    f"readings: column {name} is {column.dtype}{list(column.shape)}, "
                    f"wanted {dtype}[{rows}]"
                )

    def __len__(self) -> int:
        return len(self.signal)

    @classmethod
    def of(
        cls, signal: ArrayLike, time: ArrayLike, value: ArrayLike, quality: ArrayLike, read_at: int
    ) -> Self:
        """Build a block from anything numpy understands; scalars spread over the signals."""
        numbers = np.atleast_1d(np.asarray(signal, COLUMNS["signal"]))

        def column(given: ArrayLike, name: str) -> NDArray[Any]:
            array = np.asarray(given, COLUMNS[name])
            return np.full(len(numbers), array) if array.ndim == 0 else array

        return cls(
            numbers,
            column(time, "time"),
            column(value, "value"),
            column(quality, "quality"),
            read_at,
        )

    @classmethod
    def concat(cls, blocks: Sequence[Self]) -> Self:
        """Join blocks in their order; `read_at` is that of the earliest."""
        if len(blocks) == 1:
            return blocks[0]
        return cls(
            np.concatenate([block.signal for block in blocks]),
            np.concatenate([block.time for block in blocks]),
            np.concatenate([block.value for block in blocks]),
            np.concatenate([block.quality for block in blocks]),
            min(block.read_at for block in blocks),
        )

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Readings":
        """Give the chosen rows. rows: bool[n] or row numbers."""
        return Readings(
            self.signal[rows], self.time[rows], self.value[rows], self.quality[rows], self.read_at
        )
