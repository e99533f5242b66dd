"""A command goes one way, and nobody repeats one whose fate is unknown."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.command import ANSWERS, STEPS, Command, CommandState, check_value
from core.errors import DomainError
from core.signal import Signal, SignalKind

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
answers = st.sampled_from(sorted(ANSWERS))


def requested() -> Command:
    return Command.prepared("anna", START).request("anna", START)


def test_nobody_else_can_confirm_it() -> None:
    with pytest.raises(DomainError, match="only who prepared"):
        Command.prepared("anna", START).request("boris", START)


def test_after_a_minute_it_must_be_prepared_anew() -> None:
    prepared = Command.prepared("anna", START)
    assert prepared.request("anna", START + 60 * SECOND).state == "requested"
    with pytest.raises(DomainError, match="prepare it anew"):
        prepared.request("anna", START + 61 * SECOND)


def test_what_nobody_confirms_expires_and_what_nobody_answers_is_unknown() -> None:
    assert Command.prepared("anna", START).lapse(START + 61 * SECOND).state == "expired"
    assert requested().lapse(START + 45 * SECOND).state == "requested"
    assert requested().sent().lapse(START + 46 * SECOND).state == "unknown"


@given(st.sampled_from(list(CommandState)))
def test_an_unknown_command_is_never_sent_again(state: CommandState) -> None:
    unknown = requested().lapse(START + 46 * SECOND)
    with pytest.raises(DomainError):
        unknown.request("anna", START)
    with pytest.raises(DomainError):
        unknown.sent()
    assert {"requested", "sent", "prepared"}.isdisjoint(STEPS[unknown.state])


@given(answers, answers)
def test_the_first_answer_stands(first: CommandState, second: CommandState) -> None:
    answered = requested().answered(first, START)
    with pytest.raises(DomainError):
        answered.answered(second, START)


SWITCH = Signal(key="on", name={}, kind=SignalKind.STATE, writable=True, states={0: {}, 1: {}})
SETPOINT = Signal(key="setpoint", name={}, writable=True, minimum=20, maximum=90)


@pytest.mark.parametrize(
    ("signal", "value", "text"),
    [
        (Signal(key="power", name={}), 1, "lamp: signal power is read-only"),
        (SWITCH, 2, "lamp: on is one of 0, 1, not 2"),
        (SWITCH, 0.5, "lamp: on is one of 0, 1, not 0.5"),
        (SETPOINT, 19, "lamp: setpoint 19 is below 20"),
        (SETPOINT, 91, "lamp: setpoint 91 is above 90"),
        (SETPOINT, float("nan"), "lamp: setpoint takes numbers only"),
    ],
)
def test_a_value_that_the_signal_cannot_take_is_refused(
    signal: Signal, value: float, text: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        check_value("lamp", signal, value)
    assert str(refusal.value) == text
