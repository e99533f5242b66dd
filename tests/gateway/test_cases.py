"""Incidents and appeals become cases, through the services on a real SQLite file."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import (
    ActiveCondition,
    ActiveSet,
    AlarmBirth,
    CommandResult,
    Condition,
    DeviceChange,
    SignalBirth,
    WireEvent,
)
from core.actor import Actor, Role
from core.appeal import Draft
from core.case import Verb
from core.clock import to_nanoseconds
from core.errors import DomainError, NotVisible
from core.registry import (
    Asset,
    Binding,
    Device,
    Edge,
    Endpoint,
    Executor,
    Feed,
    Place,
    PlaceKind,
    Registry,
    Route,
)
from gateway.api.models import CaseDetail, CaseRow
from gateway.cases import appeals, commands, work
from gateway.cases.desk import open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.incidents import Intake
from gateway.registry.snapshot import CurrentRegistry, RegistrySnapshot
from gateway.storage.case_tables import AppealRow, EvidenceRow, IncidentRow
from gateway.storage.database import Database
from gateway.storage.schema import upgrade
from gateway.storage.tables import OutboxRow
from tests.gateway.nothing_born import NothingBorn

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
LAMPS = 300
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


def name(words: str) -> dict[str, str]:
    return {"ru": words, "en": words}


def place(identifier: str, kind: PlaceKind, parent: str | None, *position: float) -> Place:
    latitude, longitude = position or (None, None)
    return Place(id=identifier, kind=kind, name=name(identifier), parent=parent,
                 latitude=latitude, longitude=longitude)  # fmt: skip


def town() -> Registry:
    """Two banks with a street and a house each; on the left a cabinet feeds 300 lamps, every 20 m
    to the east of it, and house 5 has a lift."""
    lamps = [
        Asset(id=f"lamp-{n}", kind="street_light", name=name(f"Lamp {n}"), place="lesnaya",
              latitude=55.0, longitude=37.0 + n * 0.000313)
        for n in range(LAMPS)
    ]  # fmt: skip
    assets = [
        Asset(id="cabinet-1", kind="feeder_cabinet", name=name("Cabinet 1"), place="lesnaya",
              owner="light", latitude=55.0, longitude=37.0),
        Asset(id="lift-1", kind="lift", name=name("Lift 1"), place="lesnaya-5"),
        Asset(id="lift-2", kind="lift", name=name("Lift 2"), place="sadovaya-1"),
        *lamps,
    ]  # fmt: skip
    return Registry(
        name=name("Town"),
        places=(
            place("town", PlaceKind.REGION, None, 55.0, 37.0),
            place("left-bank", PlaceKind.MUNICIPALITY, "town", 55.0, 37.0),
            place("right-bank", PlaceKind.MUNICIPALITY, "town", 55.01, 37.1),
            place("lesnaya", PlaceKind.STREET, "left-bank", 55.0, 37.0),
            place("sadovaya", PlaceKind.STREET, "right-bank", 55.01, 37.1),
            place("lesnaya-5", PlaceKind.BUILDING, "lesnaya", 55.002, 37.0),
            place("sadovaya-1", PlaceKind.BUILDING, "sadovaya", 55.01, 37.1),
        ),
        assets=tuple(assets),
        feeds=tuple(Feed(source="cabinet-1", target=lamp.id) for lamp in lamps),
        edges=(Edge(id="edge-1", name=name("Edge"), place="town"),),
        endpoints=(Endpoint(id="line", edge="edge-1", protocol="mqtt", address="mqtt://x"),),
        devices=tuple(
            Device(
                id=f"{asset.id}-device",
                profile=asset.kind,
                endpoint="line",
                unit=asset.id,
                name=asset.name,
                place=asset.place,
            )
            for asset in assets
        ),
        bindings=tuple(Binding(asset=asset.id, device=f"{asset.id}-device") for asset in assets),
        executors=(
            Executor(id="light", name=name("Light Ltd"), place="town"),
            Executor(id="lifts", name=name("Lifts Ltd"), place="town"),
        ),
        routes=(
            Route(executor="light", category="lighting."),
            Route(executor="lifts", category="lift.", place="left-bank"),
        ),
    )


class HandClock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def time_ns(self) -> int:
        return to_nanoseconds(self.at)

    def monotonic(self) -> float:
        return self.at.timestamp()


ALARMS = {
    "mains_lost": ("high", "lighting.cabinet"),
    "door_open": ("low", "lighting.cabinet"),
    "lamp_silent": ("low", "lighting.lamp"),
    "stopped": ("high", "lift.stopped"),
    "trapped": ("critical", "lift.trapped"),
    "red_light": ("low", "traffic.violation"),
}  # fmt: skip


LIGHT = {0: name("off"), 1: name("on")}


class Births(NothingBorn):
    """What a birth would have told."""

    async def alarm_definition(
        self, session: AsyncSession, device: str, condition: str
    ) -> AlarmBirth | None:
        if condition not in ALARMS:
            return None
        severity, problem = ALARMS[condition]
        return AlarmBirth(key=condition, signal="mains", severity=severity, problem=problem,
                          name=name(condition))  # fmt: skip

    def signals_of(self, _device: str) -> Sequence[SignalBirth]:
        return [
            SignalBirth(key="mains", name=name("Mains"), unit="V"),
            SignalBirth(key="on", name=name("Light"), writable=True, states=LIGHT),
        ]


class Hall:
    """A gateway's services on a database of their own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.clock = HandClock()
        self.files = EvidenceFiles(folder / "evidence")
        self.registry = CurrentRegistry()
        self.registry.snapshot = RegistrySnapshot(town(), 1)
        self.intake = Intake(self.clock, self.registry, Births(), self.files)

    async def take(self, *events: WireEvent) -> None:
        async with self.database.transaction() as session:
            await self.intake.take_events(session, "edge-1", events)

    async def file(self, **fields: object) -> appeals.Receipt:
        draft = replace(COMPLAINT, **fields)  # type: ignore[arg-type]  # fields of Draft
        async with self.database.transaction() as session:
            desk = await open_desk(session, self.clock.now(), self.registry.snapshot)
            return await appeals.file_appeal(desk, self.files, draft)

    async def act(self, actor: Actor, case: CaseRow, verb: Verb, version: int = 0) -> CaseRow:
        async with self.database.transaction() as session:
            desk = await open_desk(session, self.clock.now(), self.registry.snapshot)
            version = version or case.version
            await work.act(desk, actor, case.id, verb, version=version, note="")
            return await work.case_detail(session, self.clock.now(), actor, case.id)

    async def worklist(self, actor: Actor, shown: work.Shown = "open") -> Sequence[CaseRow]:
        async with self.database.reading() as session:
            return await work.list_cases(session, self.clock.now(), actor, shown)

    async def detail(self, actor: Actor, number: int) -> CaseDetail:
        async with self.database.reading() as session:
            return await work.case_detail(session, self.clock.now(), actor, number)


