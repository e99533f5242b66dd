"""What answers of stores are put together from."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.readings import Readings

NONE = Readings.of([], [], [], [], 0)


def batches(series: NDArray[np.uint32], size: int) -> Iterator[list[int]]:
    """Give the numbers in their order, each once, at most `size` together."""
    numbers = np.unique(series)
    for first in range(0, len(numbers), size):
        yield numbers[first : first + size].tolist()


def one_a_moment(readings: Readings) -> Readings:
    """Sort by series and time; of one moment the last row stays."""
    order = np.lexsort((readings.time, readings.signal))
    signal, time = readings.signal[order], readings.time[order]
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = (signal[1:] != signal[:-1]) | (time[1:] != time[:-1])
    return readings.take(order[is_last])
