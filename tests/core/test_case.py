"""A case takes only legal steps, carries its clocks, and closes on proof."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actor import Role
from core.case import STEPS, Case, CaseState, Verb, allowed_verbs
from core.category import category
from core.deadline import Deadline
from core.errors import DomainError
from core.proof import Proof
from gateway.deadlines.rules_file import bundled_deadlines

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = bundled_deadlines().rules
PROVED = Proof(incidents=1, returned=True)

verbs = st.sampled_from(list(Verb))


def do(case: Case, verb: Verb, at: datetime, proof: Proof = PROVED) -> None:
    match verb:
        case Verb.VERIFY:
            case.verify(at, proof)
        case Verb.CLOSE:
            case.close(at, proof)
        case _:
            getattr(case, verb)(at)


def opened(code: str = "lift.stopped", *path: Verb) -> Case:
    case = Case.opened(category(code), RULES, START)
    for verb in path:
        do(case, verb, START)
    return case


def clock(case: Case, name: str) -> Deadline:
    return [clock for clock in case.clocks if clock.name == name][-1]


DONE = (Verb.ROUTE, Verb.ACCEPT, Verb.RESOLVE)


@given(st.lists(verbs, max_size=20))
def test_an_illegal_step_is_refused_and_changes_nothing(tried: list[Verb]) -> None:
    case = Case.opened(category("lift.stopped"), RULES, START)
    for number, verb in enumerate(tried):
        before = (case.state, case.version, list(case.clocks), case.closed_at)
        legal = (case.state, verb) in STEPS or (case.state, verb) == ("resolved", "close")
        try:
            do(case, verb, START + number * MINUTE)
        except DomainError:
            assert not legal
            assert (case.state, case.version, list(case.clocks), case.closed_at) == before
        else:
            assert legal
            assert case.version > before[1]


@given(st.lists(verbs, max_size=20))
def test_a_closed_case_was_proved(tried: list[Verb]) -> None:
    case = Case.opened(category("lift.stopped"), RULES, START)
    for verb in tried:
        try:
            do(case, verb, START, Proof(incidents=1))
        except DomainError:
            continue
    assert case.state is not CaseState.CLOSED or {Verb.ABSORB, Verb.OVERRULE} & set(tried)


def test_a_refused_closure_lists_what_is_missing_in_both_languages() -> None:
    case = opened("lift.stopped", *DONE)
    with pytest.raises(DomainError) as refusal:
        case.close(START, Proof(incidents=0))
    assert refusal.value.code == "proof_missing"
    assert refusal.value.details[0]["ru"] == "Приложите фотографию сделанной работы."


def test_an_executor_accepts_and_resolves_and_does_not_close() -> None:
    table = {state: allowed_verbs(state, Role.EXECUTOR) for state in CaseState}
    assert table == {
        "new": [],
        "routed": ["accept"],
        "accepted": ["resolve"],
        "resolved": [],
        "verified": [],
        "closed": [],
    }


def test_a_dispatcher_may_do_the_whole_work() -> None:
    table = {state: allowed_verbs(state, Role.DISPATCHER) for state in CaseState}
    assert table == {
        "new": [],
        "routed": ["accept"],
        "accepted": ["resolve"],
        "resolved": ["close", "reopen", "overrule"],
        "verified": ["close", "reopen"],
        "closed": ["reopen"],
    }


def test_a_trapped_passenger_is_to_be_released_within_half_an_hour() -> None:
    case = opened("lift.trapped", Verb.ROUTE)
    due = case.next_clock()
    assert due is not None
    assert (due.name, due.due_at(START)) == ("emergency", START + 10 * MINUTE)
    assert clock(case, "release").due_at(START) == START + 30 * MINUTE


def test_the_work_clock_goes_on_as_if_it_had_never_halted() -> None:
    case = opened("lift.stopped", Verb.ROUTE, Verb.ACCEPT)
    case.resolve(START + timedelta(hours=1))
    case.reopen(START + timedelta(hours=30))
    resolve = clock(case, "resolve")
    assert resolve.due_at(START + timedelta(hours=30)) == START + timedelta(hours=24)
    assert resolve.is_breached(START + timedelta(hours=30))


def test_what_was_done_in_time_stays_so_however_late_it_is_verified() -> None:
    case = opened("lift.stopped", Verb.ROUTE, Verb.ACCEPT)
    case.resolve(START + timedelta(hours=1))
    case.close(START + timedelta(hours=40), PROVED)
    assert not clock(case, "resolve").is_breached(START + timedelta(hours=40))
    assert clock(case, "verify").is_breached(START + timedelta(hours=40))
