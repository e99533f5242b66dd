"""Readings as they came off the wire, decoded only when a tick has gathered them.

numpy costs per call, not per value: one decode for what a hundred devices have answered takes
little more than one for a single device.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.quality import BAD, Reason, quality
from core.readings import Readings

NO_NUMBER = quality(BAD, Reason.DEVICE_FAILURE)


class Layout(Protocol):
    """Where n values are in an answer. One object for all answers that look the same."""

    def decode(self, payloads: Sequence[bytes]) -> NDArray[np.float64]:
        """Give the values of k answers, float64[k, n], in the units of their signals."""
        ...

    def pieces(self, payload: bytes) -> list[bytes]:
        """Give what each of the n values was read from, as it came on the wire."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """One answer. signal: uint32[n], as in Readings. time: nanoseconds UTC. code: quality of all
    of them; where it is not good, the payload counts for nothing but has its full length."""

    layout: Layout
    signal: NDArray[np.uint32]
    payload: bytes
    time: int
    code: int

    def __len__(self) -> int:
        return len(self.signal)


def decoded(answers: Sequence[Raw]) -> Readings:
    """Turn answers, at least one, into one block; those of a signal stay in their order.

    What is no finite number is bad: the device itself says that it has no value.
    """
    groups: dict[int, list[Raw]] = {}
    for answer in answers:
        groups.setdefault(id(answer.layout), []).append(answer)
    return Readings.concat([_block(group) for group in groups.values()])


def _block(answers: Sequence[Raw]) -> Readings:
    values = answers[0].layout.decode([each.payload for each in answers]).ravel()
    width = len(answers[0])
    times = np.array([each.time for each in answers], np.int64)
    codes = np.repeat(np.array([each.code for each in answers], np.uint8), width)
    no_number = ~np.isfinite(values)
    if no_number.any():
        values[no_number] = np.nan
        codes[no_number & (codes == 0)] = NO_NUMBER
    if codes.any():
        values[codes != 0] = np.nan
    signal = np.concatenate([each.signal for each in answers])
    return Readings(signal, np.repeat(times, width), values, codes, answers[0].time)
