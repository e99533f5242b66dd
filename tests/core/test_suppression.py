"""Nobody is told of what is suppressed, and nobody can suppress what they may not."""

from datetime import UTC, datetime, timedelta

import pytest

from core.actor import Role
from core.alarm import Severity
from core.errors import DomainError
from core.incident import Incident, IncidentState, Suppressed
from core.suppression import Suppression, shelve, suppress, suppressed_by

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOW, MEDIUM, HIGH, CRITICAL = Severity


def shelved(
    role: Role = Role.DISPATCHER,
    severity: Severity = LOW,
    hours: float = 1,
    reason: str = "being repaired",
) -> Suppression:
    return shelve(
        role,
        severity,
        device="pump",
        condition="dry",
        by="Anna",
        by_id="anna",
        reason=reason,
        at=START,
        until=START + hours * HOUR,
    )


def wanted(why: Suppressed, **fields: object) -> Suppression:
    known: dict[str, object] = {
        "why": why,
        "asset": "main-1",
        "since": START,
        "until": START + HOUR,
        "reason": "planned works",
        "order": "17-A",
        "by": "Oleg",
    }
    return Suppression(**(known | fields))  # type: ignore[arg-type]  # fields of Suppression


@pytest.mark.parametrize(
    ("severity", "hours"), [(LOW, 24), (MEDIUM, 8), (HIGH, 1)], ids=["low", "medium", "high"]
)
def test_the_worse_an_alarm_the_shorter_it_may_be_shelved(severity: Severity, hours: int) -> None:
    assert shelved(severity=severity, hours=hours).until == START + hours * HOUR
    with pytest.raises(DomainError, match=f"for {hours} h at most"):
        shelved(severity=severity, hours=hours + 0.1)


def test_what_is_critical_is_quiet_only_once_another_person_has_confirmed_it() -> None:
    asked = shelved(Role.ADMINISTRATOR, CRITICAL, 0.5)
    with pytest.raises(DomainError, match=r"for 0\.5 h at most"):
        shelved(Role.ADMINISTRATOR, CRITICAL, 0.6)
    with pytest.raises(DomainError, match="Another person"):
        asked.confirm(Role.DISPATCHER, "anna", "Anna", START)
    confirmed = asked.confirm(Role.DISPATCHER, "boris", "Boris", START)

    assert (asked.is_in_force(START), confirmed.is_in_force(START)) == (False, True)


def test_what_nobody_confirms_in_ten_minutes_lapses() -> None:
    asked, late = shelved(severity=CRITICAL, hours=0.5), START + HOUR / 6
    with pytest.raises(DomainError, match="nothing to confirm"):
        asked.confirm(Role.DISPATCHER, "boris", "Boris", late)

    assert asked.is_over(late)


@pytest.mark.parametrize(("hours", "reason"), [(0, "why not"), (-1, "why not"), (1, " ")])
def test_shelving_needs_an_end_to_come_and_a_reason(hours: float, reason: str) -> None:
    with pytest.raises(DomainError):
        shelved(hours=hours, reason=reason)


@pytest.mark.parametrize("role", [Role.EXECUTOR, Role.RESIDENT])
def test_only_those_who_watch_may_shelve(role: Role) -> None:
    with pytest.raises(DomainError, match="not for you") as refused:
        shelved(role)
    assert refused.value.code == "forbidden"


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.EXECUTOR, Role.RESIDENT])
@pytest.mark.parametrize("why", [Suppressed.BY_DESIGN, Suppressed.OUT_OF_SERVICE])
def test_only_an_administrator_may_suppress_for_longer(why: Suppressed, role: Role) -> None:
    with pytest.raises(DomainError, match="not for you") as refused:
        suppress(role, wanted(why), START)
    assert refused.value.code == "forbidden"


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        (Suppressed.OUT_OF_SERVICE, {"order": ""}),
        (Suppressed.OUT_OF_SERVICE, {"reason": ""}),
        (Suppressed.OUT_OF_SERVICE, {"asset": ""}),
        (Suppressed.OUT_OF_SERVICE, {"device": "pump"}),
        (Suppressed.OUT_OF_SERVICE, {"until": START - HOUR}),
        (Suppressed.BY_DESIGN, {"until": None}),
        (Suppressed.BY_DESIGN, {"since": START + HOUR}),
    ],
)
def test_a_suppression_that_says_too_little_is_refused(
    why: Suppressed, fields: dict[str, object]
) -> None:
    with pytest.raises(DomainError):
        suppress(Role.ADMINISTRATOR, wanted(why, **fields), START)


