"""Planned works: announced, quiet for their time, an answer to complaints, and done on proof."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from core.actor import Actor, Role
from core.errors import DomainError, NotVisible
from gateway.api.appeal_models import AppealStatus
from gateway.api.planned_models import PlanForm, PlannedWorks
from gateway.cases import feedback
from gateway.cases.appeals import Receipt
from gateway.cases.desk import Desk, open_desk
from gateway.cases.suppressions import settle_due
from gateway.storage.planned_tables import PlannedWorkRow
from gateway.works import planning
from gateway.works.overrun import raise_overdue
from gateway.works.show import show_public, show_works
from tests.gateway.hall import JPEG, LEFT, RIGHT, START, Hall, condition, hall

pytestmark = pytest.mark.usefixtures("each_store")

HOUR = timedelta(hours=1)
WORKER = Actor(id="w", name="W", role=Role.EXECUTOR, place="town", place_path="town/",
               executor="light")  # fmt: skip
OTHER = Actor(id="o", name="O", role=Role.EXECUTOR, place="town", place_path="town/",
              executor="lifts")  # fmt: skip
T = TypeVar("T")


def run(folder: Path, scenario: Callable[[Hall], Awaitable[T]]) -> T:
    async def in_hall() -> T:
        async with hall(folder) as here:
            return await scenario(here)

    return asyncio.run(in_hall())


async def at_desk(here: Hall, work: Callable[[Desk], Awaitable[T]]) -> T:
    async with here.database.transaction() as session:
        return await work(await open_desk(session, here.clock.now(), here.registry.snapshot))


def form(**fields: Any) -> PlanForm:
    return PlanForm.model_validate(
        {
            "title": "New cable",
            "category": "lighting.dark",
            "assets": ["cabinet-1"],
            "executor": "light",
            "since": START + HOUR,
            "until": START + 4 * HOUR,
        }
        | fields
    )


async def planned(here: Hall, actor: Actor = LEFT, **fields: Any) -> int:
    async def work(desk: Desk) -> int:
        return (await planning.draft(desk, actor, form(**fields))).id

    return await at_desk(here, work)


async def announced(here: Hall, **fields: Any) -> int:
    number = await planned(here, **fields)
    await at_desk(here, lambda desk: planning.publish(desk, LEFT, number))
    return number


async def finish(
    here: Hall, number: int, photo: bytes = b"", actor: Actor = LEFT
) -> PlannedWorkRow:
    return await at_desk(
        here,
        lambda desk: planning.finish(
            desk, here.files, actor, number, result="It burns", photo=photo
        ),
    )


async def let_pass(here: Hall, hours: float) -> None:
    here.clock.at += hours * HOUR
    await at_desk(here, settle_due)
    await at_desk(here, raise_overdue)


async def shown(here: Hall, actor: Actor = LEFT) -> list[PlannedWorks]:
    async with here.database.reading() as session:
        rows = await planning.list_works(session, actor, here.clock.now())
        return [show_works(row, here.registry.snapshot, here.clock.now()) for row in rows]


async def status(here: Hall, receipt: Receipt) -> AppealStatus:
    rules = here.registry.snapshot.deadlines.rules
    async with here.database.reading() as session:
        return await feedback.status_of(
            session, here.clock.now(), receipt.number, receipt.key, rules
        )


def test_a_draft_says_what_it_would_cut_off_and_nobody_else_sees_it(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await planned(here)
        (mine,) = await shown(here)
        assert (mine.state, mine.affected, mine.houses_affected) == ("draft", 301, 0)
        assert [each.id for each in mine.assets] == ["cabinet-1"]
        assert await shown(here, RIGHT) == []
        async with here.database.reading() as session:
            assert await planning.announced(session, here.clock.now()) == []

    run(tmp_path, scenario)


def test_what_it_cuts_off_is_quiet_for_its_time_and_heard_after_it(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await announced(here)
        await let_pass(here, 1.5)
        await here.take(condition("cabinet-1", "mains_lost", after=5400))
        assert await here.worklist(LEFT) == []
        await let_pass(here, 3)
        (case,) = await here.worklist(LEFT)
        assert (case.active_incidents, case.executor) == (1, "light")

    run(tmp_path, scenario)


def test_what_is_critical_is_heard_all_the_same(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await announced(here, assets=["lift-1"], category="lift.stopped", executor="lifts")
        await let_pass(here, 1.5)
        await here.take(
            condition("lift-1", "stopped", after=5400), condition("lift-1", "trapped", after=5401)
        )
        (case,) = await here.worklist(LEFT)
        assert (case.active_incidents, case.priority) == (1, "critical")

    run(tmp_path, scenario)


def test_those_who_complain_are_told_of_it_and_are_one_case(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        number = await announced(here)
        await let_pass(here, 1.5)
        first = await here.file()
        second = await here.file(description="Dark by the school", longitude=37.05)
        assert first.joined
        assert first.case == second.case
        assert first.expected_at == START + 4 * HOUR
        told = await status(here, first)
        assert (told.works, told.expected_at) == ("New cable", START + 4 * HOUR)
        case = await here.detail(LEFT, first.case)
        assert (case.asset, case.executor, case.hands) == ("cabinet-1", "light", 0)
        assert case.title["en"] == "Planned works: New cable"
        (works,) = await shown(here)
        assert (works.id, works.case) == (number, first.case)

    run(tmp_path, scenario)


def test_a_complaint_of_something_else_or_before_it_stands_alone(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await announced(here)
        early = await here.file()
        assert not early.joined
        await let_pass(here, 1.5)
        other = await here.file(
            category="lift.stopped", description="It stands", place="lesnaya-5",
            latitude=None, longitude=None,
        )  # fmt: skip
        assert not other.joined

    run(tmp_path, scenario)


def test_it_becomes_a_case_once_when_it_is_late_and_prolonging_gives_it_time(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall) -> None:
        number = await announced(here)
        await let_pass(here, 5)
        await let_pass(here, 0.1)
        (case,) = await here.worklist(LEFT)
        said = [line.text["en"] for line in (await here.detail(LEFT, case.id)).timeline]
        assert sum("not done in time" in line for line in said) == 1
        (works,) = await shown(here)
        assert (works.state, works.case) == ("overdue", case.id)
        until = here.clock.now() + HOUR
        await at_desk(
            here, lambda desk: planning.prolong(desk, LEFT, number, until, "the ground is frozen")
        )
        await here.take(condition("cabinet-1", "mains_lost", after=18500))
        (works,) = await shown(here)
        assert (works.state, works.until, works.first_until) == (
            "under_way", until, START + 4 * HOUR,
        )  # fmt: skip
        (case,) = await here.worklist(LEFT)
        assert case.active_incidents == 0

    run(tmp_path, scenario)


def test_it_is_done_when_all_is_on_again_and_devices_or_a_photo_show_it(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        number = await announced(here)
        await let_pass(here, 1.5)
        with pytest.raises(DomainError, match="no proof"):
            await finish(here, number)
        await here.take(condition("cabinet-1", "mains_lost", after=5400))
        with pytest.raises(DomainError, match="Not back to normal: mains_lost"):
            await finish(here, number, JPEG)
        await here.take(condition("cabinet-1", "mains_lost", active=False, after=6000))
        await finish(here, number)
        (works,) = await shown(here)
        assert (works.state, works.result, works.has_photo) == ("done", "It burns", False)
        await here.take(condition("cabinet-1", "mains_lost", after=6100))
        (case,) = await here.worklist(LEFT)
        assert case.active_incidents == 1

    run(tmp_path, scenario)


def test_its_executor_begins_and_finishes_it_and_no_other(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        number = await announced(here)
        with pytest.raises(NotVisible):
            await at_desk(here, lambda desk: planning.begin(desk, OTHER, number))
        with pytest.raises(DomainError, match="planned by a dispatcher"):
            await at_desk(here, lambda desk: planning.withdraw(desk, WORKER, number, "rain"))
        await at_desk(here, lambda desk: planning.begin(desk, WORKER, number))
        await finish(here, number, JPEG, WORKER)
        async with here.database.reading() as session:
            (row,) = await planning.announced(session, here.clock.now())
            told = show_public(row, here.registry.snapshot, here.clock.now())
        assert (told.state, told.begun_at, told.has_photo) == ("done", START, True)

    run(tmp_path, scenario)


def test_called_off_it_silences_nothing(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        number = await announced(here)
        await at_desk(here, lambda desk: planning.withdraw(desk, LEFT, number, "no cable"))
        await let_pass(here, 1.5)
        await here.take(condition("cabinet-1", "mains_lost", after=5400))
        assert len(await here.worklist(LEFT)) == 1
        await let_pass(here, 9)
        (works,) = await shown(here)
        assert (works.state, works.case) == ("withdrawn", None)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"executor": "nobody"}, "no executor nobody"),
        ({"category": "traffic.violation"}, "Choose what people will notice"),
        ({"assets": ["lift-2"]}, "asset lift-2"),
        ({"until": START}, "The end must be after the beginning"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    async def scenario(here: Hall) -> None:
        with pytest.raises(DomainError, match=message):
            await planned(here, **fields)
        assert await shown(here) == []

    run(tmp_path, scenario)


def test_an_announced_plan_is_not_rewritten(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        number = await announced(here)
        with pytest.raises(DomainError, match="announced already"):
            await at_desk(here, lambda desk: planning.change(desk, LEFT, number, form()))

    run(tmp_path, scenario)


def test_works_are_noticed_in_the_houses_that_they_cut_off(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await announced(here, assets=["lift-1"], category="lift.stopped", executor="lifts")
        async with here.database.reading() as session:
            (row,) = await planning.announced(session, here.clock.now())
        noticed = [
            planning.is_noticed(here.registry.snapshot, row, place, here.clock.now())
            for place in ("lesnaya-5", "left-bank", "sadovaya-1")
        ]
        assert noticed == [True, True, False]

    run(tmp_path, scenario)
