"""Several samples of one signal in one block must be judged in their order, yet without a loop a
sample: round k holds the k-th sample of every signal."""

import numpy as np
from numpy.typing import NDArray


def rounds(signal: NDArray[np.uint32]) -> list[NDArray[np.intp]]:
    """Split the rows of a block into rounds, in each of which every signal appears at most once.

    signal: uint32[n], dense small numbers. Returns row numbers by round, ascending in each; the
    rounds in order keep the order of the samples of every signal.
    """
    rows = np.arange(len(signal))
    if not len(rows):
        return []
    latest = np.empty(int(signal.max()) + 1, np.intp)
    latest[signal] = rows
    if (latest[signal] == rows).all():
        return [rows]
    order = np.argsort(signal, kind="stable")
    ordered = signal[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    lengths = np.diff(np.append(starts, len(order)))
    turn = np.empty(len(order), np.intp)
    turn[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    by_turn = np.argsort(turn, kind="stable")
    return np.split(by_turn, np.cumsum(np.bincount(turn))[:-1])