@asynccontextmanager
async def hall(folder: Path) -> AsyncIterator[Hall]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'kvartal.sqlite'}")
    await upgrade(database.engine)
    try:
        yield Hall(database, folder)
    finally:
        await database.close()


def dispatcher(bank: str) -> Actor:
    return Actor(id=bank, name=f"D. {bank}", role=Role.DISPATCHER, place=bank,
                 place_path=f"town/{bank}/")  # fmt: skip


LEFT, RIGHT = dispatcher("left-bank"), dispatcher("right-bank")
COMPLAINT = Draft(category="lighting.dark", description="It is dark here", latitude=55.0,
                  longitude=37.003)  # fmt: skip


def condition(asset: str, key: str, *, active: bool = True, after: float = 0.0) -> Condition:
    at = to_nanoseconds(START + timedelta(seconds=after))
    return Condition(device=f"{asset}-device", condition=key, active=active, time=at, number=1,
                     value=0.0)  # fmt: skip


def lost(asset: str, after: float = 0.0) -> DeviceChange:
    at = to_nanoseconds(START + timedelta(seconds=after))
    return DeviceChange(device=f"{asset}-device", online=False, time=at)


def test_a_dead_cabinet_folds_its_lamps_into_one_case(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            await here.take(*(condition(f"lamp-{n}", "lamp_silent") for n in range(40)))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert (case.asset, case.incidents, case.active_incidents, case.executor) == (
        "cabinet-1",
        41,
        41,
        "light",
    )


def test_lamps_that_were_missed_before_their_cabinet_are_taken_over(tmp_path: Path) -> None:
    async def scenario() -> tuple[Sequence[CaseRow], list[bool]]:
        async with hall(tmp_path) as here:
            await here.take(*(condition(f"lamp-{n}", "lamp_silent") for n in range(5)))
            assert len(await here.worklist(LEFT)) == 5
            await here.take(condition("cabinet-1", "mains_lost", after=3))
            found = await here.worklist(LEFT)
            detail = await here.detail(LEFT, found[0].id)
            return found, [one.first_out for one in detail.incident_list]

    found, first_out = asyncio.run(scenario())
    assert [(case.asset, case.incidents) for case in found] == [("cabinet-1", 6)]
    assert first_out == [False, False, False, False, False, True]


def test_an_open_cabinet_door_does_not_fold_a_lamp(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "door_open"), lost("lamp-1"))
            return await here.worklist(LEFT)

    assert len(asyncio.run(scenario())) == 2


