"""Deadlines of cases and appeals: told in time, kept when passed, paused for a reason."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.actor import Actor, Role
from core.appeal import Channel
from core.case import Verb
from core.deadline_rule import DeadlineRules
from core.errors import DomainError
from gateway.api.case_models import CaseDetail
from gateway.api.deadline_models import DeadlineOut
from gateway.cases import deadline_watch, pauses
from gateway.cases.desk import open_desk
from tests.gateway.hall import LEFT, START, Hall, condition, hall

pytestmark = pytest.mark.usefixtures("each_store")

HOUR = timedelta(hours=1)
WORKER = replace(LEFT, role=Role.EXECUTOR, executor="lifts")
RESOLVE = 24 * HOUR  # of a lift that has stopped


def named(detail: CaseDetail, name: str) -> DeadlineOut:
    return next(clock for clock in detail.deadlines if clock.name == name)


def told(detail: CaseDetail) -> list[str]:
    return [entry.text["en"] for entry in detail.timeline if entry.kind == "deadline"]


async def after(here: Hall, span: timedelta) -> int:
    """Let the watch look so long after the start; give of how many clocks it told."""
    here.clock.at = START + span
    return await deadline_watch.tell(here.database, here.clock, here.registry)


async def pause(here: Hall, name: str, reason: str, number: int = 1, who: Actor = LEFT) -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        version = (await here.detail(LEFT, number)).version
        await pauses.pause(desk, who, number, name, version=version, reason=reason, note="")


async def resume(here: Hall, name: str) -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        version = (await here.detail(LEFT, 1)).version
        await pauses.resume(desk, LEFT, 1, name, version=version, note="")


def test_four_fifths_and_the_end_are_written_down_once(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            for span in (13 * HOUR, 20 * HOUR, 20 * HOUR, 25 * HOUR, 26 * HOUR):
                await after(here, span)
            return told(await here.detail(LEFT, 1))

    assert asyncio.run(scenario()) == [
        "80 % of the time for “Resolve” is over, it ends 2026-11-23 15:00",
        "“Resolve” is overdue since 2026-11-23 15:00",
    ]


def test_to_the_second(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await after(here, 20 * HOUR)
            second = timedelta(seconds=1)
            return await after(here, RESOLVE - second), await after(here, RESOLVE + second)

    assert asyncio.run(scenario()) == (0, 1)


def test_after_a_long_absence_a_breach_has_the_time_at_which_it_was(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await after(here, 400 * 24 * HOUR)
            return await here.detail(LEFT, 1)

    detail = asyncio.run(scenario())
    due = {breach.name: breach.due_at - START for breach in detail.breaches}
    assert due == {"resolve": RESOLVE, "choose": 72 * HOUR}
    assert detail.breaches[0].executor_name == detail.executor_name


def test_what_was_done_too_late_is_a_breach_though_nobody_looked_in_time(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            here.clock.at = START + 30 * HOUR
            await here.act(LEFT, case, Verb.RESOLVE)
            await after(here, 31 * HOUR)
            return await here.detail(LEFT, 1)

    assert [breach.name for breach in asyncio.run(scenario()).breaches] == ["resolve"]


def test_the_breaches_of_a_case_go_with_it_into_the_one_that_takes_it_over(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.file(category="lighting.lamp")
            await after(here, 100 * HOUR)
            await here.take(condition("cabinet-1", "mains_lost", after=100 * 3600))
            return await here.detail(LEFT, 2)

    detail = asyncio.run(scenario())
    assert {breach.name for breach in detail.breaches} == {"resolve", "choose"}


def test_a_paused_clock_gives_its_time_back_and_is_not_told_of(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[int], DeadlineOut, list[str]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            here.clock.at = START + HOUR
            await pause(here, "resolve", "parts")
            counts = [await after(here, 40 * HOUR)]
            await resume(here, "resolve")
            counts.append(await after(here, 41 * HOUR))
            detail = await here.detail(LEFT, 1)
            said = [entry.text["en"] for entry in detail.timeline if "Resolve" in entry.text["en"]]
            return counts, named(detail, "resolve"), said

    counts, clock, said = asyncio.run(scenario())
    assert counts == [1, 0]  # the other clock's half time
    assert (clock.due_at, clock.breached) == (START + RESOLVE + 39 * HOUR, False)
    assert said == ["“Resolve” is paused: Waiting for parts", "“Resolve” runs again"]


@pytest.mark.parametrize(
    ("name", "reason", "who", "code"),
    [
        ("resolve", "tea", LEFT, "clock_not_pausable"),
        ("route", "parts", LEFT, "clock_stands"),
        ("holiday", "parts", LEFT, "no_such_clock"),
        ("resolve", "parts", WORKER, "forbidden"),
    ],
)
def test_a_pause_that_cannot_be_is_refused(
    tmp_path: Path, name: str, reason: str, who: Actor, code: str
) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            with pytest.raises(DomainError) as refusal:
                await pause(here, name, reason, who=who)
            return refusal.value.code

    assert asyncio.run(scenario()) == code


@pytest.mark.parametrize(
    ("channel", "clocks"),
    [
        (Channel.SOCIAL, {"social", "portal_answer"}),
        (Channel.WEB, {"portal_answer"}),
        (Channel.EMAIL, {"legal_register", "legal_forward", "legal_answer"}),
    ],
)
def test_an_appeal_is_answered_by_the_rules_of_its_channel(
    tmp_path: Path, channel: Channel, clocks: set[str]
) -> None:
    async def scenario() -> list[DeadlineOut]:
        async with hall(tmp_path) as here:
            await here.file(channel=channel)
            (appeal,) = (await here.detail(LEFT, 1)).appeal_list
            return appeal.deadlines

    found = asyncio.run(scenario())
    assert {clock.name for clock in found} == clocks
    assert {clock.name for clock in found if clock.met_at} == clocks & {"legal_register"}


def test_warnings_that_changed_hold_for_clocks_that_run(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            before = await after(here, 3 * HOUR)
            rules = here.registry.snapshot.deadlines.rules.rules
            sooner = replace(rules["resolve"], warnings=(10, 100))
            await deadline_watch.reckon_anew(
                here.database, DeadlineRules({**rules, "resolve": sooner})
            )
            return before, await after(here, 3 * HOUR)

    assert asyncio.run(scenario()) == (0, 1)
