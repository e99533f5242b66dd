"""Programs: what an edge sets by itself, by the clock, the sun and the calendar.

A program is data; core.schedule says what it wants at a moment. `faults` finds everything that is
wrong with one.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.position import Position
from core.sun import CIVIL_TWILIGHT
from core.text import Text

Fault = tuple[tuple[str | int, ...], str]
"""Where in a program something is wrong, from the outside in, and what."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TWO_HOURS = 7200.0
LONGEST_OVERRIDE_S = 7 * 86_400.0
ELEVATIONS = (-18.0, 15.0)  # degrees; the first is astronomical twilight
LARGEST_OFFSET = 180  # minutes
DEEPEST = 3  # spans within spans

CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
SUN = re.compile(r"(dusk|dawn)([+-]\d{1,3})?")
DAY = re.compile(r"(\d{4}-)?(\d\d)-(\d\d)")


class ProgramKind(StrEnum):
    LIGHTING = "lighting"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the day, and the value that is wanted in it.

    since, until: a local time 23:30, or dusk and dawn with minutes behind (dusk+15, dawn-20); both
    alike are the whole day. What would end before it begins, as "05:00 until dawn" does in summer,
    is not there. within: what is wanted otherwise in parts of it; the first that fits counts.
    """

    set: float
    since: str = "00:00"
    until: str = "00:00"
    within: tuple["Span", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """Days that have spans of their own.

    since, until: both included, each year (12-31) or once (2026-12-31); `until` alone left out, a
    single day. weekdays: of WEEKDAYS; none means all. Everything given must fit.
    """

    since: str = ""
    until: str = ""
    weekdays: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What one signal of some devices is set to, and when.

    spans: of a day that the calendar does not name; the first that fits counts, `otherwise` where
    none does. calendar: the first entry that fits the day counts. A day of a traffic program is
    from midnight to midnight, one of a lighting program from noon to noon: the night that begins
    on it. zone: IANA name, for times of day. latitude, longitude: WGS 84 degrees; in the registry
    those of the place where they are not given. elevation: of the sun at dusk and dawn, degrees.
    override_s: for how long a dispatcher's command holds.
    """

    id: str
    kind: ProgramKind
    devices: tuple[str, ...]
    signal: str
    zone: str
    name: Text = field(default_factory=dict)
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    elevation: float = CIVIL_TWILIGHT
    spans: tuple[Span, ...] = ()
    otherwise: float = 0.0
    calendar: tuple[CalendarEntry, ...] = ()
    override_s: float = TWO_HOURS

    @property
    def position(self) -> Position | None:
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    @property
    def values(self) -> frozenset[float]:
        """Every value that it may set."""
        spans = (*self.spans, *(span for entry in self.calendar for span in entry.spans))
        return frozenset({self.otherwise, *(span.set for span in _all(spans))})

    @property
    def needs_sun(self) -> bool:
        """Tell whether it means nothing without a position."""
        spans = (*self.spans, *(span for entry in self.calendar for span in entry.spans))
        ends = (end for span in _all(spans) for end in (span.since, span.until))
        return any(end.startswith(("dusk", "dawn")) for end in ends)


def faults(program: Program) -> Iterator[Fault]:
    """Give everything that is wrong with a program in itself."""
    if not program.devices:
        yield ("devices",), "wanted the ids of devices, found none"
    for device, count in Counter(program.devices).items():
        if count > 1:
            yield ("devices",), f"{device} is there {count} times"
    if not program.signal:
        yield ("signal",), "wanted the key of a signal, found nothing"
    try:
        ZoneInfo(program.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("zone",), f"wanted a time zone like Europe/Moscow, found {program.zone!r}"
    numbers = (
        ("latitude", program.latitude, -90.0, 90.0),
        ("longitude", program.longitude, -180.0, 180.0),
        ("elevation", program.elevation, *ELEVATIONS),
        ("override_s", program.override_s, 1.0, LONGEST_OVERRIDE_S),
    )
    for key, value, low, high in numbers:
        if value is not None and not low <= value <= high:
            yield (key,), f"wanted {low:g} to {high:g}, found {value:g}"
    if not math.isfinite(program.otherwise):
        yield ("otherwise",), f"wanted a number, found {program.otherwise:g}"
    yield from _faults_of_spans(program.spans, ("spans",))
    for place, entry in enumerate(program.calendar):
        yield from _faults_of_days(entry, ("calendar", place))
        yield from _faults_of_spans(entry.spans, ("calendar", place, "spans"))


def governed_twice(programs: Iterable[Program]) -> Iterator[tuple[int, str]]:
    """Give the programs, by place, that set a signal which an earlier one sets already."""
    governor: dict[tuple[str, str], str] = {}
    for place, program in enumerate(programs):
        for device in dict.fromkeys(program.devices):
            other = governor.setdefault((device, program.signal), program.id)
            if other != program.id:
                yield place, f"{device}.{program.signal} is set by {other} already"


def _faults_of_spans(
    spans: tuple[Span, ...], way: tuple[str | int, ...], depth: int = 1
) -> Iterator[Fault]:
    if spans and depth > DEEPEST:
        yield way, f"wanted at most {DEEPEST} spans within each other"
        return
    for place, span in enumerate(spans):
        for key, end in (("since", span.since), ("until", span.until)):
            if wrong := _wrong_end(end):
                yield (*way, place, key), wrong
        if not math.isfinite(span.set):
            yield (*way, place, "set"), f"wanted a number, found {span.set:g}"
        yield from _faults_of_spans(span.within, (*way, place, "within"), depth + 1)


def _wrong_end(text: str) -> str:
    sun = SUN.fullmatch(text)
    if sun and abs(int(sun[2] or 0)) > LARGEST_OFFSET:
        return f"wanted at most {LARGEST_OFFSET} minutes from {sun[1]}, found {text!r}"
    if sun or CLOCK.fullmatch(text):
        return ""
    return f"wanted a time like 23:30, or dusk, dawn, dusk+15, dawn-20, found {text!r}"


def _faults_of_days(entry: CalendarEntry, way: tuple[str | int, ...]) -> Iterator[Fault]:
    if not (entry.since or entry.weekdays):
        yield way, "wanted since (and until), weekdays, or both; found neither"
    if entry.until and not entry.since:
        yield (*way, "since"), f"is wanted where there is until {entry.until!r}"
    for key, text in (("since", entry.since), ("until", entry.until)):
        if text and not _is_day(text):
            yield (*way, key), f"wanted a day like 12-31 or 2026-12-31, found {text!r}"
    if entry.since and entry.until:
        if len(entry.since) != len(entry.until):
            yield (*way, "until"), "wanted a year in both of since and until, or in none"
        elif len(entry.since) > len("12-31") and entry.until < entry.since:
            yield (*way, "until"), f"{entry.until} is before {entry.since}"
    for place, weekday in enumerate(entry.weekdays):
        if weekday not in WEEKDAYS:
            wanted = ", ".join(WEEKDAYS)
            yield (*way, "weekdays", place), f"wanted one of {wanted}, found {weekday!r}"


def _is_day(text: str) -> bool:
    if not (found := DAY.fullmatch(text)):
        return False
    try:
        date(int((found[1] or "2024-")[:-1]), int(found[2]), int(found[3]))  # a leap year
    except ValueError:
        return False
    return True


def _all(spans: Iterable[Span]) -> Iterator[Span]:
    for span in spans:
        yield span
        yield from _all(span.within)
