"""Readings while they are collected, before numpy makes a block of them."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.quality import BAD, GOOD, Reason, quality
from core.readings import Readings

MALFORMED = quality(BAD, Reason.MALFORMED)


@dataclass(slots=True, eq=False)
class Columns:
    """Rows with their values, and spans of rows that share a time and a quality.

    A row is the position of a point in the connection's points. Times are nanoseconds UTC.
    `once` marks spans whose readings are known by their time: they are taken once.
    """

    rows: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    spoiled: dict[int, int] = field(default_factory=dict)  # quality, by place in `rows`
    once: list[bool] = field(default_factory=list)

    def add(self, row: int, value: float) -> None:
        """Collect a value of the span that `close` ends."""
        self.rows.append(row)
        self.values.append(value)

    def spoil(self, row: int, code: int = MALFORMED) -> None:
        """Collect that a value is not to be had, and why."""
        self.spoiled[len(self.rows)] = code
        self.add(row, math.nan)

    def close(self, began: int, time: int, code: int = GOOD, *, once: bool = False) -> None:
        """Give the rows that were collected since `began` were in it a time and a quality."""
        size = len(self.rows) - began
        if size == 0:
            return
        is_same = bool(self.times) and self.times[-1] == time and self.codes[-1] == code
        if is_same and self.once[-1] is once:
            self.sizes[-1] += size
        else:
            self.sizes.append(size)
            self.times.append(time)
            self.codes.append(code)
            self.once.append(once)


def unscaled(value: float, scale: float, offset: float) -> float:
    """Give the number that a device has for a value in the signal's unit.

    21.7 in tenths is 217, not 216.99999999999997, which a device of whole numbers would refuse.
    """
    raw = (value - offset) / scale
    if math.isfinite(raw) and math.isclose(raw, round(raw), rel_tol=1e-12, abs_tol=1e-12):
        return float(round(raw))
    return raw


class Scaling:
    """Makes blocks of columns: numbers of the points, scale and offset by row."""

    def __init__(self, numbers: list[int], scale: list[float], offset: list[float]) -> None:
        self._numbers = np.array(numbers, np.uint32)
        self._scale = np.array(scale, np.float64)
        self._offset = np.array(offset, np.float64)
        self._last_time = np.full(len(numbers), np.iinfo(np.int64).min, np.int64)
        self._last_value = np.full(len(numbers), np.nan)

    def values(self, found: Columns) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Give rows and their values in the units of the signals."""
        rows = np.array(found.rows, np.intp)
        return rows, np.array(found.values, np.float64) * self._scale[rows] + self._offset[rows]

    def block(
        self, found: Columns, rows: NDArray[np.intp], values: NDArray[np.float64], now: int
    ) -> Readings:
        """Make a block. What was delivered before, with the same time and value, is left out."""
        times = np.repeat(np.array(found.times, np.int64), found.sizes)
        codes = np.repeat(np.array(found.codes, np.uint8), found.sizes)
        for place, code in found.spoiled.items():
            codes[place] = code
        block = Readings(self._numbers[rows], times, values, codes, now)
        if not any(found.once):
            return block
        fresh = self._fresh(rows, times, values) | ~np.repeat(found.once, found.sizes)
        return block if fresh.all() else block.take(fresh)

    def _fresh(
        self, rows: NDArray[np.intp], times: NDArray[np.int64], values: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        order = np.argsort(rows, kind="stable")
        sorted_rows, sorted_times, sorted_values = rows[order], times[order], values[order]
        before_time, before_value = np.roll(sorted_times, 1), np.roll(sorted_values, 1)
        first = np.ones(len(rows), np.bool_)
        first[1:] = sorted_rows[1:] != sorted_rows[:-1]
        before_time[first] = self._last_time[sorted_rows[first]]
        before_value[first] = self._last_value[sorted_rows[first]]
        last = np.roll(first, -1)
        self._last_time[sorted_rows[last]] = sorted_times[last]
        self._last_value[sorted_rows[last]] = sorted_values[last]
        fresh = np.empty(len(rows), np.bool_)
        same = (sorted_values == before_value) | (np.isnan(sorted_values) & np.isnan(before_value))
        fresh[order] = (sorted_times != before_time) | ~same
        return fresh
