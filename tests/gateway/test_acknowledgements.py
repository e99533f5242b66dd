"""Acknowledgements go to devices that keep their conditions, and come from them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from adapters.wire import AcknowledgeOrder, CommandResult, Condition
from core.clock import to_nanoseconds
from gateway.api.case_models import CaseDetail, IncidentOut
from gateway.cases import acknowledgements
from gateway.cases.desk import open_desk
from tests.gateway.hall import LEFT, START, Hall, condition, hall

Play = Callable[[Callable[[Hall], Awaitable[None]]], None]
Answer = Literal["confirmed", "refused", "expired"]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(scene: Callable[[Hall], Awaitable[None]]) -> None:
        async def main() -> None:
            async with hall(tmp_path) as here:
                await scene(here)

        asyncio.run(main())

    return run


async def case(here: Hall) -> CaseDetail:
    (row,) = await here.worklist(LEFT)
    return await here.detail(LEFT, row.id)


async def incidents(here: Hall) -> list[IncidentOut]:
    """Give the incidents of the only case, in the order in which they were raised."""
    return sorted((await case(here)).incident_list, key=lambda each: each.id)


async def said(here: Hall) -> list[tuple[str, str]]:
    """Give by whom and what of acknowledgements stands on the timeline."""
    timeline = (await case(here)).timeline
    return [(each.by, each.text["en"]) for each in timeline if each.kind == "acknowledged"]


async def orders(here: Hall) -> list[AcknowledgeOrder]:
    async with here.database.reading() as session:
        return await acknowledgements.orders(session, "edge-1", here.clock.now())


async def acknowledged(here: Hall, key: str = "kept", comment: str = "") -> int:
    """Raise a condition of a lift and acknowledge it here; give the incident."""
    await here.take(condition("lift-1", key))
    number = (await incidents(here))[-1].id
    await here.acknowledge(LEFT, number, comment=comment)
    return number


async def give_up(here: Hall) -> None:
    async with here.database.transaction() as session:
        await acknowledgements.give_up(
            await open_desk(session, here.clock.now(), here.registry.snapshot)
        )


def at_device(*, active: bool = True, by: str = "") -> Condition:
    told = condition("lift-1", "kept", active=active, after=60)
    told.acknowledged, told.by = True, by
    return told


def test_the_device_is_to_be_told_what_who_and_until_when(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await acknowledged(here, comment="on my way")
        (order,) = await orders(here)
        assert order == AcknowledgeOrder(
            command=order.command,
            device="lift-1-device",
            condition="kept",
            raised_at=to_nanoseconds(START),
            by="D. left-bank",
            comment="on my way",
            expires_at=to_nanoseconds(START + timedelta(minutes=10)),
        )
        notes = [each.text["en"] for each in (await case(here)).timeline if each.kind == "note"]
        assert notes == ["on my way"]

    play(scene)


def test_a_condition_that_the_edge_found_is_told_to_nobody(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await acknowledged(here, "stopped")
        assert await orders(here) == []

    play(scene)


def test_a_device_is_not_told_of_what_it_raised_before(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await here.take(
            condition("lift-1", "kept"),
            condition("lift-1", "kept", active=False, after=1),
            condition("lift-1", "kept", after=2),
        )
        former, newest = await incidents(here)
        await here.acknowledge(LEFT, former.id)
        assert await orders(here) == []
        await here.acknowledge(LEFT, newest.id)
        (order,) = await orders(here)
        assert order.raised_at == to_nanoseconds(START + timedelta(seconds=2))

    play(scene)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("confirmed", "The device has taken the acknowledgement: kept"),
        ("refused", "The device has not taken the acknowledgement: kept. No."),
        (
            "expired",
            "The acknowledgement did not reach the device: kept. Acknowledge it there. No.",
        ),
    ],
)
def test_what_became_of_it_is_said_once_and_undoes_nothing(
    play: Play, state: Answer, words: str
) -> None:
    async def scene(here: Hall) -> None:
        await acknowledged(here)
        (order,) = await orders(here)
        result = CommandResult(command=order.command, state=state, time=1, text="No.")
        await here.take(result, result)
        assert await orders(here) == []
        assert await said(here) == [("D. left-bank", "Acknowledged: kept"), ("kvartal", words)]
        (incident,) = await incidents(here)
        assert incident.acknowledged_by == "D. left-bank"

    play(scene)


def test_only_the_edge_that_got_the_order_can_answer_it(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await acknowledged(here)
        (order,) = await orders(here)
        answer = CommandResult(command=order.command, state="confirmed", time=1)
        async with here.database.transaction() as session:
            await here.intake.take_events(session, "edge-2", [answer])
        assert await orders(here) == [order]

    play(scene)


def test_without_an_answer_nobody_knows_until_a_late_one_comes(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await acknowledged(here)
        (order,) = await orders(here)
        here.clock.at += timedelta(minutes=11)
        await give_up(here)
        assert await orders(here) == []
        assert len(await said(here)) == 1
        here.clock.at += timedelta(seconds=1)
        await give_up(here)
        assert (await said(here))[-1][1].startswith("It is not known whether")
        await here.take(CommandResult(command=order.command, state="confirmed", time=1))
        assert (await said(here))[-1][1] == "The device has taken the acknowledgement: kept"

    play(scene)


@pytest.mark.parametrize(
    ("name", "by"), [("boris", "boris (lift-1-device)"), ("", "lift-1-device")]
)
@pytest.mark.parametrize("active", [True, False])
def test_an_acknowledgement_at_the_device_is_one_here(
    play: Play, name: str, by: str, active: bool
) -> None:
    async def scene(here: Hall) -> None:
        await here.take(condition("lift-1", "kept"))
        if not active:
            await here.take(condition("lift-1", "kept", active=False, after=30))
        await here.take(at_device(active=active, by=name))
        (incident,) = await incidents(here)
        assert (incident.active, incident.acknowledged_by) == (active, by)
        assert await said(here) == [(by, "Acknowledged at the device: kept")]
        assert (await case(here)).unacknowledged == 0
        assert await orders(here) == []

    play(scene)


def test_our_own_acknowledgement_that_the_device_tells_of_is_no_news(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await acknowledged(here)
        await here.take(at_device(by="kvartal"))
        assert await said(here) == [("D. left-bank", "Acknowledged: kept")]

    play(scene)


def test_an_edge_that_does_not_read_the_device_acknowledges_nothing(play: Play) -> None:
    async def scene(here: Hall) -> None:
        await here.take(condition("lift-1", "kept"))
        async with here.database.transaction() as session:
            await here.intake.take_events(session, "edge-2", [at_device(by="boris")])
        (incident,) = await incidents(here)
        assert incident.acknowledged_by is None

    play(scene)
