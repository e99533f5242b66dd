"""What chatters, what is fleeting, and what would calm it."""

from datetime import UTC, datetime, timedelta

from core.repetition import Advice, Repetition, chatters

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def after(*seconds: float) -> list[datetime]:
    return [NOON + timedelta(seconds=each) for each in seconds]


def test_the_third_raise_within_a_minute_is_chattering() -> None:
    assert chatters(after(0, 20), after(59.9)[0])


def test_two_raises_within_a_minute_are_not() -> None:
    assert not chatters(after(0, 20), after(60)[0])


def test_advice_is_a_delay_longer_than_what_was_seen() -> None:
    seen = Repetition().went(timedelta(seconds=4), None).came(timedelta(seconds=12), None)

    assert seen.advice == Advice(on_delay_s=6, off_delay_s=18, deadband=None)


def test_of_what_stays_no_delay_of_its_raise_is_advised() -> None:
    seen = Repetition().went(timedelta(seconds=15), None).came(timedelta(seconds=1), None)

    assert seen.advice == Advice(on_delay_s=None, off_delay_s=2, deadband=None)


def test_a_deadband_is_wider_than_the_swing_of_the_value() -> None:
    seen = Repetition().saw(253.1).went(timedelta(seconds=20), 252.3)

    assert seen.came(timedelta(seconds=1), 253.4).advice.deadband == 1.7


def test_of_a_value_that_does_not_swing_no_deadband_is_advised() -> None:
    assert Repetition().saw(1.0).came(timedelta(seconds=1), 1.0).advice.deadband is None


def test_what_came_once_and_went_at_once_is_advised_to_wait() -> None:
    assert Repetition().went(timedelta(seconds=0.2), 5.0).advice == Advice(
        on_delay_s=1, off_delay_s=None, deadband=None
    )
