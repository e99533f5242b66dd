"""A chain goes upward step by step, and knows when its next one is due."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import ConfigError
from core.escalation import Chain, Level, Step

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TWO, TEN, HOUR = timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)
CHAIN = Chain((Step(TWO, Level.DUTY), Step(TEN, Level.SENIOR), Step(HOUR, Level.REGION)))


def levels_due(after: timedelta, reached: Level | None) -> list[Level]:
    return [step.level for step in CHAIN.due(NOON, NOON + after, reached)]


def test_nobody_is_told_before_the_first_step() -> None:
    assert levels_due(TWO - timedelta(seconds=1), None) == []


def test_a_step_is_due_to_the_second_and_once() -> None:
    assert levels_due(TWO, None) == [Level.DUTY]
    assert levels_due(TWO, Level.DUTY) == []


def test_steps_that_were_missed_are_all_due_the_lowest_first() -> None:
    assert levels_due(HOUR, Level.DUTY) == [Level.SENIOR, Level.REGION]


def test_the_next_step_is_known_beforehand_until_all_are_taken() -> None:
    assert CHAIN.next_at(NOON, None) == NOON + TWO
    assert CHAIN.next_at(NOON, Level.MUNICIPALITY) == NOON + HOUR  # told by hand meanwhile
    assert CHAIN.next_at(NOON, Level.REGION) is None


def test_a_chain_that_does_not_go_upward_is_refused() -> None:
    with pytest.raises(ConfigError, match="found duty after 1:00:00 behind senior after 0:10:00"):
        Chain((Step(TEN, Level.SENIOR), Step(HOUR, Level.DUTY)))
