"""How good the alarms of a console are: figures of a period beside the target and limit of each.

Source of targets and limits: EEMUA 191 and ISA-18.2, as control rooms quote them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.alarm import Severity
from core.flood import Flood

TEN_MINUTES, HOUR, DAY = 600, 3600, 86_400  # seconds
MANY = 10  # alarms in ten minutes
STALE_AFTER = DAY
FREQUENT = 10  # of the most frequent conditions


class Verdict(StrEnum):
    """Where a figure stands; what has no target is not judged."""

    GOOD = "good"
    OVER_TARGET = "over_target"
    OVER_LIMIT = "over_limit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Figure:
    """unit: UCUM; "1" for counts. least: the target is a floor, not a ceiling."""

    name: str
    value: float
    unit: str
    target: float | None
    limit: float | None
    least: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.target is None:
            return Verdict.NONE
        sign = -1 if self.least else 1
        if sign * self.value <= sign * self.target:
            return Verdict.GOOD
        if self.limit is not None and sign * self.value > sign * self.limit:
            return Verdict.OVER_LIMIT
        return Verdict.OVER_TARGET


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Period:
    """What was told in a period of one console; times are seconds UTC.

    told: int64[n], ascending, of each alarm that people were told of. floods: those that touch the
    period. severities: how many alarms of each. frequent: how often each of the most frequent
    conditions was told, the first first. chattering, fleeting: how many alarms were so.
    stale_from, stale_to: int64[n], from when to when each alarm was active for over a day.
    """

    since: int
    until: int
    told: NDArray[np.int64]
    floods: Sequence[Flood]
    severities: Mapping[Severity, int]
    frequent: Sequence[int]
    chattering: int
    fleeting: int
    stale_from: NDArray[np.int64]
    stale_to: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayFigures:
    """day: when it begins, seconds UTC. alarms, stale: how many; flood_s: seconds in flood."""

    day: int
    alarms: int
    flood_s: int
    stale: int


def figures(period: Period) -> list[Figure]:
    """Give every figure of a period, in the order in which they are shown."""
    length = max(period.until - period.since, 1)
    count = len(period.told)
    most = max((each.stale for each in by_day(period)), default=0)
    in_flood = sum(one.seconds_within(period.since, period.until) for one in period.floods)
    rows = [
        Figure("per_10_minutes", count * TEN_MINUTES / length, "1", 1, 2),
        Figure("per_hour", count * HOUR / length, "1", 6, 12),
        Figure("per_day", count * DAY / length, "1", 150, 300),
        Figure("busy_share", 100 * _busy_share(period), "%", 1, None),
        Figure("flood_share", 100 * in_flood / length, "%", 1, None),
        Figure("floods", len(period.floods), "1", None, None),
        Figure("frequent_share", _percent(sum(period.frequent[:FREQUENT]), count), "%", 1, 5),
        Figure("chattering", period.chattering, "1", 0, None),
        Figure("fleeting", period.fleeting, "1", 0, None),
        Figure("stale", most, "1", 4, None),  # below five on any day
    ]
    shares = {each: _percent(period.severities.get(each, 0), count) for each in Severity}
    if not count:
        return rows
    return [
        *rows,
        Figure("low_share", shares[Severity.LOW], "%", 80, None, least=True),
        Figure("medium_share", shares[Severity.MEDIUM], "%", 15, None),
        Figure("high_share", shares[Severity.HIGH], "%", 5, None),
        Figure("critical_share", shares[Severity.CRITICAL], "%", 1, None),
    ]


def by_day(period: Period) -> list[DayFigures]:
    """Give each day (UTC) that the period touches."""
    first = period.since - period.since % DAY
    edges = np.arange(first, max(period.until, first + 1) + DAY, DAY)
    alarms = np.histogram(period.told, edges)[0]
    begun = np.searchsorted(np.sort(period.stale_from), edges[1:], side="left")
    over = np.searchsorted(np.sort(period.stale_to), edges[:-1], side="left")
    return [
        DayFigures(
            day=int(day),
            alarms=int(alarms[at]),
            flood_s=_flood_s(period, int(day), int(edges[at + 1])),
            stale=int(begun[at] - over[at]),
        )
        for at, day in enumerate(edges[:-1])
        if day < period.until
    ]


def _flood_s(period: Period, day: int, next_day: int) -> int:
    """Give the seconds of a day, as far as the period goes, that were in flood."""
    since, until = max(day, period.since), min(next_day, period.until)
    return sum(one.seconds_within(since, until) for one in period.floods)


def _busy_share(period: Period) -> float:
    """Give which share of the periods of ten minutes had more than ten alarms."""
    spans = max(1, -(-(period.until - period.since) // TEN_MINUTES))
    counts = np.bincount((period.told - period.since) // TEN_MINUTES, minlength=spans)
    return float((counts > MANY).sum() / spans)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