def test_out_of_service_may_have_no_end_but_a_person() -> None:
    taken = suppress(Role.ADMINISTRATOR, wanted(Suppressed.OUT_OF_SERVICE, until=None), START)
    assert taken.is_in_force(START + 1000 * HOUR)
    assert not taken.end(START + HOUR, "Oleg").is_in_force(START + HOUR)


def test_it_holds_from_its_beginning_to_its_end() -> None:
    plan = wanted(Suppressed.BY_DESIGN, since=START + HOUR, until=START + 2 * HOUR)
    assert [plan.is_in_force(START + hours * HOUR) for hours in (0, 1, 1.9, 2)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("suppression", "expected"),
    [
        (wanted(Suppressed.BY_DESIGN), set()),
        (wanted(Suppressed.BY_DESIGN, below=True), {Suppressed.BY_DESIGN}),
        (wanted(Suppressed.OUT_OF_SERVICE, asset="flat-1"), {Suppressed.OUT_OF_SERVICE}),
        (shelved(), {Suppressed.SHELVED}),
        (wanted(Suppressed.OUT_OF_SERVICE, asset="", device="other"), set()),
    ],
    ids=["what feeds it", "all below what feeds it", "itself", "the condition", "another"],
)
def test_it_covers_what_it_is_about(suppression: Suppression, expected: set[Suppressed]) -> None:
    found = suppressed_by(
        [suppression],
        START,
        device="pump",
        condition="dry",
        severity=Severity.HIGH,
        asset="flat-1",
        feeding={"main-1"},
    )
    assert found == expected


@pytest.mark.parametrize("why", [Suppressed.BY_DESIGN, Suppressed.OUT_OF_SERVICE])
def test_no_design_silences_what_is_critical(why: Suppressed) -> None:
    found = suppressed_by(
        [wanted(why, asset="flat-1")],
        START,
        device="pump",
        condition="trapped",
        severity=Severity.CRITICAL,
        asset="flat-1",
        feeding=(),
    )
    assert found == ({why} - {Suppressed.BY_DESIGN})


def test_another_condition_of_the_device_is_still_told() -> None:
    found = suppressed_by(
        [shelved()],
        START,
        device="pump",
        condition="hot",
        severity=Severity.HIGH,
        asset="flat-1",
        feeding=(),
    )
    assert not found


def test_the_state_follows_from_the_facts() -> None:
    quiet = Incident.raised(
        START, START, suppressed=frozenset({Suppressed.SHELVED, Suppressed.OUT_OF_SERVICE})
    )
    assert quiet.state is IncidentState.OUT_OF_SERVICE
    assert quiet.active


def test_a_latched_alarm_returns_only_after_a_person_has_seen_and_reset_it() -> None:
    raised = Incident.raised(START, START, latching=True)
    returned = raised.cleared(START + HOUR)
    with pytest.raises(DomainError, match="back to normal"):
        raised.acknowledge("Anna", START).reset(START)
    with pytest.raises(DomainError, match="Acknowledge"):
        returned.reset(START + HOUR)
    seen = returned.acknowledge("Anna", START + HOUR)
    assert [each.state for each in (raised, returned, seen, seen.reset(START + HOUR))] == [
        "unacknowledged",
        "unacknowledged",
        "acknowledged",
        "normal",
    ]


def test_a_latched_alarm_whose_source_went_wrong_again_is_not_reset() -> None:
    again = Incident.raised(START, START, latching=True).cleared(START + HOUR).came_again()
    with pytest.raises(DomainError, match="back to normal"):
        again.acknowledge("Anna", START + HOUR).reset(START + HOUR)
