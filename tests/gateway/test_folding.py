"""One cause is one case, however many devices complain of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from core.registry import Feed
from gateway.api.case_models import CaseRow
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow as CaseRecord
from gateway.storage.series_tables import BornDeviceRow
from tests.gateway.hall import LAMPS, LEFT, RIGHT, START, condition, hall, lost, town

pytestmark = pytest.mark.usefixtures("each_store")


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


def test_what_is_fed_from_across_the_border_has_a_case_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> list[list[str | None]]:
        async with hall(tmp_path) as here:
            registry = town()
            across = Feed(source="lift-1", target="lift-2")
            here.registry.snapshot = RegistrySnapshot(replace(registry, feeds=(across,)), 2)
            await here.take(condition("lift-2", "stopped"))
            await here.take(condition("lift-1", "stopped"))
            await here.take(lost("lift-2"))
            return [[case.asset for case in await here.worklist(one)] for one in (LEFT, RIGHT)]

    assert asyncio.run(scenario()) == [["lift-1"], ["lift-2"]]


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


def test_devices_that_an_edge_may_not_tell_of_do_not_make_a_line_silent(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            born = BornDeviceRow(device="lift-1-device", edge="edge-2", since=START, profile="lift")
            async with here.database.transaction() as session:
                session.add(born)
                told = [*(lost(f"lamp-{n}") for n in range(8)), lost("lift-1")]
                await here.intake.take_events(session, "edge-2", told)
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert (case.asset, case.incidents) == ("lift-1", 1)


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


def test_complaints_elsewhere_are_not_read_for_a_block_of_events(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with hall(tmp_path) as here:
            await here.file()
            for n in range(3):
                await here.file(category="water.leak", place="sadovaya-1", latitude=None,
                                longitude=None, description=f"Leak {n}")  # fmt: skip
            read: list[str] = []
            event.listen(CaseRecord, "load", lambda row, _context: read.append(row.place))
            await here.take(condition("lamp-10", "lamp_silent"))
            return read

    assert asyncio.run(scenario()) == ["lesnaya"]
