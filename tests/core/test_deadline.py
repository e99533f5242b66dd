"""A deadline runs, stands, is extended and met, and says what there is to tell of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Days
from core.category import category
from core.deadline import Deadline, after, started
from core.deadline_rule import DeadlineRule, DeadlineRules, Moment
from core.errors import DomainError

START = datetime(2026, 6, 11, 12, tzinfo=UTC)  # a Thursday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = {"ru": "Сделать", "en": "Do"}
RULE = DeadlineRule(
    name="do",
    label=WORDS,
    starts=Moment.ROUTED,
    met_by=frozenset({Moment.VERIFIED}),
    halted_by=frozenset({Moment.REPORTED}),
    limit=10 * HOUR,
    limits={"lift.": 5 * HOUR, "lift.trapped": HOUR},
    pauses=frozenset({"weather"}),
    extension=3 * HOUR,
)
WORKING_DAYS = DeadlineRule(
    name="answer",
    label=WORDS,
    starts=Moment.RECEIVED,
    met_by=frozenset({Moment.ANSWERED}),
    limit=2 * DAY,
    calendar=Days(zone=ZoneInfo("UTC"), rest=frozenset({5, 6})),
    pauses=frozenset({"applicant"}),
)


def running(rule: DeadlineRule = RULE, code: str = "yard.other") -> Deadline:
    clock = started(rule, START, category(code))
    assert clock is not None
    return clock


@pytest.mark.parametrize(
    ("code", "limit"),
    [("yard.other", 10 * HOUR), ("lift.stopped", 5 * HOUR), ("lift.trapped", HOUR)],
)
def test_the_limit_of_the_nearest_category_counts(code: str, limit: timedelta) -> None:
    assert running(RULE, code).due_at(START) == START + limit


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10_000)), max_size=12))
def test_a_clock_gives_back_exactly_the_time_for_which_it_was_paused(
    steps: list[tuple[bool, int]],
) -> None:
    clock, now, stood = running(), START, timedelta()
    for pausing, seconds in steps:
        if pausing is (clock.paused_at is None):
            clock = clock.pause(now, "weather") if pausing else clock.resume(now)
        step = timedelta(seconds=seconds)
        stood += step if clock.paused_at else timedelta()
        now += step
    assert clock.due_at(now) == START + 10 * HOUR + stood


def test_a_pause_over_a_weekend_gives_back_the_working_time_in_it() -> None:
    clock = running(WORKING_DAYS)
    assert clock.due_at(START) == START + 4 * DAY  # Monday
    friday, monday = START + DAY, START + 4 * DAY
    resumed = clock.pause(friday, "applicant").resume(monday)
    assert resumed.due_at(monday) == START + 5 * DAY


@pytest.mark.parametrize("reason", ["", "no wish to"])
def test_a_clock_stands_only_for_a_reason_that_its_rule_knows(reason: str) -> None:
    with pytest.raises(DomainError, match="weather"):
        running().pause(START, reason)


def test_a_paused_clock_is_not_paused_again() -> None:
    with pytest.raises(DomainError):
        running().pause(START, "weather").pause(START, "weather")


def test_a_clock_is_extended_once() -> None:
    extended = running().extend()
    assert extended.due_at(START) == START + 13 * HOUR
    with pytest.raises(DomainError, match="extended already"):
        extended.extend()
    with pytest.raises(DomainError, match="cannot be extended"):
        running(WORKING_DAYS).extend()


def test_there_is_something_to_tell_at_half_at_four_fifths_and_at_the_end() -> None:
    told, clock = [], running()
    while (warning := clock.next_warning()) is not None:
        told.append((warning[0], warning[1] - START))
        clock = clock.tell(warning[0])
    assert told == [(50, 5 * HOUR), (80, 8 * HOUR), (100, 10 * HOUR)]


def test_that_a_clock_was_passed_is_told_whatever_its_warnings_are() -> None:
    silent = running(replace(RULE, warnings=(50,))).tell(50)
    assert silent.next_warning() == (100, START + 10 * HOUR)


def test_while_a_clock_stands_there_is_nothing_to_tell() -> None:
    assert running().pause(START, "weather").next_news_at() is None


def test_what_was_met_too_late_is_told_even_if_nobody_looked_meanwhile() -> None:
    late = running().meet(START + 11 * HOUR)
    assert late.next_news_at() == START + 10 * HOUR
    assert late.tell(100).next_news_at() is None
    assert running().meet(START + 9 * HOUR).next_news_at() is None


def test_a_clock_that_is_there_is_not_started_again_unless_its_rule_says_so() -> None:
    once = after([running()], Moment.ROUTED, START + HOUR, category("yard.other"), [RULE])
    assert [clock.started_at for clock in once] == [START]


def test_a_clock_whose_rule_is_gone_still_tells_its_name_and_runs() -> None:
    rule = DeadlineRules.of([RULE]).rule("former")
    clock = Deadline(rule=rule, started_at=START, limit=HOUR)
    assert (rule.label["en"], clock.due_at(START)) == ("former", START + HOUR)
