"""An incident is two facts, and an acknowledgement covers only what was there."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DomainError
from core.incident import Incident, IncidentState

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_it_goes_through_the_four_states() -> None:
    raised = Incident.raised(START, START)
    acknowledged = raised.acknowledge("Anna", START + SECOND)
    assert [
        raised.state,
        acknowledged.state,
        raised.cleared(START + SECOND).state,
        acknowledged.cleared(START + SECOND).state,
    ] == ["unacknowledged", "acknowledged", "returned_unacknowledged", "normal"]


def test_a_press_before_the_incident_came_does_not_cover_it() -> None:
    with pytest.raises(DomainError, match="came after the press"):
        Incident.raised(START, START).acknowledge("Anna", START - SECOND)


def test_a_press_covers_what_the_gateway_saw_although_the_source_is_ahead() -> None:
    ahead = Incident.raised(START + 60 * SECOND, START)
    assert ahead.acknowledge("Anna", START + SECOND).acknowledged


def test_a_finding_without_duration_waits_for_its_acknowledgement() -> None:
    finding = Incident.raised(START, START, transient=True)
    assert finding.state is IncidentState.RETURNED_UNACKNOWLEDGED


def test_a_source_whose_clock_went_back_does_not_clear_before_it_raised() -> None:
    assert Incident.raised(START, START).cleared(START - SECOND).cleared_at == START


@given(st.lists(st.sampled_from(["clear", "acknowledge"]), max_size=6))
def test_nothing_happens_twice(steps: list[str]) -> None:
    incident = Incident.raised(START, START)
    done: set[str] = set()
    for step in steps:
        try:
            incident = (
                incident.cleared(START) if step == "clear" else incident.acknowledge("Anna", START)
            )
        except DomainError:
            assert step in done
        done.add(step)
    assert (not incident.active, incident.acknowledged) == ("clear" in done, "acknowledge" in done)
