"""The way from an offered task to the report that it is done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.case import CaseState
from core.errors import DomainError
from core.work_order import (
    ENDED,
    STEPS,
    WITH_REASON,
    WorkState,
    WorkVerb,
    next_state,
    possible,
    state_beside,
)


def test_the_whole_way() -> None:
    state = WorkState.OFFERED
    for verb in ("accept", "depart", "arrive", "start", "pause", "resume", "finish"):
        state = next_state(state, WorkVerb(verb), "waiting for a part")
    assert state is WorkState.DONE


@given(st.sampled_from(WorkState), st.sampled_from(WorkVerb))
def test_a_step_that_is_not_one_from_here_is_refused(state: WorkState, verb: WorkVerb) -> None:
    if (state, verb) in STEPS:
        assert verb in possible(state)
        return
    with pytest.raises(DomainError) as refusal:
        next_state(state, verb, "a reason")
    assert refusal.value.code == "work_state"


@pytest.mark.parametrize("state", sorted(ENDED))
def test_from_an_end_there_is_no_step(state: WorkState) -> None:
    assert possible(state) == []


@pytest.mark.parametrize("verb", sorted(WITH_REASON))
def test_some_steps_want_a_reason(verb: WorkVerb) -> None:
    (state, *_) = [state for state, step in STEPS if step is verb]
    with pytest.raises(DomainError, match=f"Say why you {verb}"):
        next_state(state, verb, "")


@pytest.mark.parametrize(
    ("case", "known", "state"),
    [
        ("routed", None, "offered"),
        ("accepted", None, "accepted"),  # by a dispatcher, for who is on the telephone
        ("accepted", "offered", "accepted"),
        ("accepted", "working", "working"),
        ("resolved", "working", "done"),
        ("closed", None, "done"),
        ("accepted", "done", "accepted"),  # sent back
        ("routed", "declined", "declined"),
    ],
)
def test_the_work_goes_with_its_case(case: str, known: str | None, state: str) -> None:
    assert state_beside(CaseState(case), WorkState(known) if known else None) == state
