"""Report by exception: what changed by more than its deadband, what got another quality, and what
has not been reported for long."""

import numpy as np
from numpy.typing import NDArray

from core.quality import is_bad
from core.readings import Readings
from core.rounds import rounds


class Report:
    """Remembers what was reported last. Columns are by number of the signal.

    deadbands: in the signal's unit. every_s: seconds after which a value is reported unchanged.
    """

    def __init__(self, deadbands: NDArray[np.float64], every_s: NDArray[np.float64]) -> None:
        self._deadbands = deadbands
        self._every = every_s
        self._value = np.full(len(deadbands), np.nan)
        self._quality = np.full(len(deadbands), 255, np.uint8)  # no quality: nothing reported yet
        self._at = np.full(len(deadbands), -np.inf)

    def select(self, readings: Readings, now: float) -> NDArray[np.intp]:
        """Choose the rows to report, in their order. now: monotonic seconds."""
        chosen = [
            rows[
                self._news(readings.signal[rows], readings.value[rows], readings.quality[rows], now)
            ]
            for rows in rounds(readings.signal)
        ]
        if not chosen:
            return np.empty(0, np.intp)
        return chosen[0] if len(chosen) == 1 else np.sort(np.concatenate(chosen))

    def _news(
        self,
        signal: NDArray[np.uint32],
        value: NDArray[np.float64],
        quality: NDArray[np.uint8],
        now: float,
    ) -> NDArray[np.bool_]:
        """Mark the news among readings of different signals, and take them as reported."""
        # What a bad reading says of the value is no news.
        still = np.abs(value - self._value[signal]) <= self._deadbands[signal]
        news: NDArray[np.bool_] = ~(still | is_bad(quality))
        news |= quality != self._quality[signal]
        news |= now - self._at[signal] >= self._every[signal]
        told = signal[news]
        self._value[told] = value[news]
        self._quality[told] = quality[news]
        self._at[told] = now
        return news
