"""Nobody is told of what is suppressed; when that ends, of what is still active."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.actor import Actor, Role
from core.errors import DomainError, NotVisible
from gateway.api.case_models import CaseRow, IncidentOut
from gateway.api.suppression_models import Shelve, Suppress
from gateway.cases import latching, suppressions, work
from gateway.cases.desk import open_desk
from gateway.storage.case_tables import SuppressionRow
from tests.gateway.hall import LEFT, RIGHT, START, Hall, condition, hall

pytestmark = pytest.mark.usefixtures("each_store")

MINUTE = timedelta(minutes=1)
CHIEF = Actor(id="chief", name="Chief", role=Role.ADMINISTRATOR, place="town", place_path="town/")
WORKER = Actor(id="w", name="W", role=Role.EXECUTOR, place="town", place_path="town/",
               executor="lifts")  # fmt: skip


async def shelve(here: Hall, actor: Actor, number: int, minutes: int = 30) -> SuppressionRow:
    form = Shelve(until=here.clock.now() + minutes * MINUTE, reason="the mechanic is there")
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        return await suppressions.put_aside(desk, actor, number, form)


async def silence(here: Hall, actor: Actor, **fields: object) -> SuppressionRow:
    form = Suppress.model_validate({"reason": "works", "order": "17-A"} | fields)
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        return await suppressions.silence(desk, actor, form)


async def end(here: Hall, actor: Actor, number: int) -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        await suppressions.end(desk, actor, number)


async def confirm(here: Hall, actor: Actor, number: int) -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        await suppressions.confirm(desk, actor, number)


async def reset(here: Hall, number: int) -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        await latching.reset(desk, LEFT, number)


async def let_pass(here: Hall, time: timedelta) -> None:
    here.clock.at += time
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        await suppressions.settle_due(desk)


async def incidents(here: Hall) -> list[IncidentOut]:
    async with here.database.reading() as session:
        found = await work.list_incidents(
            session, CHIEF, active=None, unacknowledged=False, asset=None
        )
    return sorted(found, key=lambda one: one.id)


async def log(here: Hall) -> Sequence[tuple[str, str, datetime | None, str]]:
    async with here.database.reading() as session:
        rows = await suppressions.list_suppressions(session, CHIEF, here.clock.now())
    return [(row.by, row.reason, row.ended_at, row.ended_by) for row in rows]


def seen(case: CaseRow) -> tuple[str | None, int, int, int]:
    return case.asset, case.incidents, case.active_incidents, case.unacknowledged


def test_a_shelved_alarm_is_recorded_and_opens_no_case(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, list[str], list[int | None]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "red_light"))
            (first,) = await incidents(here)
            await shelve(here, LEFT, first.id)
            await here.take(condition("lift-1", "red_light", active=False, after=5))
            (case,) = await here.worklist(LEFT)
            await here.take(condition("lift-1", "red_light", after=9))
            found = await incidents(here)
            (same,) = await here.worklist(LEFT)
            assert seen(same) == seen(case)
            return same.unacknowledged, [one.state for one in found], [one.case for one in found]

    waiting, states, cases = asyncio.run(scenario())
    assert (waiting, states) == (0, ["shelved", "shelved"])
    assert cases[1] is None


def test_what_is_active_when_its_shelving_ends_opens_its_case_then(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[int], list[tuple[str | None, int, int, int]], str]:
        counts = []
        async with hall(tmp_path) as here:
            await silence(here, CHIEF, why="suppressed", asset="lift-1", until=START + 5 * MINUTE)
            await here.take(condition("lift-1", "stopped"))
            counts.append(len(await here.worklist(LEFT)))
            await let_pass(here, 4 * MINUTE)
            counts.append(len(await here.worklist(LEFT)))
            await let_pass(here, MINUTE)
            (incident,) = await incidents(here)
            return counts, [seen(case) for case in await here.worklist(LEFT)], incident.state

    assert asyncio.run(scenario()) == ([0, 0], [("lift-1", 1, 1, 1)], "unacknowledged")


def test_what_returned_while_it_was_shelved_asks_for_nothing_afterwards(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, list[str]]:
        async with hall(tmp_path) as here:
            await silence(here, CHIEF, why="suppressed", asset="lift-1", until=START + 5 * MINUTE)
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            await let_pass(here, 6 * MINUTE)
            found = [one.state for one in await incidents(here)]
            return len(await here.worklist(LEFT)), found

    assert asyncio.run(scenario()) == (0, ["suppressed"])


def test_shelving_ends_by_itself_and_the_log_says_who_when_and_why(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[int], Sequence[object], list[str]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (incident,) = await incidents(here)
            waiting = [(await here.worklist(LEFT))[0].unacknowledged]
            await shelve(here, LEFT, incident.id, minutes=30)
            waiting.append((await here.worklist(LEFT))[0].unacknowledged)
            await let_pass(here, 31 * MINUTE)
            (case,) = await here.worklist(LEFT)
            waiting.append(case.unacknowledged)
            detail = await here.detail(LEFT, case.id)
            kinds = [entry.kind for entry in detail.timeline]
            return waiting, await log(here), kinds

    waiting, (entry,), kinds = asyncio.run(scenario())
    assert waiting == [1, 0, 1]
    assert entry == (LEFT.name, "the mechanic is there", START + 31 * MINUTE, "kvartal")
    assert kinds[-2:] == ["shelved", "raised"]


def test_planned_works_on_a_cabinet_keep_its_lamps_quiet_while_they_last(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[str | None], list[tuple[str | None, int]]]:
        lamps = [condition(f"lamp-{n}", "lamp_silent") for n in range(3)]
        async with hall(tmp_path) as here:
            begins, ends = START + MINUTE, START + 10 * MINUTE
            await silence(here, CHIEF, why="suppressed", asset="cabinet-1", below=True,
                          since=begins, until=ends)  # fmt: skip
            await here.take(condition("lift-1", "stopped"))
            await let_pass(here, MINUTE)
            await here.take(condition("cabinet-1", "mains_lost"), *lamps)
            during = [case.asset for case in await here.worklist(LEFT)]
            await let_pass(here, 9 * MINUTE)
            after = [(case.asset, case.incidents) for case in await here.worklist(LEFT)]
            return during, sorted(after, key=str)

    during, after = asyncio.run(scenario())
    assert during == ["lift-1"]
    assert after == [("cabinet-1", 4), ("lift-1", 1)]


def test_out_of_service_lasts_until_a_person_ends_it(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int, str]:
        async with hall(tmp_path) as here:
            taken = await silence(here, CHIEF, why="out_of_service", device="lift-1-device")
            await here.take(condition("lift-1", "trapped"))
            await let_pass(here, timedelta(days=30))
            before = len(await here.worklist(LEFT))
            await end(here, CHIEF, taken.id)
            (incident,) = await incidents(here)
            return before, len(await here.worklist(LEFT)), incident.state

    assert asyncio.run(scenario()) == (0, 1, "unacknowledged")


def test_nobody_suppresses_what_they_may_not(tmp_path: Path) -> None:
    async def scenario() -> tuple[Sequence[object], list[int]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"), condition("lift-1", "trapped"))
            stopped, trapped = await incidents(here)
            with pytest.raises(NotVisible):
                await shelve(here, RIGHT, stopped.id)
            with pytest.raises(DomainError, match="not for you"):
                await shelve(here, WORKER, stopped.id)
            with pytest.raises(DomainError, match=r"for 0\.5 h at most"):
                await shelve(here, LEFT, trapped.id, 31)
            with pytest.raises(DomainError, match="not for you"):
                await silence(here, LEFT, why="out_of_service", asset="lift-1")
            return await log(here), [case.unacknowledged for case in await here.worklist(LEFT)]

    assert asyncio.run(scenario()) == ([], [2])


def test_what_is_critical_is_shelved_by_two_people(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[str], list[tuple[str, str]]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"))
            asked = await shelve(here, LEFT, 1)
            states = [one.state for one in await incidents(here)]
            with pytest.raises(DomainError, match="already"):
                await shelve(here, CHIEF, 1)
            with pytest.raises(DomainError, match="Another person"):
                await confirm(here, LEFT, asked.id)
            await confirm(here, CHIEF, asked.id)
            states += [one.state for one in await incidents(here)]
            await let_pass(here, 31 * MINUTE)
            states += [one.state for one in await incidents(here)]
            async with here.database.reading() as session:
                rows = await suppressions.list_suppressions(session, CHIEF, here.clock.now())
            return states, [(row.by, row.confirmed_by) for row in rows]

    assert asyncio.run(scenario()) == (
        ["unacknowledged", "shelved", "unacknowledged"],
        [("D. left-bank", "Chief")],
    )


def test_what_nobody_confirms_is_not_shelved_and_may_be_asked_for_again(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[str], int]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"))
            await shelve(here, LEFT, 1)
            await let_pass(here, 10 * MINUTE)
            await shelve(here, LEFT, 1)
            (case,) = await here.worklist(LEFT)
            return [one.state for one in await incidents(here)], case.unacknowledged

    assert asyncio.run(scenario()) == (["unacknowledged"], 1)


def test_a_latched_alarm_stays_until_it_is_reset(tmp_path: Path) -> None:
    async def scenario() -> list[tuple[bool, bool]]:
        steps = []

        async def look() -> None:
            (one,) = await incidents(here)
            steps.append((one.active, one.latched))

        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "fire"))
            await look()
            await here.take(condition("lift-1", "fire", active=False, after=5))
            await look()
            await here.take(condition("lift-1", "fire", after=9))
            await look()
            await here.take(condition("lift-1", "fire", active=False, after=12))
            (one,) = await incidents(here)
            await here.acknowledge(LEFT, one.id)
            await reset(here, one.id)
            await look()
            return steps

    assert asyncio.run(scenario()) == [(True, False), (True, True), (True, False), (False, False)]
