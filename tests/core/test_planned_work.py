"""What a plan of works may say, and what may become of it when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import DomainError
from core.planned_work import LONGEST, MOST_ASSETS, PlannedWork, WorkState

START = datetime(2026, 11, 26, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTHING: tuple[dict[str, str], ...] = ()


def plan(**fields: Any) -> PlannedWork:
    return PlannedWork(
        **{
            "title": "New valve",
            "words": "",
            "category": "water.none",
            "assets": ("main-1",),
            "executor": "water",
            "since": START,
            "until": START + 4 * HOUR,
            "first_until": START + 4 * HOUR,
        }
        | fields
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "  "},
        {"assets": ()},
        {"assets": tuple(f"a{n}" for n in range(MOST_ASSETS + 1))},
        {"until": START},
        {"until": START + LONGEST + HOUR},
    ],
)
def test_what_is_no_plan_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(DomainError) as refusal:
        plan(**fields)
    assert refusal.value.code == "invalid"
    assert set(refusal.value.details[0]) == {"ru", "en"}


@pytest.mark.parametrize(
    ("fields", "hours", "expected"),
    [
        ({}, 1, WorkState.DRAFT),
        ({"published_at": START - HOUR}, -1, WorkState.PUBLISHED),
        ({"published_at": START - HOUR}, 0, WorkState.UNDER_WAY),
        ({"published_at": START - HOUR, "begun_at": START - HOUR / 2}, -0.4, WorkState.UNDER_WAY),
        ({"published_at": START - HOUR}, 4, WorkState.OVERDUE),
        ({"published_at": START - HOUR, "done_at": START + 5 * HOUR}, 9, WorkState.DONE),
        ({"withdrawn_at": START}, 1, WorkState.WITHDRAWN),
    ],
)
def test_the_state_follows_from_what_happened(
    fields: dict[str, Any], hours: float, expected: WorkState
) -> None:
    assert plan(**fields).state(START + hours * HOUR) is expected


@pytest.mark.parametrize(
    ("hours", "group", "touched", "expected"),
    [
        (1, "water", ["flat-1", "main-1"], True),
        (9, "water", ["main-1"], True),
        (-1, "water", ["main-1"], False),
        (1, "heating", ["main-1"], False),
        (1, "water", ["main-2"], False),
    ],
    ids=["under way", "late", "to come", "another trouble", "elsewhere"],
)
def test_it_answers_for_what_it_cuts_off(
    hours: int, group: str, touched: list[str], *, expected: bool
) -> None:
    announced = plan(published_at=START - HOUR)
    assert announced.answers(START + hours * HOUR, group, touched) is expected


def test_a_draft_answers_nothing() -> None:
    assert not plan().answers(START + HOUR, "water", ["main-1"])


def test_what_is_over_is_not_announced() -> None:
    with pytest.raises(DomainError, match="in the past"):
        plan().publish(START + 5 * HOUR)


def test_works_are_prolonged_to_a_later_time_only_and_keep_what_was_promised() -> None:
    announced = plan().publish(START - HOUR)
    later = announced.prolong(START + 6 * HOUR, START + 5 * HOUR)
    assert (later.until, later.first_until) == (START + 6 * HOUR, START + 4 * HOUR)
    with pytest.raises(DomainError, match="later time"):
        announced.prolong(START + 3 * HOUR, START)


def test_works_are_done_once_nothing_is_off_and_something_shows_it() -> None:
    announced = plan().publish(START - HOUR)
    with pytest.raises(DomainError, match="Not back to normal: House 5"):
        announced.finish(START, active=({"ru": "Дом 5", "en": "House 5"},), is_proved=True)
    with pytest.raises(DomainError, match="no proof"):
        announced.finish(START, active=NOTHING, is_proved=False)
    done = announced.finish(START + HOUR, active=NOTHING, is_proved=True)
    assert (done.begun_at, done.done_at) == (START, START + HOUR)
    with pytest.raises(DomainError, match="the works are done"):
        done.begin(START + HOUR)


def test_calling_it_off_needs_a_reason() -> None:
    with pytest.raises(DomainError, match="Give a reason"):
        plan().withdraw(START, " ")
    assert plan().withdraw(START, "no pipe").is_over
