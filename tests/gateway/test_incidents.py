"""What edges tell becomes incidents: each raise one, and no ghosts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from adapters.wire import ActiveCondition, ActiveSet, Condition
from core.clock import to_nanoseconds
from gateway.api.case_models import CaseDetail, CaseRow
from gateway.cases import work
from gateway.cases.desk import open_desk
from gateway.storage.case_tables import IncidentRow
from gateway.storage.series_tables import BornDeviceRow
from tests.gateway.hall import ALARMS, JPEG, LEFT, START, Hall, condition, hall, lost

pytestmark = pytest.mark.usefixtures("each_store")


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


def test_a_severity_that_nobody_knows_is_taken_for_the_worst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALARMS, "stopped", ("grave", "lift.stopped"))

    async def scenario() -> list[tuple[str, str]]:
        async with hall(tmp_path) as here:
            with capture_logs() as told:
                await here.take(condition("lift-1", "stopped"), condition("lift-1", "door_open"))
            assert [each["severity"] for each in told if "severity" in each] == ["grave"]
            return [(each.category, each.priority) for each in await here.worklist(LEFT)]

    assert sorted(asyncio.run(scenario())) == [
        ("lift.stopped", "critical"),
        ("lighting.cabinet", "low"),
    ]


def test_no_edge_says_that_an_edge_is_lost(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            since = to_nanoseconds(START)
            lost_edge = ActiveCondition(device="edge-2", condition="edge_lost", since=since)
            await here.take(ActiveSet(time=since, conditions=[lost_edge]))
            return await here.worklist(replace(LEFT, place_path="town/"))

    assert asyncio.run(scenario()) == []


@pytest.mark.parametrize(("has_read_it", "cases"), [(False, 0), (True, 1)])
def test_an_edge_tells_only_of_what_it_reads_or_has_read(
    tmp_path: Path, has_read_it: bool, cases: int
) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            reader = "edge-2" if has_read_it else "edge-3"
            born = BornDeviceRow(device="lift-1-device", edge=reader, since=START, profile="lift")
            async with here.database.transaction() as session:
                session.add(born)
                await here.intake.take_events(session, "edge-2", [condition("lift-1", "stopped")])
            return await here.worklist(LEFT)

    assert len(asyncio.run(scenario())) == cases


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
