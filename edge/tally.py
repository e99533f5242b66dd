"""How many readings of each signal came, how many were bad, and when the last good one did."""

import numpy as np

from core.quality import REASON, Reason, is_bad
from core.readings import Readings


class Tally:
    """Columns by number of the signal. good_at: nanoseconds UTC, by the edge's clock; 0: never."""

    def __init__(self, signals: int) -> None:
        self.readings = np.zeros(signals, np.int64)
        self.bad = np.zeros(signals, np.int64)
        self.good_at = np.zeros(signals, np.int64)

    def note(self, readings: Readings) -> None:
        """Count; what says only that nothing was heard is no reading."""
        signal, codes = readings.signal, readings.quality
        if codes.any():
            reason = codes & REASON
            bad = is_bad(codes)
            told = ~(bad & ((reason == Reason.LOST_LINE) | (reason == Reason.STALE)))
            np.add.at(self.bad, signal[bad & told], 1)
            self.good_at[signal[~bad]] = readings.read_at
            signal = signal[told]
        else:
            self.good_at[signal] = readings.read_at
        if len(signal) > len(
            self.readings
        ):  # a column of counts is cheaper than so many single ones
            self.readings += np.bincount(signal, minlength=len(self.readings))
        else:
            np.add.at(self.readings, signal, 1)
