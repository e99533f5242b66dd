"""The latest reading of every series, in memory, and whoever wants to see readings as they come."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND
from core.quality import QUARANTINE, REASON, Reason
from core.readings import Readings

EARLIEST = -7 * 86_400 * SECOND  # a time is believed from seven days ago …
LATEST = 600 * SECOND  # … to ten minutes ahead
NEVER = np.iinfo(np.int64).min
GROWTH = 4096

Listener = Callable[[Readings], None]


def is_believed(time: int, now: int) -> bool:
    """Tell whether something live can be of that time. Both in nanoseconds UTC."""
    return now + EARLIEST <= time <= now + LATEST


def misdated(readings: Readings, now: int) -> NDArray[np.bool_]:
    """Mark the rows whose time cannot be right. What was kept, or lost, may be long ago."""
    off: NDArray[np.bool_] = readings.time < now + EARLIEST
    if off.any():
        off &= ~np.isin(readings.quality & REASON, (Reason.ARCHIVE, Reason.DROPPED))
    return off | (readings.time > now + LATEST)


def quarantined(readings: Readings, off: NDArray[np.bool_]) -> Readings:
    """Give the readings with these rows marked as bad, with the time that they came with."""
    marked = np.where(off, np.uint8(QUARANTINE), readings.quality)
    return Readings(readings.signal, readings.time, readings.value, marked, readings.read_at)


class LatestValues:
    """Columns by number of the series; what is late does not replace what is newer.

    listeners get, in the event loop and before any commit, the readings that were new.
    """

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.taken_at: int | None = None  # nanoseconds UTC of the last reading that came
        self._time = np.full(GROWTH, NEVER, np.int64)
        self._shown = np.zeros(GROWTH, np.int64)
        self._value = np.full(GROWTH, np.nan)
        self._quality = np.zeros(GROWTH, np.uint8)

    def take(self, readings: Readings, now: int) -> None:
        """Take readings by series. now: nanoseconds UTC; a time beyond it counts as now."""
        if not len(readings):
            return
        self._make_room(int(readings.signal.max()) + 1)
        self.taken_at = now
        moment = np.minimum(readings.time, now)
        is_new = moment >= self._time[readings.signal]
        new = readings if is_new.all() else readings.take(is_new)
        moment = moment[is_new]
        if not len(new):
            return
        if (np.diff(moment) < 0).any():
            order = np.argsort(moment, kind="stable")
            new, moment = new.take(order), moment[order]
        # Of a series that is there twice, the last assignment stays.
        self._time[new.signal] = moment
        self._shown[new.signal] = new.time
        self._value[new.signal] = new.value
        self._quality[new.signal] = new.quality
        for listener in self.listeners:
            listener(new)

    def latest(self, series: NDArray[np.uint32]) -> Readings:
        """Give the latest reading of those of the series that have one."""
        known = series[series < len(self._time)]
        known = known[self._time[known] != NEVER]
        return Readings.of(known, self._shown[known], self._value[known], self._quality[known], 0)

    def _make_room(self, size: int) -> None:
        if size <= len(self._time):
            return
        more = max(GROWTH, size + size // 4 - len(self._time))
        self._time = np.concatenate([self._time, np.full(more, NEVER, np.int64)])
        self._shown = np.concatenate([self._shown, np.zeros(more, np.int64)])
        self._value = np.concatenate([self._value, np.full(more, np.nan)])
        self._quality = np.concatenate([self._quality, np.zeros(more, np.uint8)])
