"""Which time counts: around the clock, by civil days, by working days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Days, RoundTheClock
from core.errors import DomainError

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WORKING = Days(
    zone=MOSCOW,
    rest=frozenset({5, 6}),
    days_off=frozenset({date(2026, 6, 12)}),  # a Friday
    worked=frozenset({date(2026, 6, 20)}),  # a Saturday
)
CIVIL = Days(zone=MOSCOW)

moments = st.timedeltas(timedelta(), timedelta(days=330)).map(
    lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since
)
spans = st.timedeltas(timedelta(), timedelta(days=40))


def moscow(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Give a moment of June 2026."""
    return datetime(2026, 6, day, hour, minute, second, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (moscow(8, 15), 1, moscow(9, 15)),
        (moscow(11, 15), 1, moscow(15, 15)),  # over the holiday and the weekend
        (moscow(13, 15), 1, moscow(16, 0)),  # a Saturday counts from Monday on
        (moscow(19, 15), 1, moscow(20, 15)),  # the Saturday on which people work
        (moscow(8, 15), 0, moscow(8, 15)),
    ],
)
def test_working_days_are_counted_without_the_others(
    start: datetime, days: int, end: datetime
) -> None:
    assert WORKING.advance(start, days * DAY) == end


def test_a_limit_that_ends_with_a_day_ends_at_its_last_midnight() -> None:
    assert WORKING.advance(moscow(8, 0), DAY) == moscow(9, 0)


@given(moments, spans)
def test_what_was_counted_is_what_was_asked_for(start: datetime, span: timedelta) -> None:
    assert WORKING.counted(start, WORKING.advance(start, span)) == span


@given(moments, spans, spans)
def test_counted_time_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    middle = start + first
    end = middle + second
    whole = WORKING.counted(start, end)
    assert WORKING.counted(start, middle) + WORKING.counted(middle, end) == whole
    assert whole <= end - start


@given(moments, st.integers(1, 200))
def test_each_hour_counts_if_its_day_does(start: datetime, hours: int) -> None:
    start = start.replace(minute=0, second=0, microsecond=0)
    counting = [
        hour
        for hour in range(hours)
        if WORKING.counts((start + hour * HOUR).astimezone(MOSCOW).date())
    ]
    assert WORKING.counted(start, start + hours * HOUR) == len(counting) * HOUR


def test_three_civil_days_later_it_is_the_same_time_on_the_wall() -> None:
    start = datetime(2026, 3, 27, 12, tzinfo=BERLIN)  # summer time begins on the 29th
    end = Days(zone=BERLIN).advance(start, 3 * DAY)
    assert end == datetime(2026, 3, 30, 12, tzinfo=BERLIN)
    assert end - start.astimezone(UTC) == 71 * HOUR


def test_around_the_clock_nothing_stands_still() -> None:
    start = datetime(2026, 3, 27, 12, tzinfo=BERLIN).astimezone(UTC)
    assert RoundTheClock().advance(start, 3 * DAY) - start == 72 * HOUR


def test_nothing_is_counted_backwards() -> None:
    assert RoundTheClock().counted(moscow(9, 1), moscow(8, 1)) == timedelta()
    assert CIVIL.counted(moscow(9, 1), moscow(8, 1)) == timedelta()


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (moscow(8, 15), moscow(8, 23, 59, 59)),
        (moscow(9, 0), moscow(8, 23, 59, 59)),  # midnight is the end of the day before
        (moscow(9, 0, 0, 1), moscow(9, 23, 59, 59)),
    ],
)
def test_a_day_ends_with_its_last_second(moment: datetime, end: datetime) -> None:
    assert CIVIL.end_of_day(moment) == end


def test_an_end_on_a_day_off_moves_to_a_working_day() -> None:
    sunday = moscow(14, 23, 59, 59)
    assert WORKING.on_counted_day(sunday, -DAY) == moscow(11, 23, 59, 59)
    assert WORKING.on_counted_day(sunday, DAY) == moscow(15, 23, 59, 59)
    assert WORKING.on_counted_day(moscow(15, 8), -DAY) == moscow(15, 8)


def test_a_calendar_on_which_nobody_ever_works_is_told() -> None:
    never = Days(zone=MOSCOW, rest=frozenset(range(7)))
    with pytest.raises(DomainError, match="no working day"):
        never.advance(moscow(8, 15), DAY)
    with pytest.raises(DomainError, match="no working day"):
        never.on_counted_day(moscow(8, 15), DAY)
