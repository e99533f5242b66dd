"""A row of the routing table: which troubles it is for, and which other rows it leaves nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from functools import cached_property

from core.alarm import Severity
from core.calendar import Days
from core.category import CATEGORIES, GROUPS
from core.priority import LEVELS

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class DayKind(StrEnum):
    """Which days a row is for, by the calendar of the deadlines."""

    ANY = ""
    WORKING = "working"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Route:
    """A row of the routing table, first match wins. Empty means any.

    category: a category code or its prefix with a dot ("lighting."). place: a territory; everything
    below it matches. owner: owner of the asset. days: of the civil date. hours: of the civil day,
    "20:00-08:00", the end left out. severity: so bad, or worse.
    """

    executor: str
    category: str = ""
    place: str = ""
    owner: str = ""
    days: DayKind = DayKind.ANY
    hours: str = ""
    severity: str = ""

    @cached_property
    def span(self) -> tuple[time, time] | None:
        """Give the hours as the first moment and the one that is left out; None for any."""
        found = HOURS.fullmatch(self.hours)
        if found is None:
            return None
        since_hour, since_minute, until_hour, until_minute = map(int, found.groups())
        return time(since_hour, since_minute), time(until_hour, until_minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What somebody must be found for. place_path: ids from the region down. owner: of the asset;
    empty where there is none. at: when it was told, aware."""

    code: str
    place_path: str
    owner: str
    severity: Severity
    at: datetime


def unfit(row: Route, trouble: Trouble) -> list[str]:
    """Give the columns of a row that speak against a trouble, those of time left out."""
    columns = {
        "category": _covers_category(row.category, trouble.code),
        "place": not row.place or row.place in trouble.place_path.split("/"),
        "owner": row.owner in ("", trouble.owner),
        "severity": _covers_severity(row.severity, trouble.severity),
    }
    return [column for column, fits in columns.items() if not fits]


def untimely(row: Route, at: datetime, working: Days) -> list[str]:
    """Give the columns of a row that speak against a moment."""
    local = at.astimezone(working.zone)
    columns = {
        "days": not row.days or (row.days is DayKind.WORKING) == working.counts(local.date()),
        "hours": row.span is None or _within(local.time(), row.span),
    }
    return [column for column, fits in columns.items() if not fits]


def shadowed(rows: Sequence[Route], paths: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Give each row that never matches, with the first that takes everything from it, from 0.

    paths: place_path of each place. What several rows take from one together is not found.
    """
    for index, row in enumerate(rows):
        for above, other in enumerate(rows[:index]):
            if _covers(other, row, paths):
                yield index, above
                break


def wrong_in_routes(rows: Sequence[Route]) -> Iterator[tuple[str, str]]:
    """Find what a row cannot mean, as where in the table and what."""
    known = {*CATEGORIES, *(f"{group}." for group in GROUPS)}
    for index, row in enumerate(rows):
        if row.category and row.category not in known:
            yield f"[{index}].category", f"there is no category {row.category!r}, nor such a group"
        if row.hours and row.span is None:
            yield f"[{index}].hours", f"wanted hours like 20:00-08:00, found {row.hours!r}"
        elif row.span and row.span[0] == row.span[1]:
            yield f"[{index}].hours", f"{row.hours} begins when it ends; leave it out for all day"
        if row.severity and row.severity not in set(LEVELS):
            yield (
                f"[{index}].severity",
                f"wanted one of {', '.join(LEVELS)}, found {row.severity!r}",
            )


def _covers(above: Route, row: Route, paths: Mapping[str, str]) -> bool:
    return (
        _covers_category(above.category, row.category)
        and (not above.place or above.place in paths.get(row.place, "").split("/"))
        and above.owner in ("", row.owner)
        and above.days in ("", row.days)
        and _covers_hours(above.span, row.span)
        and _covers_severity(above.severity, row.severity or LEVELS[0])
    )


def _covers_category(wanted: str, code: str) -> bool:
    return wanted in ("", code) or (wanted.endswith(".") and code.startswith(wanted))


def _covers_severity(least: str, severity: str) -> bool:
    return not least or LEVELS.index(Severity(severity)) >= LEVELS.index(Severity(least))


def _covers_hours(above: tuple[time, time] | None, span: tuple[time, time] | None) -> bool:
    if above is None or span is None:
        return above is None
    # Both ends of the shorter lie in the longer, in their order on the way round the clock.
    start = above[0]
    return (
        _minutes(start, span[0])
        < (_minutes(start, span[1]) or 1440)
        <= (_minutes(start, above[1]) or 1440)
    )


def _within(at: time, span: tuple[time, time]) -> bool:
    since, until = span
    return since <= at < until if since < until else at >= since or at < until


def _minutes(start: time, until: time) -> int:
    return (until.hour * 60 + until.minute - start.hour * 60 - start.minute) % 1440
