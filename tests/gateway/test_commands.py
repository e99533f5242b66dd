"""A command has one life: it lapses by itself, and is answered once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters.wire import CommandResult
from gateway.api.case_models import CaseDetail
from gateway.cases import commands
from gateway.cases.desk import open_desk
from gateway.storage.tables import OutboxRow
from tests.gateway.hall import LEFT, Births, Hall, condition, hall

pytestmark = pytest.mark.usefixtures("each_store")


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


def test_only_the_edge_that_got_the_order_can_answer_it(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            number = await command(here, confirmed=True)
            answer = CommandResult(command=number, state="confirmed", time=1, value=1)
            async with here.database.transaction() as session:
                await here.intake.take_events(session, "edge-2", [answer])
            async with here.database.reading() as session:
                return (await commands.find(session, LEFT, number)).state

    assert asyncio.run(scenario()) == "requested"


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
