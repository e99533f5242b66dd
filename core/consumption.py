"""What was taken between two moments, by what counters showed.

A counter only goes up, until it rolls over, loses its memory or is replaced. From its samples comes
a curve of what was taken in all; a period is the difference of two points of it, so that the days
of a month always make the month. What cannot be true counts nothing and is named, for a person to
judge: no bill is written on a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND

HOUR = 3600 * SECOND
LONG = 2 * HOUR  # samples further apart leave a gap
NEVER = np.iinfo(np.int64).max // 2  # from 1823 to 2116; their distance still fits


class Break(StrEnum):
    ROLL_OVER = "roll_over"  # counted through
    RESET = "reset"  # it went back: what was taken meanwhile is not known
    JUMP = "jump"  # more than can be taken: not counted
    REPLACEMENT = "replacement"  # between the last of the old and the first of the new: not counted


@dataclass(frozen=True, slots=True)
class Broken:
    """at: nanoseconds UTC, of the first sample after it. before, after: what was shown."""

    kind: Break
    at: int
    before: float
    after: float


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What one counter showed, n of them, in one unit.

    time: int64[n], nanoseconds UTC, never falling. value: float64[n]. manual: bool[n], read by a
    person.
    """

    time: NDArray[np.int64]
    value: NDArray[np.float64]
    manual: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What was taken in all since the first of n samples, a straight line between two of them.

    time: int64[n]. total: float64[n], never falling. manual: bool[n-1], the part has a person's
    reading at one of its ends. breaks: what was found, by time.
    """

    time: NDArray[np.int64]
    total: NDArray[np.float64]
    manual: NDArray[np.bool_]
    breaks: tuple[Broken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """What was taken in each of m steps.

    amount: float64[m], NaN where nothing is known. manual, estimated: float64[m], how much of it
    rests on a person's readings, and how much was shared out over a gap that reaches into the
    next or the former step. is_whole: bool[m], the samples reach over all of the step, but for two
    hours at either end.
    """

    amount: NDArray[np.float64]
    manual: NDArray[np.float64]
    estimated: NDArray[np.float64]
    is_whole: NDArray[np.bool_]


class How(StrEnum):
    READ = "read"
    MANUAL = "manual"
    ESTIMATED = "estimated"  # between the samples before and after
    OLD = "old"  # the last one that there is


@dataclass(frozen=True, slots=True)
class Shown:
    """What a counter showed at a moment. at: of the sample that it rests on, nanoseconds UTC."""

    value: float
    at: int
    how: How


def with_manual(
    telemetry: Samples, manual: Samples, rolls_over_at: float | None
) -> tuple[Samples, Samples]:
    """Let a person's readings stand where the counter itself is silent, and nowhere else.

    Gives all samples, and those of the person's that contradict what the counter said afterwards
    or before. A reading is cut to whole units, as people read, so that it may lie below the one
    before it by less than one.
    """
    time, value = telemetry.time, telemetry.value
    after = np.searchsorted(time, manual.time)
    # Beyond both ends stand a time long ago, one far ahead, and values that contradict nothing.
    times = np.concatenate([[-NEVER], time, [NEVER]])
    values = np.concatenate([[-np.inf], value, [np.inf]])
    low, high = values[after], values[after + 1]
    silent = times[after + 1] - times[after] > LONG
    rolled = np.zeros(len(manual), bool)
    if rolls_over_at is not None:
        rolled = has_rolled(manual.value - low, rolls_over_at)
    fits = ((manual.value > low - 1) | rolled) & ((manual.value <= high) | (high < low))
    taken = silent & fits
    joined = np.concatenate([time, manual.time[taken]])
    order = np.argsort(joined, kind="stable")
    shown = np.concatenate(
        [value, np.where(rolled, manual.value, np.maximum(manual.value, low))[taken]]
    )
    marks = np.concatenate([telemetry.manual, np.ones(int(taken.sum()), bool)])
    wrong = ~fits & silent
    return (
        Samples(joined[order], shown[order], marks[order]),
        Samples(manual.time[wrong], manual.value[wrong], manual.manual[wrong]),
    )


def curve_of(
    counters: Sequence[Samples], rolls_over_at: Sequence[float | None], most_per_hour: float
) -> Curve:
    """Join what the counters of one asset showed, in the order in which they served it.

    rolls_over_at: by counter, the value at which it begins anew at 0, in the unit of its samples.
    most_per_hour: in the same unit; what would be more was not taken.
    """
    times, parts, marks, breaks = [], [], [], list[Broken]()
    former: tuple[int, float] | None = None
    for samples, limit in zip(counters, rolls_over_at, strict=True):
        if not len(samples):
            continue
        clean = _without_dips(samples, most_per_hour)
        if former is not None:
            at, before = int(clean.time[0]), former[1]
            breaks.append(Broken(Break.REPLACEMENT, at, before, float(clean.value[0])))
            parts.append(np.zeros(1))
            marks.append(np.zeros(1, bool))
        taken, found = _taken(clean, limit, most_per_hour)
        times.append(clean.time)
        parts.append(taken)
        marks.append(clean.manual[:-1] | clean.manual[1:])
        breaks.extend(found)
        former = int(clean.time[-1]), float(clean.value[-1])
    if not times:
        return Curve(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), ())
    total = np.concatenate([np.zeros(1), np.cumsum(np.concatenate(parts))])
    return Curve(np.concatenate(times), total, np.concatenate(marks), tuple(breaks))


def amounts(curve: Curve, bounds: NDArray[np.int64]) -> Amounts:
    """Give what was taken between each two of the bounds (int64[m+1], rising, nanoseconds UTC)."""
    steps = len(bounds) - 1
    if len(curve.time) < 2:
        nothing = np.zeros(steps)
        return Amounts(np.full(steps, np.nan), nothing, nothing, np.zeros(steps, bool))
    first, last = curve.time[0], curve.time[-1]
    inside = np.clip(bounds, first, last)
    known = np.diff(inside) > 0
    taken = np.diff(curve.total)
    crossed = np.searchsorted(bounds, curve.time[1:]) > np.searchsorted(
        bounds, curve.time[:-1], side="right"
    )
    shared = crossed & (np.diff(curve.time) > LONG)

    def within(parts: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.concatenate([np.zeros(1), np.cumsum(parts)])
        return np.diff(_along(inside, curve.time, total))

    return Amounts(
        np.where(known, np.diff(_along(inside, curve.time, curve.total)), np.nan),
        within(np.where(curve.manual, taken, 0.0)),
        within(np.where(shared, taken, 0.0)),
        (bounds[:-1] >= first - LONG) & (bounds[1:] <= last + LONG),
    )


def shown_at(samples: Samples, at: int, rolls_over_at: float | None) -> Shown | None:
    """Give what one counter showed at a moment; None before its first sample."""
    after = int(np.searchsorted(samples.time, at, side="right"))
    if after == 0:
        return None
    time, value = int(samples.time[after - 1]), float(samples.value[after - 1])
    if at - time <= HOUR:
        how = How.MANUAL if samples.manual[after - 1] else How.READ
        return Shown(value, time, how)
    if after == len(samples):
        return Shown(value, time, How.OLD)
    growth = float(samples.value[after]) - value
    if rolls_over_at is not None:
        growth += rolls_over_at * float(has_rolled(np.float64(growth), rolls_over_at))
    share = (at - time) / (int(samples.time[after]) - time)
    between = value + max(0.0, growth) * share
    if rolls_over_at is not None:
        between %= rolls_over_at
    return Shown(between, time, How.ESTIMATED)


def has_rolled(growth: NDArray[np.float64] | np.float64, rolls_over_at: float) -> NDArray[np.bool_]:
    """Mark where a counter went over its end rather than back: that way is the shorter one.

    From 99 990 to 5 it went on, from 5 000 to 0 it did not.
    """
    return np.asarray((growth < 0) & (growth + rolls_over_at <= rolls_over_at / 2))


def _taken(
    samples: Samples, rolls_over_at: float | None, most_per_hour: float
) -> tuple[NDArray[np.float64], list[Broken]]:
    """Give what was taken between each two samples, and what was strange."""
    taken = np.diff(samples.value)
    fell = taken < 0
    rolled = np.zeros(len(taken), bool)
    if rolls_over_at is not None:
        rolled = has_rolled(taken, rolls_over_at)
        taken[rolled] += rolls_over_at
    hours = np.maximum(np.diff(samples.time) / HOUR, 1.0)
    read_by_people = samples.manual[:-1] | samples.manual[1:]  # who confirmed what is too much
    jumped = (taken > most_per_hour * hours) & ~read_by_people
    reset = fell & ~rolled
    taken[jumped | reset] = 0.0
    found = []
    for row in np.flatnonzero(fell | jumped).tolist():
        kind = Break.JUMP if jumped[row] else Break.ROLL_OVER if rolled[row] else Break.RESET
        before, after = samples.value[row : row + 2].tolist()
        found.append(Broken(kind, int(samples.time[row + 1]), before, after))
    return taken, found


def _without_dips(samples: Samples, most_per_hour: float) -> Samples:
    """Leave out single samples from which the next one comes back to where the former one was.

    Back faster than anything can be taken: a counter that lost its memory would go up slowly.
    """
    value = samples.value
    if len(value) < 3:
        return samples
    most = most_per_hour * np.maximum(np.diff(samples.time[1:]) / HOUR, 1.0)
    dip = np.zeros(len(value), bool)
    fell, is_back = value[1:-1] < value[:-2], value[2:] >= value[:-2]
    dip[1:-1] = fell & is_back & (np.diff(value[1:]) > most)
    return Samples(samples.time[~dip], value[~dip], samples.manual[~dip])


def _along(
    at: NDArray[np.int64], time: NDArray[np.int64], total: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate; from the first sample on, for float64 does not tell nanoseconds since 1970."""
    begin = time[0]
    found: NDArray[np.float64] = np.interp(
        (at - begin).astype(np.float64), (time - begin).astype(np.float64), total
    )
    return found
