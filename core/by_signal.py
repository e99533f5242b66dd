"""Which rules or conditions look at a signal."""

import numpy as np
from numpy.typing import NDArray


class BySignal:
    """Which of some rules look at a signal: the rules sorted by signal, and where each begins."""

    def __init__(self, signal: NDArray[np.int64], rules: NDArray[np.intp]) -> None:
        self._rules = rules[np.argsort(signal[rules], kind="stable")]
        counts = np.bincount(signal[rules]) if len(rules) else np.zeros(0, np.int64)
        self._count = np.append(counts, 0)  # the last stands for every signal beyond
        self._start = np.cumsum(self._count) - self._count
        self._most = int(self._count.max())

    def rows(self, signal: NDArray[np.uint32]) -> NDArray[np.intp]:
        """Give the rows whose signal has a rule."""
        if not self._most:
            return np.empty(0, np.intp)
        return np.flatnonzero(self._count[np.minimum(signal, len(self._count) - 1)])

    def spread(
        self, signal: NDArray[np.uint32], rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pair rows with rules: a row as often as its signal has rules."""
        numbers = signal[rows]
        first = self._start[numbers]
        if self._most == 1:
            return rows, self._rules[first]
        counts = self._count[numbers]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(rows, counts), self._rules[np.repeat(first, counts) + within]
