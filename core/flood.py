"""More alarms than a person can read: when such a flood began and ended, by EEMUA 191."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

WINDOW = timedelta(minutes=10)
STARTS_ABOVE, ENDS_BELOW = 10, 5  # alarms in ten minutes of one console


@dataclass(frozen=True, slots=True)
class Flood:
    """began, ended: seconds UTC; ended is None while it lasts."""

    began: int
    ended: int | None

    def seconds_within(self, since: int, until: int) -> int:
        """Give how much of a period it took."""
        ended = until if self.ended is None else min(self.ended, until)
        return max(0, ended - max(self.began, since))


def floods(told: NDArray[np.int64], now: int) -> list[Flood]:
    """Find the floods of a console up to now.

    told: int64[n], ascending; when people were told of each alarm, seconds UTC.
    """
    window = int(WINDOW.total_seconds())
    begins = told[STARTS_ABOVE:][told[STARTS_ABOVE:] - told[:-STARTS_ABOVE] < window]
    # An alarm leaves the window behind it: calm, if too few came after it until then.
    last_of_few = np.full(len(told), np.iinfo(np.int64).max)
    last_of_few[:-ENDS_BELOW] = told[ENDS_BELOW:]
    ends = told[last_of_few - told > window] + window
    found: list[Flood] = []
    at = 0
    while at < len(begins):
        began = int(begins[at])
        after = ends[np.searchsorted(ends, began, side="right") :]
        if not len(after) or after[0] > now:
            return [*found, Flood(began, None)]
        found.append(Flood(began, int(after[0])))
        at = int(np.searchsorted(begins, after[0], side="left"))
    return found


def counted(told: NDArray[np.int64], now: int) -> int:
    """Count the alarms of the last ten minutes."""
    window = int(WINDOW.total_seconds())
    return int(len(told) - np.searchsorted(told, now - window, side="right"))
