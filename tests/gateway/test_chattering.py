"""An alarm that comes and goes is one incident that counts, and says what would calm it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from adapters.wire import DeviceChange
from core.case import Verb
from core.clock import to_nanoseconds
from gateway.api.case_models import AdviceOut, CaseDetail, CaseRow
from tests.gateway.hall import LEFT, START, Hall, condition, hall, lost

pytestmark = pytest.mark.usefixtures("each_store")


async def flutter(here: Hall, times: int, every: float = 10.0, held: float = 4.0) -> None:
    """Let the lift stop and go on, each in a block of its own."""
    for turn in range(times):
        await here.take(condition("lift-1", "stopped", after=turn * every))
        await here.take(condition("lift-1", "stopped", active=False, after=turn * every + held))


def heard(asset: str, after: float) -> DeviceChange:
    at = to_nanoseconds(START + timedelta(seconds=after))
    return DeviceChange(device=f"{asset}-device", online=True, time=at)


def test_from_its_third_raise_in_a_minute_an_alarm_only_counts(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await flutter(here, 20)
            (case,) = await here.worklist(LEFT)
            return await here.detail(LEFT, case.id)

    case = asyncio.run(scenario())
    assert [one.raises for one in case.incident_list] == [1, 19]
    assert (case.incidents, case.repeats, case.nuisance) == (2, 18, "chattering")
    assert (case.active_incidents, case.unacknowledged) == (0, 2)
    assert [each.kind for each in case.timeline].count("cleared") == 2
    assert len(case.evidence) == 2


def test_its_advice_is_longer_than_what_was_seen(tmp_path: Path) -> None:
    async def scenario() -> AdviceOut | None:
        async with hall(tmp_path) as here:
            await flutter(here, 5)
            (case,) = await here.worklist(LEFT)
            return (await here.detail(LEFT, case.id)).incident_list[-1].advice

    assert asyncio.run(scenario()) == AdviceOut(on_delay_s=6, off_delay_s=9, deadband=None)


def test_many_raises_within_one_block_are_counted_too(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            both = [
                condition("lift-1", "stopped", active=turn % 2 == 0, after=turn)
                for turn in range(11)
            ]
            await here.take(*both)
            (case,) = await here.worklist(LEFT)
            return await here.detail(LEFT, case.id)

    case = asyncio.run(scenario())
    assert [(one.raises, one.active) for one in case.incident_list] == [(1, False), (5, True)]
    assert case.active_incidents == 1


def test_what_comes_again_after_a_calm_minute_is_an_incident_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        async with hall(tmp_path) as here:
            await flutter(here, 4)
            await here.take(condition("lift-1", "stopped", after=34 + 61))
            (case,) = await here.worklist(LEFT)
            return [one.raises for one in (await here.detail(LEFT, case.id)).incident_list]

    assert asyncio.run(scenario()) == [1, 3, 1]


def test_a_device_that_is_lost_and_heard_by_turns_does_not_open_a_case_each_time(
    tmp_path: Path,
) -> None:
    async def scenario() -> list[CaseRow]:
        async with hall(tmp_path) as here:
            for turn in range(10):
                await here.take(lost("lift-1", after=turn * 10))
                await here.take(heard("lift-1", after=turn * 10 + 5))
            return list(await here.worklist(LEFT, "all"))

    found = asyncio.run(scenario())
    assert sorted((case.state, case.incidents, case.repeats) for case in found) == [
        ("closed", 1, 0),
        ("routed", 1, 8),
    ]


def test_a_case_that_was_reported_done_comes_back_when_its_alarm_chatters(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            await flutter(here, 2)
            (case,) = await here.worklist(LEFT)
            await here.act(LEFT, case, Verb.ACCEPT)
            (case,) = await here.worklist(LEFT)
            await here.act(LEFT, case, Verb.RESOLVE)
            await here.take(condition("lift-1", "stopped", after=20))
            return (await here.worklist(LEFT))[0].state

    assert asyncio.run(scenario()) == "accepted"


def test_what_was_active_for_seconds_is_fleeting(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await flutter(here, 1, held=9)
            await here.take(condition("lift-1", "trapped", after=100))
            await here.take(condition("lift-1", "trapped", active=False, after=111))
            (case,) = await here.worklist(LEFT)
            return await here.detail(LEFT, case.id)

    case = asyncio.run(scenario())
    assert [one.fleeting for one in case.incident_list] == [True, False]
    assert [one.advice for one in case.incident_list] == [
        AdviceOut(on_delay_s=14, off_delay_s=None, deadband=None),
        None,
    ]
    assert case.nuisance == "fleeting"


def test_a_restated_raise_that_was_counted_is_not_counted_again(tmp_path: Path) -> None:
    async def scenario() -> int:
        async with hall(tmp_path) as here:
            await flutter(here, 3)
            await here.take(condition("lift-1", "stopped", after=30))
            await here.take(condition("lift-1", "stopped", after=30))
            (case,) = await here.worklist(LEFT)
            return (await here.detail(LEFT, case.id)).incident_list[-1].raises

    assert asyncio.run(scenario()) == 3


def test_findings_without_duration_do_not_chatter(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        async with hall(tmp_path) as here:
            for turn in range(4):
                seen = condition("lift-1", "red_light", after=turn)
                await here.take(msgspec.structs.replace(seen, transient=True))
            (case,) = await here.worklist(LEFT)
            return [one.raises for one in (await here.detail(LEFT, case.id)).incident_list]

    assert asyncio.run(scenario()) == [1, 1, 1, 1]
