"""What a program wants at a moment, why, and when it will want something else.

Nothing is remembered: the same moment gives the same answer, whatever was before. So an edge that
starts at night knows at once that it is night.

A time of day that a change of the clocks leaves out comes as late as it would have come without the
change; one that comes twice counts the first time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.position import Position
from core.program import CLOCK, SUN, WEEKDAYS, CalendarEntry, Program, ProgramKind, Span
from core.sun import SolarDay, day_number, solar_day
from core.text import Text

AHEAD = timedelta(days=8)  # a week, and the day on which it would begin anew
DAY = timedelta(days=1)
NOON = timedelta(hours=12)
NULL_ISLAND = (0.0, 0.0)  # for programs without the sun; nothing of it is seen

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Wanted:
    """value: in the signal's unit. until: when another value is wanted, UTC; None where none is
    within a week. why: in words for people."""

    value: float
    until: datetime | None
    why: Text


@dataclass(frozen=True, slots=True)
class Boundary:
    """An end of a span: minutes of the day, or minutes from dusk or dawn."""

    sun: str
    minutes: int

    @classmethod
    def of(cls, text: str) -> "Boundary":
        """Read it as it stands in a span. ValueError where it is none."""
        if found := CLOCK.fullmatch(text):
            return cls("", int(found[1]) * 60 + int(found[2]))
        if found := SUN.fullmatch(text):
            return cls(found[1], int(found[2] or 0))
        raise ValueError(f"{text!r} is neither a time of day nor dusk or dawn")


class Schedule:
    """A program without faults, ready to be asked."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._zone = ZoneInfo(program.zone)
        self._position: Position = program.position or NULL_ISLAND

    def at(self, moment: datetime) -> Wanted:
        """Give what is wanted. moment: aware."""
        value, way = self._value(moment)
        return Wanted(value, self._next_change(moment, value), self._why(moment, way))

    def value(self, moment: datetime) -> float:
        """Give the value that is wanted. moment: aware."""
        return self._value(moment)[0]

    # ---- what is wanted ---------------------------------------------------------------------

    def _value(self, moment: datetime) -> tuple[float, tuple[Span, ...]]:
        """Give the value, and the spans that say so from the outside in."""
        value = self.program.otherwise
        way: tuple[Span, ...] = ()
        spans = self._spans_of(self._day(moment))
        while found := next((each for each in spans if self._holds(each, moment)), None):
            value, way, spans = found.set, (*way, found), found.within
        return value, way

    def _day(self, moment: datetime) -> date:
        """Give the day of the calendar that rules at a moment."""
        local = moment.astimezone(self._zone).replace(tzinfo=None)
        if self.program.kind is ProgramKind.LIGHTING:
            local -= NOON
        return local.date()

    def _spans_of(self, day: date) -> tuple[Span, ...]:
        for entry in self.program.calendar:
            if _fits(entry, day):
                return entry.spans
        return self.program.spans

    def _holds(self, span: Span, moment: datetime) -> bool:
        return any(since <= moment < until for since, until in self._intervals(span, moment))

    # ---- when -------------------------------------------------------------------------------

    def _intervals(self, span: Span, moment: datetime) -> Iterator[Interval]:
        """Give every interval of a span that touches the day before or after a moment."""
        since, until = Boundary.of(span.since), Boundary.of(span.until)
        if since.sun or until.sun:
            number = day_number(moment, self._position[1])
            for each in range(number - 2, number + 3):
                yield self._by_the_sun(since, until, each)
            return
        today = moment.astimezone(self._zone).date()
        runs_over = until.minutes <= since.minutes
        for day in (today - DAY, today, today + DAY):
            yield self._clock(day, since), self._clock(day + DAY if runs_over else day, until)

    def _by_the_sun(self, since: Boundary, until: Boundary, number: int) -> Interval:
        """Give the interval that begins on a solar day, or ends on it where it begins by the clock.

        A time of day belongs to the half-turn of the sun that it stands with: to dusk the first
        one after noon or the last one before midnight, to dawn alike.
        """
        day = self._solar_day(number)
        if not until.sun:
            return self._sunny(since, day), self._first_after(
                day.noon if since.sun == "dusk" else day.midnight, until
            )
        if not since.sun:
            return self._last_before(
                day.next_midnight if until.sun == "dusk" else day.noon, since
            ), self._sunny(until, day)
        is_night = (since.sun, until.sun) == ("dusk", "dawn")
        ends_on = self._solar_day(number + 1) if is_night else day
        if since.sun == until.sun and until.minutes <= since.minutes:
            ends_on = self._solar_day(number + 1)
        return self._sunny(since, day), self._sunny(until, ends_on)

    def _solar_day(self, number: int) -> SolarDay:
        return solar_day(number, self._position, self.program.elevation)

    @staticmethod
    def _sunny(boundary: Boundary, day: SolarDay) -> datetime:
        """Give when it is dusk or dawn. Without twilight no minutes count: all is night or day."""
        event = day.dusk if boundary.sun == "dusk" else day.dawn
        return event + timedelta(minutes=boundary.minutes) if day.has_twilight else event

    def _clock(self, day: date, boundary: Boundary) -> datetime:
        hour, minute = divmod(boundary.minutes, 60)
        return datetime.combine(day, time(hour, minute), self._zone).astimezone(UTC)

    def _first_after(self, moment: datetime, boundary: Boundary) -> datetime:
        day = moment.astimezone(self._zone).date()
        today = self._clock(day, boundary)
        return today if today > moment else self._clock(day + DAY, boundary)

    def _last_before(self, moment: datetime, boundary: Boundary) -> datetime:
        day = moment.astimezone(self._zone).date()
        today = self._clock(day, boundary)
        return today if today < moment else self._clock(day - DAY, boundary)

    # ---- what comes next --------------------------------------------------------------------

    def _next_change(self, moment: datetime, value: float) -> datetime | None:
        """Give when another value is wanted: at the end of some interval, or of a day."""
        day = moment.astimezone(UTC)
        while day < moment + AHEAD:
            for each in sorted(self._turns(day)):
                if moment < each <= day + DAY and self.value(each) != value:
                    return each
            day += DAY
        return None

    def _turns(self, moment: datetime) -> set[datetime]:
        """Give every moment within a day of this one at which another value may be wanted."""
        today = moment.astimezone(self._zone).date()
        begins = Boundary("", 12 * 60 if self.program.kind is ProgramKind.LIGHTING else 0)
        turns = {self._clock(today + ahead * DAY, begins) for ahead in (-1, 0, 1)}
        spans = {each for ahead in (-1, 0, 1) for each in self._spans_of(today + ahead * DAY)}
        while spans:
            for span in spans:
                turns.update(end for interval in self._intervals(span, moment) for end in interval)
            spans = {inner for span in spans for inner in span.within}
        return turns

    # ---- why --------------------------------------------------------------------------------

    def _why(self, moment: datetime, way: Sequence[Span]) -> Text:
        if not way:
            return {"ru": "вне интервалов программы", "en": "outside the spans of the program"}
        span = way[-1]
        since, until = next(
            each for each in self._intervals(span, moment) if each[0] <= moment < each[1]
        )
        if span.since == span.until:
            return {"ru": "весь день", "en": "all day"}
        begins = {name: self._told(span.since, since, name) for name in ("ru", "en")}
        ends = {name: self._told(span.until, until, name) for name in ("ru", "en")}
        return {
            "ru": f"с {begins['ru']} до {ends['ru']}",
            "en": f"from {begins['en']} until {ends['en']}",
        }

    def _told(self, end: str, moment: datetime, language: str) -> str:
        """Write an end with its time of day: dusk+15 (17:12)."""
        boundary = Boundary.of(end)
        if not boundary.sun:
            return end
        word = SUN_IN_RUSSIAN[boundary.sun] if language == "ru" else boundary.sun
        offset = f"{boundary.minutes:+d}" if boundary.minutes else ""
        return f"{word}{offset} ({moment.astimezone(self._zone):%H:%M})"


SUN_IN_RUSSIAN = {"dusk": "сумерек", "dawn": "рассвета"}


def _fits(entry: CalendarEntry, day: date) -> bool:
    if entry.weekdays and WEEKDAYS[day.weekday()] not in entry.weekdays:
        return False
    if not entry.since:
        return True
    until = entry.until or entry.since
    if len(entry.since) > len("12-31"):
        return entry.since <= day.isoformat() <= until
    today = day.isoformat()[len("2026-") :]
    if entry.since <= until:
        return entry.since <= today <= until
    return today >= entry.since or today <= until  # over the new year
