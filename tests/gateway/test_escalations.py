"""What nobody acknowledges is told of upward: step by step, once, and in spite of restarts."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from core.alarm import Severity
from core.errors import ConfigError
from core.escalation import Level, chain_for
from gateway.api.case_models import CaseRow
from gateway.cases import escalations, work
from gateway.escalation.rules_file import load_escalations
from gateway.registry.snapshot import CurrentRegistry, RegistrySnapshot
from tests.gateway.hall import LEFT, START, Hall, condition, hall, town

pytestmark = pytest.mark.usefixtures("each_store")

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def let_pass(here: Hall, time: timedelta) -> CaseRow:
    """Let time pass; give the one case."""
    here.clock.at += time
    await escalations.escalate(here.database, here.clock, here.registry)
    (case,) = await here.worklist(LEFT)
    return case


def said(timeline: Sequence[object]) -> list[str]:
    return [line.text["en"] for line in timeline if line.kind == "escalated"]  # type: ignore[attr-defined]


def test_a_trapped_passenger_is_told_of_upward_to_the_second(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[str], list[str]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"))
            times = (2 * MINUTE - SECOND, SECOND, 3 * MINUTE, 5 * MINUTE, 60 * MINUTE)
            found = [await let_pass(here, time) for time in times]
            detail = await here.detail(LEFT, found[-1].id)
            return [case.escalated_to for case in found], said(detail.timeline)

    levels, lines = asyncio.run(scenario())
    assert levels == ["", "senior", "municipality", "region", "region"]
    assert lines == [
        "Nobody has acknowledged for 2 min: told to the senior dispatcher",
        "Nobody has acknowledged for 5 min: told to the head of the municipality",
        "Nobody has acknowledged for 10 min: told to the region",
    ]


def test_what_was_acknowledged_in_time_is_told_to_nobody(tmp_path: Path) -> None:
    async def scenario() -> CaseRow:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"))
            here.clock.at += 2 * MINUTE - SECOND
            await here.acknowledge(LEFT, 1)
            return await let_pass(here, 60 * MINUTE)

    case = asyncio.run(scenario())
    assert (case.escalated_to, case.waits_since, case.escalates_at) == ("", None, None)


def test_a_new_alarm_of_a_case_waits_anew(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"))
            found = [await let_pass(here, 5 * MINUTE)]
            await here.acknowledge(LEFT, 1)
            await here.take(condition("lift-1", "stopped", after=400))
            found += [await let_pass(here, time) for time in (MINUTE, MINUTE)]
            return [case.escalated_to for case in found]

    assert asyncio.run(scenario()) == ["municipality", "", "senior"]


def test_what_became_due_while_the_gateway_stood_is_told_once(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"))
        async with hall(tmp_path) as again:
            case = await let_pass(again, 7 * MINUTE)
            await let_pass(again, SECOND)
            return said((await again.detail(LEFT, case.id)).timeline)

    assert len(asyncio.run(scenario())) == 2


def test_a_worse_alarm_takes_the_quicker_chain_from_when_the_waiting_began(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            found = [await let_pass(here, 5 * MINUTE)]
            await here.take(condition("lift-1", "trapped", after=300))
            found.append(await let_pass(here, SECOND))
            return [case.escalated_to for case in found]

    assert asyncio.run(scenario()) == ["", "municipality"]


def test_other_rules_count_from_the_start_for_what_waits_already(tmp_path: Path) -> None:
    async def scenario() -> tuple[object, str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            file = tmp_path / "escalation.yaml"
            file.write_text("[{name: all, steps: [{after: 1 min, level: region}]}]")
            here.registry = CurrentRegistry()
            here.registry.snapshot = RegistrySnapshot(town(), 1, escalations=load_escalations(file))
            await escalations.reckon_anew(here.database, here.registry, here.clock.now())
            (case,) = await here.worklist(LEFT)
            return case.escalates_at, (await let_pass(here, MINUTE)).escalated_to

    assert asyncio.run(scenario()) == (START + MINUTE, "region")


def test_a_level_sees_what_it_and_those_above_were_told_of(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "trapped"), condition("cabinet-1", "mains_lost"))
            here.clock.at += 20 * MINUTE
            await escalations.escalate(here.database, here.clock, here.registry)
            async with here.database.reading() as session:
                return [
                    len(await work.list_cases(session, START, LEFT, "open", level))
                    for level in (None, Level.SENIOR, Level.MUNICIPALITY, Level.REGION)
                ]

    assert asyncio.run(scenario()) == [2, 2, 1, 1]


def test_the_alarm_that_came_first_is_named_in_the_list(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"), condition("lift-1", "trapped"))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert (case.title["en"], case.first_out["en"]) == ("trapped", "stopped")


@pytest.mark.parametrize("category", ["gas.leak", "flood.basement", "access.open"])
def test_of_hazardous_sites_the_next_level_hears_after_two_minutes(category: str) -> None:
    chain = chain_for(load_escalations(), category, Severity.HIGH)

    assert chain.steps[0].after == 2 * MINUTE


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("[{name: x, steps: []}]", "0.steps"),
        ("[{name: x, of: [gass.], steps: [{after: 1 min, level: region}]}]", "gass."),
        (
            "[{name: x, steps: [{after: 5 min, level: region}, {after: 6 min, level: senior}]}]",
            "later and higher",
        ),
    ],
)
def test_a_wrong_file_is_told_of_as_a_whole(tmp_path: Path, written: str, wrong: str) -> None:
    file = tmp_path / "escalation.yaml"
    file.write_text(written)

    with pytest.raises(ConfigError, match=wrong):
        load_escalations(file)
