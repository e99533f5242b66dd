"""Alarms that nobody acknowledges are told of upward, level by level and to the second.

When the next level is due stands in the row of the case, so that a restart loses nothing and a
hundred thousand open cases cost a look at an index.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.alarm import Severity
from core.clock import Clock
from core.escalation import Chain, Level, chain_for
from core.text import Text
from gateway.cases.desk import Desk, open_desk
from gateway.cases.waiting import reached, reckon
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import CaseRow
from gateway.storage.database import Database
from gateway.storage.failures import patiently

EVERY_S = 1.0
AT_ONCE = 500  # cases in one transaction

TOLD: dict[Level, Text] = {
    Level.DUTY: {
        "ru": "Никто не квитировал {minutes} мин: сообщено дежурному",
        "en": "Nobody has acknowledged for {minutes} min: told to the dispatcher on duty",
    },
    Level.SENIOR: {
        "ru": "Никто не квитировал {minutes} мин: сообщено старшему диспетчеру",
        "en": "Nobody has acknowledged for {minutes} min: told to the senior dispatcher",
    },
    Level.MUNICIPALITY: {
        "ru": "Никто не квитировал {minutes} мин: сообщено руководителю муниципалитета",
        "en": "Nobody has acknowledged for {minutes} min: told to the head of the municipality",
    },
    Level.REGION: {
        "ru": "Никто не квитировал {minutes} мин: сообщено региону",
        "en": "Nobody has acknowledged for {minutes} min: told to the region",
    },
}


async def watch(database: Database, clock: Clock, registry: CurrentRegistry) -> None:
    """Look every second, for as long as the gateway runs."""
    await patiently(partial(reckon_anew, database, registry, clock.now()))
    while True:
        await patiently(partial(escalate, database, clock, registry))
        await asyncio.sleep(EVERY_S)


async def reckon_anew(database: Database, registry: CurrentRegistry, now: datetime) -> None:
    """Reckon by the rules in force when the next level is due, of every case that waits."""
    async with database.reading() as session:
        waiting = CaseRow.unacknowledged > 0, CaseRow.closed_at.is_(None)
        numbers = (await session.scalars(select(CaseRow.id).where(*waiting))).all()
    for start in range(0, len(numbers), AT_ONCE):
        async with database.transaction() as session:
            portion = CaseRow.id.in_(numbers[start : start + AT_ONCE])
            for row in await session.scalars(select(CaseRow).where(portion)):
                reckon(registry.snapshot.escalations, row, now)


async def escalate(database: Database, clock: Clock, registry: CurrentRegistry) -> None:
    """Tell the levels that are due by now."""
    now = clock.now()
    while True:
        async with database.reading() as session:
            if not await _due(session, now):
                return
        async with database.transaction() as session:
            desk = await open_desk(session, now, registry.snapshot)
            for row in await _due(session, now):
                _tell(desk, row)
            await desk.finish()


async def _due(session: AsyncSession, now: datetime) -> Sequence[CaseRow]:
    rows = await session.scalars(
        select(CaseRow)
        .where(CaseRow.escalates_at <= now)
        .order_by(CaseRow.escalates_at)
        .limit(AT_ONCE)
    )
    return rows.all()


def _tell(desk: Desk, row: CaseRow) -> None:
    since = row.waits_since or desk.now
    for step in _chain(desk, row).due(since, desk.now, reached(row)):
        row.escalated_to = step.level
        minutes = str(round(step.after.total_seconds() / 60))
        desk.say(row, "escalated", TOLD[step.level], minutes=minutes)
    desk.touch(row)


def _chain(desk: Desk, row: CaseRow) -> Chain:
    return chain_for(desk.registry.escalations, row.category, Severity(row.severity))
