"""A routing is contested with a reason while the work is not over, and decided once."""

from datetime import UTC, datetime

import pytest

from core.case import CaseState
from core.contest import Contest
from core.errors import DomainError

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def contested(
    state: CaseState = CaseState.ROUTED, proposed: str = "roads", reason: str = "not our pipe"
) -> Contest:
    return Contest.raised(state, executor="water", proposed=proposed, reason=reason, at=NOON)


@pytest.mark.parametrize("state", [CaseState.ROUTED, CaseState.ACCEPTED])
def test_a_routing_can_be_contested_while_the_work_is_not_reported(state: CaseState) -> None:
    assert contested(state).granted is None


@pytest.mark.parametrize("state", sorted(set(CaseState) - {CaseState.ROUTED, CaseState.ACCEPTED}))
def test_a_settled_routing_cannot(state: CaseState) -> None:
    with pytest.raises(DomainError, match="its routing is settled"):
        contested(state)


def test_a_reason_and_somebody_else_are_wanted() -> None:
    with pytest.raises(DomainError, match="Say why"):
        contested(reason="")
    with pytest.raises(DomainError, match="somebody else"):
        contested(proposed="water")


def test_a_contest_is_decided_once() -> None:
    decided = contested().decide(NOON, granted=False)
    assert (decided.granted, decided.decided_at) == (False, NOON)
    with pytest.raises(DomainError, match="decided already"):
        decided.decide(NOON, granted=True)
