"""How far the work on a case is: its order, what was entered, and what is still missing."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.case import CaseState
from core.checklist import Answer, Checklist, checklist_for, unfinished
from core.errors import DomainError
from core.evidence import EvidenceKind, Grade
from core.text import Text
from core.work_order import UNDER_WAY, WorkState
from gateway.cases.proofs import sent_back
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow, EvidenceRow
from gateway.storage.work_tables import WorkAnswerRow, WorkOrderRow


async def current_order(session: AsyncSession, row: CaseRow) -> WorkOrderRow | None:
    """Give the order of who has the case now; None before their first step, and where what they
    reported was sent back."""
    order: WorkOrderRow | None = await session.scalar(
        select(WorkOrderRow)
        .where(
            WorkOrderRow.case_id == row.id,
            WorkOrderRow.executor == (row.executor or ""),
            WorkOrderRow.hands == row.hands,
        )
        .order_by(WorkOrderRow.id.desc())
        .limit(1)
    )
    if order is None or (order.state == WorkState.DONE and CaseState(row.state) in UNDER_WAY):
        return None
    return order


async def answers_of(session: AsyncSession, order: WorkOrderRow | None) -> dict[str, WorkAnswerRow]:
    """Give what was entered last at each point."""
    if order is None:
        return {}
    found = await session.scalars(
        select(WorkAnswerRow)
        .where(WorkAnswerRow.order_id == order.id)
        .order_by(WorkAnswerRow.number)
    )
    return {row.item: row for row in found}


async def photos_of(session: AsyncSession, row: CaseRow) -> dict[str, Grade]:
    """Give the best grade of the photos of each point, since the work was last sent back."""
    query = (
        select(EvidenceRow.item, func.min(EvidenceRow.grade))
        .where(
            EvidenceRow.case_id == row.id,
            EvidenceRow.kind == EvidenceKind.PHOTO,
            EvidenceRow.by_staff,
            EvidenceRow.item != "",
        )
        .group_by(EvidenceRow.item)
    )
    if (since := await sent_back(session, row)) is not None:
        query = query.where(EvidenceRow.at >= since)
    return {item: Grade(grade) for item, grade in await session.execute(query)}


def checklist_of(registry: RegistrySnapshot, row: CaseRow) -> Checklist:
    """Give what belongs to the work on this case."""
    return checklist_for(registry.checklists, row.category)


def answer_of(body: Mapping[str, Any]) -> Answer:
    """Give the answer as it was kept."""
    return Answer(
        number=body["number"],
        text=body["text"],
        parts=[(name, count) for name, count in body["parts"]],
        strokes=body["strokes"],
    )


async def unfinished_of(
    session: AsyncSession, registry: RegistrySnapshot, row: CaseRow
) -> list[Text]:
    """Say in words what must be there before the work can be reported done."""
    answers = await answers_of(session, await current_order(session, row))
    return unfinished(
        checklist_of(registry, row),
        {item: answer_of(kept.body) for item, kept in answers.items()},
        await photos_of(session, row),
    )


async def refuse_unfinished(
    session: AsyncSession, registry: RegistrySnapshot, row: CaseRow
) -> None:
    """DomainError with the list of what is missing, where something is."""
    if missing := await unfinished_of(session, registry, row):
        raise DomainError(
            "work_unfinished",
            "The work cannot be reported done yet. " + " ".join(text["en"] for text in missing),
            tuple(dict(text) for text in missing),
        )