def test_silent_lamps_fold_under_a_cabinet_that_is_silent_too(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(lost("lamp-1"), lost("cabinet-1"), lost("lamp-2"))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert (case.asset, case.category, case.incidents) == ("cabinet-1", "device.silent", 3)


def test_a_cabinet_without_mains_explains_why_it_was_silent(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(lost("cabinet-1"), condition("cabinet-1", "mains_lost", after=1))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert (case.category, case.incidents) == ("lighting.cabinet", 2)


def test_many_devices_of_a_line_that_are_lost_at_once_are_one_case_a_bank(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(*(lost(f"lamp-{n}") for n in range(8)), lost("lift-2"))
            await here.take(lost("lift-1", after=1))
            return await here.worklist(replace(LEFT, place_path="town/"))

    found = asyncio.run(scenario())
    assert sorted((case.asset or "", case.place, case.incidents) for case in found) == [
        ("", "left-bank", 9),
        ("lift-2", "sadovaya-1", 1),
    ]


def test_a_device_that_answers_again_closes_its_untouched_case(tmp_path: Path) -> None:
    back = DeviceChange(device="lift-1-device", online=True, time=to_nanoseconds(START) + 9)

    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(lost("lift-1"))
            await here.take(back)
            return await here.worklist(LEFT, "all")

    (case,) = asyncio.run(scenario())
    assert (case.state, case.active_incidents) == ("closed", 0)


def test_a_lift_that_runs_again_still_waits_for_a_person(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=1))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert case.state == "routed"


def test_a_complaint_beside_a_dark_lamp_joins_the_case_of_the_cabinet(tmp_path: Path) -> None:
    async def scenario() -> tuple[appeals.Receipt, Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            receipt = await here.file(photos=[JPEG])
            return receipt, await here.worklist(LEFT)

    receipt, (case,) = asyncio.run(scenario())
    assert (receipt.joined, case.appeals, case.incidents) == (True, 1, 1)


def test_a_complaint_that_came_first_is_taken_over_by_the_cabinet(tmp_path: Path) -> None:
    async def scenario() -> tuple[appeals.Receipt, Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            receipt = await here.file()
            await here.take(condition("cabinet-1", "mains_lost"))
            return receipt, await here.worklist(LEFT)

    receipt, (case,) = asyncio.run(scenario())
    assert (receipt.joined, case.asset, case.appeals) == (False, "cabinet-1", 1)


def test_two_complaints_within_sixty_metres_are_one_case(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        async with hall(tmp_path) as here:
            first = await here.file()
            near = await here.file(latitude=55.0005)  # 56 m
            far = await here.file(latitude=55.0006)  # 67 m from the first
            return [first.joined, near.joined, far.joined]

    assert asyncio.run(scenario()) == [False, True, False]


def test_a_complaint_about_something_else_opens_its_own_case(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            await here.file(category="yard.other")
            return await here.worklist(LEFT)

    assert len(asyncio.run(scenario())) == 2


def test_what_nobody_is_responsible_for_goes_to_the_duty_service(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            receipt = await here.file(category="yard.other")
            return await here.detail(LEFT, receipt.case)

    detail = asyncio.run(scenario())
    assert (detail.executor, detail.state) == ("duty-service", "routed")
    assert "no row" in detail.reason["en"]


async def shown_incidents(here: Hall) -> list[bool]:
    """Tell which incidents of the town are active, the oldest first."""
    async with here.database.reading() as session:
        found = await session.scalars(select(IncidentRow).order_by(IncidentRow.id))
        return [row.cleared_at is None for row in found]


def test_an_alarm_that_comes_back_with_the_same_time_is_an_incident_of_its_own(
    tmp_path: Path,
) -> None:
    async def scenario() -> tuple[list[bool], list[bool], Sequence[CaseRow]]:
        stopped, runs = condition("lift-1", "stopped"), condition("lift-1", "stopped", active=False)
        async with hall(tmp_path) as here:
            for event in (stopped, runs, stopped):
                await here.take(event)
            raised = await shown_incidents(here)
            await here.take(runs)
            return raised, await shown_incidents(here), await here.worklist(LEFT)

    raised, cleared, (case,) = asyncio.run(scenario())
    assert raised == [False, True]
    assert cleared == [False, False]
    assert (case.incidents, case.active_incidents) == (2, 0)


def test_changes_of_one_block_with_the_same_time_all_count(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        stopped, runs = condition("lift-1", "stopped"), condition("lift-1", "stopped", active=False)
        async with hall(tmp_path) as here:
            await here.take(stopped, runs, stopped, runs, stopped)
            return await shown_incidents(here)

    assert asyncio.run(scenario()) == [False, False, True]


def test_a_set_that_restates_what_is_known_changes_nothing(tmp_path: Path) -> None:
    since = to_nanoseconds(START)
    active = [ActiveCondition(device="lift-1-device", condition="stopped", since=since)]

    async def scenario() -> tuple[list[bool], list[bool]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(ActiveSet(time=since, conditions=active))
            await here.take(ActiveSet(time=since, conditions=active))
            before = await shown_incidents(here)
            await here.take(condition("lift-1", "stopped", active=False, after=5))
            await here.take(ActiveSet(time=since, conditions=active))  # a killed edge forgot it
            return before, await shown_incidents(here)

    assert asyncio.run(scenario()) == ([True], [False])


def test_a_finding_that_is_seen_twice_is_one_incident(tmp_path: Path) -> None:
    seen = msgspec.structs.replace(condition("lift-1", "red_light"), transient=True)

    async def scenario() -> list[bool]:
        async with hall(tmp_path) as here:
            await here.take(seen)
            await here.take(seen)
            return await shown_incidents(here)

    assert asyncio.run(scenario()) == [False]


def test_a_lost_clear_leaves_no_ghost(tmp_path: Path) -> None:
    async def scenario() -> list[tuple[str, bool]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"), lost("lift-2"))
            since = to_nanoseconds(START)
            still = [ActiveCondition(device="lift-2-device", condition="device_lost", since=since)]
            await here.take(ActiveSet(time=since + 1_000_000_000, conditions=still))
            async with here.database.reading() as session:
                everybody = replace(LEFT, place_path="town/")
                found = await work.list_incidents(
                    session, everybody, active=None, unacknowledged=False, asset=None
                )
            return sorted((one.device, one.active) for one in found)

    assert asyncio.run(scenario()) == [("lift-1-device", False), ("lift-2-device", True)]


def test_what_the_registry_does_not_know_is_told_to_the_region(tmp_path: Path) -> None:
    strange = Condition(device="stranger", condition="odd", active=True, time=1, number=1,
                        value=float("nan"))  # fmt: skip

    async def scenario() -> tuple[Sequence[CaseRow], CaseDetail]:
        async with hall(tmp_path) as here:
            await here.take(strange)
            region = replace(LEFT, place_path="town/")
            (case,) = await here.worklist(region)
            return await here.worklist(LEFT), await here.detail(region, case.id)

    left, detail = asyncio.run(scenario())
    assert left == []
    assert (detail.place, detail.category, detail.title) == ("town", "device.silent", {"en": "odd"})
    assert detail.incident_list[0].value is None


def test_a_set_of_what_is_active_raises_what_was_not_known(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            since = to_nanoseconds(START)
            active = [ActiveCondition(device="lift-1-device", condition="stopped", since=since)]
            await here.take(ActiveSet(time=since, conditions=active))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert (case.asset, case.active_incidents) == ("lift-1", 1)


def test_a_dispatcher_finds_nothing_of_the_other_bank(tmp_path: Path) -> None:
    async def scenario() -> tuple[Sequence[CaseRow], Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-2", "stopped"))
            right = await here.worklist(RIGHT)
            with pytest.raises(NotVisible):
                await here.detail(LEFT, right[0].id)
            return await here.worklist(LEFT), right

    left, right = asyncio.run(scenario())
    assert (len(left), len(right)) == (0, 1)


def test_a_case_with_an_active_incident_is_not_closed_and_says_why(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            case = await here.act(LEFT, case, Verb.RESOLVE)
            with pytest.raises(DomainError, match="Not back to normal yet: stopped") as refusal:
                await here.act(LEFT, case, Verb.CLOSE)
            return refusal.value.code

    assert asyncio.run(scenario()) == "proof_missing"


def test_a_case_closes_once_telemetry_shows_the_return_to_normal(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            case = await here.act(LEFT, case, Verb.RESOLVE)
            case = await here.act(LEFT, case, Verb.CLOSE)
            return await here.detail(LEFT, case.id)

    detail = asyncio.run(scenario())
    assert (detail.state, detail.missing_proof) == ("closed", [])
    assert [(piece.kind, piece.grade) for piece in detail.evidence] == [("telemetry", "A")]
    (proof,) = detail.evidence
    assert proof.text["en"] == "stopped: back to normal, 0 V"
    assert proof.at == START + timedelta(seconds=60)


def test_a_closed_case_does_not_take_the_next_failure(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            (case,) = await here.worklist(LEFT)
            for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
                case = await here.act(LEFT, case, verb)
            await here.take(condition("lift-1", "stopped", after=90))
            return await here.worklist(LEFT, "all")

    assert sorted(case.state for case in asyncio.run(scenario())) == ["closed", "routed"]


def test_a_failure_that_comes_again_reopens_what_was_reported_done(tmp_path: Path) -> None:
    async def scenario() -> CaseRow:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            await here.act(LEFT, case, Verb.RESOLVE)
            await here.take(condition("lift-1", "stopped", after=90))
            (case,) = await here.worklist(LEFT)
            return case

    assert asyncio.run(scenario()).state == "accepted"


def test_a_trapped_passenger_makes_a_stopped_lift_critical(tmp_path: Path) -> None:
    async def scenario() -> CaseRow:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"), condition("lift-1", "trapped", after=2))
            (case,) = await here.worklist(LEFT)
            return case

    case = asyncio.run(scenario())
    assert (case.category, case.priority, case.due_name) == ("lift.trapped", "critical", "release")


def test_a_step_on_an_old_version_is_refused(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            await here.act(LEFT, case, Verb.ACCEPT)
            with pytest.raises(DomainError) as refusal:
                await here.act(LEFT, case, Verb.RESOLVE)
            return refusal.value.code

    assert asyncio.run(scenario()) == "case_changed"


def test_an_executor_finds_only_what_was_routed_to_them(tmp_path: Path) -> None:
    light = replace(LEFT, role=Role.EXECUTOR, executor="light")
    lifts = replace(LEFT, role=Role.EXECUTOR, executor="lifts")

    async def scenario() -> tuple[str, str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            with pytest.raises(NotVisible) as refusal:
                await here.act(light, case, Verb.ACCEPT)
            accepted = await here.act(lifts, case, Verb.ACCEPT)
            return refusal.value.code, accepted.state

    assert asyncio.run(scenario()) == ("not_found", "accepted")


def test_acknowledging_covers_the_raises_that_were_named(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[int], list[int], int]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            async with here.database.transaction() as session:
                desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
                first = await work.acknowledge(desk, LEFT, [1])
            await here.take(condition("lift-1", "stopped", active=False, after=1))
            await here.take(condition("lift-1", "stopped", after=2))
            async with here.database.transaction() as session:
                desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
                again = await work.acknowledge(desk, LEFT, [1])
            (case,) = await here.worklist(LEFT)
            return first, again, case.unacknowledged

    assert asyncio.run(scenario()) == ([1], [], 1)


def test_complaints_at_the_same_moment_open_one_case(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await asyncio.gather(*(here.file() for _ in range(8)))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert case.appeals == 8


def test_an_applicant_follows_the_appeal_with_its_key(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            receipt = await here.file()
            async with here.database.reading() as session:
                with pytest.raises(NotVisible):
                    await appeals.status_of(session, START, receipt.number, "guess")
                status = await appeals.status_of(session, START, receipt.number, receipt.key)
            return status.state

    assert asyncio.run(scenario()) == "open"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"latitude": None}, "no_place"),
        ({"latitude": 10.0}, "outside"),
        ({"latitude": float("nan")}, "outside"),
        ({"place": "nowhere"}, "unknown_place"),
        ({"latitude": None, "address": "Nowhere street 7"}, "unknown_address"),
        ({"description": "x" * 10_000}, "too_long"),
        ({"description": "  \n "}, "too_short"),
        ({"description": "dark <script>alert(1)</script>"}, "markup"),
        ({"description": "dark <img src=x onerror=alert(1)"}, "markup"),
        ({"photos": [b"MZ\x90\x00" + bytes(100)]}, "not_a_photo"),
        ({"photos": [b"\x7fELF" + bytes(100)]}, "not_a_photo"),
        ({"photos": [JPEG] * 6}, "too_many"),
        ({"category": "device.silent"}, "unknown_category"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_a_bad_complaint_is_refused_and_nothing_of_it_is_kept(
    tmp_path: Path, fields: dict[str, object], code: str
) -> None:
    async def scenario() -> tuple[list[str], int]:
        async with hall(tmp_path) as here:
            with pytest.raises(DomainError) as refusal:
                await here.file(**fields)
            async with here.database.reading() as session:
                counts = [
                    await session.scalar(select(func.count()).select_from(table)) or 0
                    for table in (AppealRow, EvidenceRow, OutboxRow)
                ]
            return [detail["code"] for detail in refusal.value.details], sum(counts)

    assert asyncio.run(scenario()) == ([code], 0)
    assert not (tmp_path / "evidence").exists()


def test_words_with_a_less_than_sign_are_not_markup(tmp_path: Path) -> None:
    async def scenario() -> appeals.Receipt:
        async with hall(tmp_path) as here:
            return await here.file(description="Warmth < 18 °C, we are <3 weeks without lamps")

    assert asyncio.run(scenario()).number


def test_a_finding_with_a_picture_keeps_it_as_evidence(tmp_path: Path) -> None:
    still = condition("lift-1", "red_light")
    still.still, still.transient = JPEG, True

    async def scenario() -> tuple[CaseDetail, bytes]:
        async with hall(tmp_path) as here:
            await here.take(still)
            (case,) = await here.worklist(LEFT)
            detail = await here.detail(LEFT, case.id)
            async with here.database.reading() as session:
                number = detail.incident_list[0].still or 0
                row = await work.find_evidence(session, LEFT, number)
                return detail, await here.files.get(row.sha256)

    detail, content = asyncio.run(scenario())
    assert content == JPEG
    assert sorted(piece.kind for piece in detail.evidence) == ["still", "telemetry"]


@pytest.mark.parametrize("cabinet", [True, False])
def test_three_hundred_lamps_lost_at_once_are_not_looked_up_one_by_one(
    tmp_path: Path, cabinet: bool
) -> None:
    queries: list[str] = []

    async def scenario() -> int:
        async with hall(tmp_path) as here:
            await here.take(*[condition("cabinet-1", "mains_lost")][: int(cabinet)])
            event.listen(
                here.database.engine.sync_engine,
                "before_cursor_execute",
                lambda _c, _cursor, statement, *_: queries.append(statement),
            )
            await here.take(*(condition(f"lamp-{n}", "lamp_silent") for n in range(LAMPS)))
            asked = len([each for each in queries if each.startswith("SELECT")])
            assert len(await here.worklist(LEFT)) == (1 if cabinet else LAMPS)
            return asked

    assert asyncio.run(scenario()) < LAMPS / 10


async def command(here: Hall, *, confirmed: bool, case: int | None = None) -> str:
    """Prepare a command, confirm it if so, and give its id."""
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        row = await commands.prepare(
            desk, LEFT, Births(), device="lamp-1-device", key="on", value=1, case=case
        )
        if confirmed:
            await commands.confirm(desk, LEFT, Births(), row.id)
        return row.id


async def command_after(here: Hall, identifier: str, seconds: float) -> str:
    """Let time pass, look for commands whose time is over, and give the state of this one."""
    here.clock.at += timedelta(seconds=seconds)
    async with here.database.transaction() as session:
        await commands.lapse(session, here.clock, Births())
        return (await commands.find(session, LEFT, identifier)).state


@pytest.mark.parametrize(
    ("confirmed", "seconds", "state"),
    [
        (False, 60, "prepared"),
        (False, 61, "expired"),
        (True, 45, "requested"),
        (True, 46, "unknown"),
    ],
)
def test_a_command_does_not_wait_for_ever(
    tmp_path: Path, confirmed: bool, seconds: float, state: str
) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            return await command_after(here, await command(here, confirmed=confirmed), seconds)

    assert asyncio.run(scenario()) == state


def test_a_late_answer_is_still_an_answer_and_the_order_was_given_once(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, int]:
        async with hall(tmp_path) as here:
            number = await command(here, confirmed=True)
            assert await command_after(here, number, 60) == "unknown"
            await here.take(CommandResult(command=number, state="confirmed", time=1, value=1))
            async with here.database.reading() as session:
                orders = select(func.count()).where(OutboxRow.topic == "order")
                state = (await commands.find(session, LEFT, number)).state
                return state, await session.scalar(orders) or 0

    assert asyncio.run(scenario()) == ("confirmed", 1)


def test_the_timeline_names_the_state_that_a_command_sets(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.take(condition("lamp-1", "lamp_silent"))
            (case,) = await here.worklist(LEFT)
            number = await command(here, confirmed=True, case=case.id)
            await here.take(CommandResult(command=number, state="confirmed", time=1, value=1))
            return await here.detail(LEFT, case.id)

    timeline = asyncio.run(scenario()).timeline
    assert [entry.text["en"] for entry in timeline if entry.kind == "command"] == [
        "Command: Light → on",
        "Command done, the device confirms: Light = on",
    ]
