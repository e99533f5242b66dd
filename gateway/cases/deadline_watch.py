"""Tells of deadlines that come near or pass, to the second, and keeps a history of breaches.

What there is to tell next of each clock, and when, stands in its row, so that a hundred thousand
open cases cost a look at an index.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.deadline import BREACHED, Deadline
from core.deadline_rule import DeadlineRules
from core.text import Text
from gateway.cases.desk import Desk, open_desk
from gateway.cases.rows import clock_of, keep_clock
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import (
    AppealClockRow,
    AppealRow,
    BreachRow,
    CaseClockRow,
    CaseRow,
    ClockColumns,
)
from gateway.storage.database import Database
from gateway.storage.failures import StoreAway, patiently

log = structlog.get_logger()

ClockRow = TypeVar("ClockRow", CaseClockRow, AppealClockRow)

EVERY_S = 1.0
AT_ONCE = 500  # clocks in one transaction
FIRST_WRITTEN = 80  # percent; what is told earlier only counts as told

NEAR: Text = {
    "ru": "Прошло {percent} % срока «{label}», он кончается {due}",
    "en": "{percent} % of the time for “{label}” is over, it ends {due}",
}
PASSED: Text = {"ru": "Срок «{label}» прошёл: {due}", "en": "“{label}” is overdue since {due}"}


async def watch(database: Database, clock: Clock, registry: CurrentRegistry) -> None:
    """Look every second, for as long as the gateway runs."""
    await patiently(partial(reckon_anew, database, registry.snapshot.deadlines.rules))
    while True:
        try:
            while await tell(database, clock, registry) == AT_ONCE:
                pass
        except StoreAway:
            log.debug("deadlines wait for the store")
        await asyncio.sleep(EVERY_S)


async def reckon_anew(database: Database, rules: DeadlineRules) -> None:
    """Reckon what there is to tell of each running clock by the rules and calendars in force."""
    await _reckon(database, rules, CaseClockRow)
    await _reckon(database, rules, AppealClockRow)


async def _reckon(database: Database, rules: DeadlineRules, kind: type[ClockRow]) -> None:
    async with database.reading() as session:
        running = await session.scalars(select(kind).where(kind.met_at.is_(None)))
        other = [
            inspect(row).identity
            for row in running
            if clock_of(row, rules).next_news_at() != row.told_at
        ]
    for start in range(0, len(other), AT_ONCE):
        async with database.transaction() as session:
            for key in other[start : start + AT_ONCE]:
                row = await session.get_one(kind, key)
                keep_clock(clock_of(row, rules), row)


async def tell(database: Database, clock: Clock, registry: CurrentRegistry) -> int:
    """Tell what there is to tell by now; give of how many clocks."""
    now = clock.now()
    async with database.reading() as session:
        waiting = await _waiting(session, now)
    if not waiting:
        return 0
    async with database.transaction() as session:
        desk = await open_desk(session, now, registry.snapshot)
        found = await _waiting(session, now)
        for case, appeal, row in found:
            _tell_of(desk, case, appeal, row)
        await desk.finish()
    return len(found)


async def _waiting(
    session: AsyncSession, now: datetime
) -> Sequence[tuple[CaseRow, AppealRow | None, ClockColumns]]:
    of_cases = await session.execute(
        select(CaseRow, CaseClockRow)
        .join(CaseClockRow, CaseClockRow.case_id == CaseRow.id)
        .where(CaseClockRow.told_at <= now)
        .order_by(CaseClockRow.told_at)
        .limit(AT_ONCE)
    )
    found: list[tuple[CaseRow, AppealRow | None, ClockColumns]] = [
        (case, None, row) for case, row in of_cases
    ]
    of_appeals = await session.execute(
        select(CaseRow, AppealRow, AppealClockRow)
        .join(AppealRow, AppealRow.case_id == CaseRow.id)
        .join(AppealClockRow, AppealClockRow.appeal_id == AppealRow.id)
        .where(AppealClockRow.told_at <= now)
        .order_by(AppealClockRow.told_at)
        .limit(AT_ONCE - len(found))
    )
    return [*found, *((case, appeal, row) for case, appeal, row in of_appeals)]


def _tell_of(desk: Desk, case: CaseRow, appeal: AppealRow | None, row: ClockColumns) -> None:
    clock = clock_of(row, desk.rules)
    percent = _percent(clock, desk.now)
    keep_clock(clock.tell(percent), row)
    due = clock.due_at(desk.now)
    if percent >= BREACHED:
        desk.session.add(_breach(case, appeal, row, clock, due))
    if percent >= FIRST_WRITTEN:
        desk.say(
            case,
            "deadline",
            PASSED if percent >= BREACHED else NEAR,
            label=clock.rule.label,
            percent=str(percent),
            due=_words(due.astimezone(desk.registry.deadlines.zone)),
        )


def _words(local: datetime) -> Text:
    return {"ru": f"{local:%d.%m.%Y %H:%M}", "en": f"{local:%Y-%m-%d %H:%M}"}


def _percent(clock: Deadline, now: datetime) -> int:
    """Give the highest percent of its time that is to be told by now."""
    if clock.is_breached(now):
        return BREACHED
    told = clock.warned
    while (warning := clock.tell(told).next_warning()) is not None and warning[1] <= now:
        told = warning[0]
    return told


def _breach(
    case: CaseRow, appeal: AppealRow | None, row: ClockColumns, clock: Deadline, due: datetime
) -> BreachRow:
    return BreachRow(
        case_id=case.id,
        appeal_id=appeal.id if appeal else None,
        position=row.position,
        name=clock.name,
        label=dict(clock.rule.label),
        category=appeal.category if appeal else case.category,
        started_at=clock.started_at,
        due_at=due,
        executor=case.executor,
        executor_name=case.executor_name,
        place_path=appeal.place_path if appeal else case.place_path,
    )
