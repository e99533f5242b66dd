"""Works that are not done by their end become a case of their executor's."""

import asyncio
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from core.clock import Clock
from core.text import Text
from gateway.cases.desk import Desk, open_desk
from gateway.cases.planned import case_of_works
from gateway.cases.reach import Reach
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.database import Database
from gateway.storage.failures import patiently
from gateway.storage.planned_tables import PlannedWorkRow

LOOK_EVERY_S = 1.0

OVERRUN: Text = {
    "ru": "Плановые работы не закончены в срок: {title}. Обещали до {until}",
    "en": "Planned works are not done in time: {title}. Promised by {until}",
}


async def raise_overdue(desk: Desk) -> None:
    """Open a case of all works that are late by now."""
    rows = await desk.session.scalars(select(PlannedWorkRow).where(_is_late(desk.now)))
    found = [row for row in rows if any(asset in desk.registry.assets for asset in row.assets)]
    reach = Reach(desk.registry, desk.now)
    for row in found:
        for asset in row.assets:
            if asset in desk.registry.assets:
                reach.add(desk.registry.assets[asset])
    await desk.load(reach)
    for row in found:
        local = row.until.astimezone(desk.registry.deadlines.zone)
        until = {"ru": f"{local:%d.%m.%Y %H:%M}", "en": f"{local:%Y-%m-%d %H:%M}"}
        row.overrun_at = desk.now
        desk.say(case_of_works(desk, row), "planned", OVERRUN, title=row.title, until=until)
    await desk.finish()


def _is_late(now: datetime) -> ColumnElement[bool]:
    return and_(
        PlannedWorkRow.published_at.is_not(None),
        PlannedWorkRow.done_at.is_(None),
        PlannedWorkRow.withdrawn_at.is_(None),
        PlannedWorkRow.overrun_at.is_(None),
        PlannedWorkRow.until <= now,
    )


async def watch(database: Database, clock: Clock, registry: CurrentRegistry) -> None:
    """Look for works that are late, for ever."""

    async def look() -> None:
        async with database.reading() as session:
            late = await session.scalar(select(PlannedWorkRow.id).where(_is_late(clock.now())))
        if late is not None:
            async with database.transaction() as session:
                await raise_overdue(await open_desk(session, clock.now(), registry.snapshot))

    while True:
        await patiently(look)
        await asyncio.sleep(LOOK_EVERY_S)
