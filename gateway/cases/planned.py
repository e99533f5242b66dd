"""Planned works that are under way, and the case in which complaints of them are answered."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.category import category
from core.planned_work import PlannedWork
from core.routing import Routing
from core.text import Text, filled
from gateway.cases.desk import Desk, Subject
from gateway.cases.folding import asset_key
from gateway.storage.case_tables import CaseRow
from gateway.storage.planned_tables import PlannedWorkRow

TITLE: Text = {"ru": "Плановые работы: {title}", "en": "Planned works: {title}"}
WHY: Text = {
    "ru": "Плановые работы «{title}» ведёт {executor}",
    "en": "{executor} does the planned works “{title}”",
}


def plan_of(row: PlannedWorkRow) -> PlannedWork:
    """Give the works with their rules."""
    return PlannedWork(
        title=row.title,
        words=row.words,
        category=row.category,
        assets=tuple(row.assets),
        executor=row.executor,
        since=row.since,
        until=row.until,
        first_until=row.first_until,
        published_at=row.published_at,
        begun_at=row.begun_at,
        done_at=row.done_at,
        withdrawn_at=row.withdrawn_at,
    )


async def under_way(session: AsyncSession, now: datetime) -> Sequence[PlannedWorkRow]:
    """Give the works that have begun, by plan or by their executor's word, and are not done."""
    rows = await session.scalars(
        select(PlannedWorkRow)
        .where(
            PlannedWorkRow.published_at.is_not(None),
            PlannedWorkRow.done_at.is_(None),
            PlannedWorkRow.withdrawn_at.is_(None),
            or_(PlannedWorkRow.since <= now, PlannedWorkRow.begun_at.is_not(None)),
        )
        .order_by(PlannedWorkRow.id)
    )
    return rows.all()


async def works_of(session: AsyncSession, case: int) -> PlannedWorkRow | None:
    """Give the works that are not done and whose case this is."""
    found: PlannedWorkRow | None = await session.scalar(
        select(PlannedWorkRow)
        .where(
            PlannedWorkRow.case_id == case,
            PlannedWorkRow.done_at.is_(None),
            PlannedWorkRow.withdrawn_at.is_(None),
        )
        .limit(1)
    )
    return found


def answering(
    works: Sequence[PlannedWorkRow], now: datetime, group: str, touched: Collection[str]
) -> PlannedWorkRow | None:
    """Give the works that are why something does not work there, as PlannedWork.answers has it."""
    return next((row for row in works if plan_of(row).answers(now, group, touched)), None)


def case_of_works(desk: Desk, row: PlannedWorkRow) -> CaseRow:
    """Give the case of the works, or open it with their executor.

    The desk has loaded what is open about their assets.
    """
    registry = desk.registry
    asset = next(registry.assets[each] for each in row.assets if each in registry.assets)
    found = category(row.category)
    executor = registry.executors[row.executor]
    case = desk.open_case(
        Subject(
            category=found,
            severity=found.severity,
            title=filled(TITLE, title=row.title),
            key=asset_key(asset.id, found.group),
            place=asset.place,
            address=registry.address_of(asset.place),
            position=registry.position_of(asset),
            asset=asset,
            routing=Routing(executor, filled(WHY, title=row.title, executor=executor.name)),
        )
    )
    row.case = case
    return case
