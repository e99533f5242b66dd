"""The way of those who do the work, from the task that is offered to the report that it is done."""

from collections.abc import Mapping
from enum import StrEnum

from core.case import CaseState
from core.errors import DomainError


class WorkState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    WORKING = "working"
    PAUSED = "paused"
    DONE = "done"  # reported; whether it is so, its proof tells
    DECLINED = "declined"


class WorkVerb(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    DEPART = "depart"
    ARRIVE = "arrive"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"


OFFERED, ACCEPTED, EN_ROUTE, ON_SITE, WORKING, PAUSED, DONE, DECLINED = WorkState
ENDED = frozenset({DONE, DECLINED})
# Who forgot to press a button on the way is not held up by it.
STEPS: Mapping[tuple[WorkState, WorkVerb], WorkState] = {
    (OFFERED, WorkVerb.ACCEPT): ACCEPTED,
    (OFFERED, WorkVerb.DECLINE): DECLINED,
    (ACCEPTED, WorkVerb.DECLINE): DECLINED,
    (ACCEPTED, WorkVerb.DEPART): EN_ROUTE,
    (ACCEPTED, WorkVerb.ARRIVE): ON_SITE,
    (ACCEPTED, WorkVerb.START): WORKING,
    (EN_ROUTE, WorkVerb.ARRIVE): ON_SITE,
    (EN_ROUTE, WorkVerb.START): WORKING,
    (ON_SITE, WorkVerb.START): WORKING,
    (WORKING, WorkVerb.PAUSE): PAUSED,
    (PAUSED, WorkVerb.RESUME): WORKING,
    (WORKING, WorkVerb.FINISH): DONE,
}
WITH_REASON = frozenset({WorkVerb.DECLINE, WorkVerb.PAUSE})
UNDER_WAY = frozenset({CaseState.ROUTED, CaseState.ACCEPTED})


def next_state(state: WorkState, verb: WorkVerb, reason: str) -> WorkState:
    """Give the state after a step. DomainError where it is not one from here."""
    after = STEPS.get((state, verb))
    if after is None:
        raise DomainError("work_state", f"The work is {state} now; it cannot {verb} from there.")
    if verb in WITH_REASON and not reason:
        raise DomainError("invalid", f"Say why you {verb}.")
    return after


def state_beside(case: CaseState, known: WorkState | None) -> WorkState:
    """Give where the work stands, given its case: others may have accepted or reported it.

    known: where it stood after the last step of those who do it; None before their first one.
    """
    if case not in UNDER_WAY and case is not CaseState.NEW:
        return DONE
    begun = ACCEPTED if case is CaseState.ACCEPTED else OFFERED
    if known in (None, OFFERED, DONE):
        return begun
    return known


def possible(state: WorkState) -> list[WorkVerb]:
    """Give the steps from here, in the order of the work."""
    return [verb for verb in WorkVerb if (state, verb) in STEPS]
