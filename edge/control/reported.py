"""What every signal said last, for whoever compares it with what it should say."""

import numpy as np

from core.quality import is_bad
from core.readings import Readings


class Reported:
    """Columns by number of the signal. NaN: not known, or not to be believed."""

    def __init__(self, signals: int) -> None:
        self._value = np.full(signals, np.nan)

    def note(self, readings: Readings) -> None:
        """Take readings in their order; the last of a signal counts."""
        self._value[readings.signal] = np.where(is_bad(readings.quality), np.nan, readings.value)

    def value(self, number: int) -> float:
        return float(self._value[number])
