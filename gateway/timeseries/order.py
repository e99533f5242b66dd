"""Tells which readings follow on what their series had before: of those no moment comes twice."""

import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND
from core.readings import Readings

NEVER = np.iinfo(np.int64).min
GROWTH = 4096
AHEAD = 600 * SECOND  # a reading of later than this is not let shut its series out


class Order:
    """Remembers the newest moment of each series. begins: before it everything is late."""

    def __init__(self) -> None:
        self.begins: int = NEVER
        self._newest = np.full(GROWTH, NEVER, np.int64)

    def learn(self, series: NDArray[np.uint32], newest: NDArray[np.int64]) -> None:
        """Take the newest moment of each series; no series twice."""
        if len(series):
            self._make_room(int(series.max()) + 1)
            self._newest[series] = newest

    def follows(self, rows: Readings, now: int) -> NDArray[np.bool_]:
        """Mark the readings of those series that only have newer ones here than ever before.

        now: nanoseconds UTC. What comes is remembered, marked or not.
        """
        self._make_room(int(rows.signal.max()) + 1)
        # Sorted by series, each one's rows in the order in which they came: several times faster
        # than a stable argsort.
        key = (rows.signal.astype(np.uint64) << np.uint64(32)) | np.arange(len(rows), dtype="u8")
        place = (np.sort(key) & np.uint64(0xFFFF_FFFF)).astype(np.intp)
        series, time = rows.signal[place], rows.time[place]
        is_first = np.ones(len(rows), np.bool_)
        is_first[1:] = series[1:] != series[:-1]
        starts = np.flatnonzero(is_first)
        before = np.empty_like(time)
        before[1:] = time[:-1]
        before[starts] = self._newest[series[starts]]
        is_credible = (time >= self.begins) & (time <= now + AHEAD)
        follows = np.logical_and.reduceat((time > before) & is_credible, starts)
        newest = np.maximum.reduceat(np.where(is_credible, time, NEVER), starts)
        self._newest[series[starts]] = np.maximum(self._newest[series[starts]], newest)
        found = np.empty(len(rows), np.bool_)
        found[place] = np.repeat(follows, np.diff(starts, append=len(rows)))
        return found

    def _make_room(self, size: int) -> None:
        if size > len(self._newest):
            more = max(GROWTH, size + size // 4 - len(self._newest))
            self._newest = np.concatenate([self._newest, np.full(more, NEVER, np.int64)])
