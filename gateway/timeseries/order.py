"""Tells which readings follow on what their series had before: of those no moment comes twice."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND
from core.readings import Readings

NEVER = np.iinfo(np.int64).min
GROWTH = 4096
SHORT = 200  # readings; runs that are shorter on the average are slower than sorting
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
        """Mark readings that are newer than all that their series had before.

        Of a series that has others here too, some that are newer may stay unmarked. now:
        nanoseconds UTC. What comes is remembered, marked or not.
        """
        self._make_room(int(rows.signal.max()) + 1)
        starts = _runs(rows)
        if len(starts) * SHORT > len(rows):
            return self._sorted_out(rows.signal, rows.time, now)
        found = np.ones(len(rows), np.bool_)
        for start, end in pairwise([*starts.tolist(), len(rows)]):
            if not self._continues(rows.signal[start:end], rows.time[start:end], now):
                found[start:] = self._sorted_out(rows.signal[start:], rows.time[start:], now)
                break
        return found

    def _continues(self, series: NDArray[np.uint32], time: NDArray[np.int64], now: int) -> bool:
        """Tell whether all of a run is newer than before, and remember it then."""
        if time[0] < self.begins or time[-1] > now + AHEAD:
            return False
        if not (time > self._newest[series]).all():
            return False
        self._newest[series] = time  # of a series that is there twice, the last one stays
        return True

    def _sorted_out(
        self, signal: NDArray[np.uint32], time: NDArray[np.int64], now: int
    ) -> NDArray[np.bool_]:
        """Mark the readings of those series that only have newer ones here than ever before."""
        # Sorted by series, each one's rows in the order in which they came: several times faster
        # than a stable argsort.
        key = (signal.astype(np.uint64) << np.uint64(32)) | np.arange(len(signal), dtype="u8")
        place = (np.sort(key) & np.uint64(0xFFFF_FFFF)).astype(np.intp)
        series, time = signal[place], time[place]
        is_first = np.ones(len(series), np.bool_)
        is_first[1:] = series[1:] != series[:-1]
        starts = np.flatnonzero(is_first)
        before = np.empty_like(time)
        before[1:] = time[:-1]
        before[starts] = self._newest[series[starts]]
        is_credible = (time >= self.begins) & (time <= now + AHEAD)
        follows = np.logical_and.reduceat((time > before) & is_credible, starts)
        newest = np.maximum.reduceat(np.where(is_credible, time, NEVER), starts)
        self._newest[series[starts]] = np.maximum(self._newest[series[starts]], newest)
        found = np.empty(len(series), np.bool_)
        found[place] = np.repeat(follows, np.diff(starts, append=len(series)))
        return found

    def _make_room(self, size: int) -> None:
        if size > len(self._newest):
            more = max(GROWTH, size + size // 4 - len(self._newest))
            self._newest = np.concatenate([self._newest, np.full(more, NEVER, np.int64)])


def _runs(rows: Readings) -> NDArray[np.intp]:
    """Give where runs begin in which time grows, or the series where the time is the same.

    Of those no series has a moment twice, and the last of its readings is its newest.
    """
    step = np.diff(rows.time)
    is_broken = (step < 0) | ((step == 0) & (rows.signal[1:] <= rows.signal[:-1]))
    return np.concatenate(([0], np.flatnonzero(is_broken) + 1))
