"""What is shown of the work on a case."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.case import CaseState
from core.checklist import unfinished
from core.work_order import WorkState, WorkVerb, possible, state_beside
from gateway.api.work_models import EntryOut, ItemOut, PartIn, StepOut, WorkOut
from gateway.cases.checklists import (
    answer_of,
    answers_of,
    checklist_of,
    current_order,
    photos_of,
)
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow
from gateway.storage.work_tables import WorkAnswerRow, WorkOrderRow, WorkStepRow


async def show_work(session: AsyncSession, registry: RegistrySnapshot, row: CaseRow) -> WorkOut:
    """Give how far the work is."""
    order = await current_order(session, row)
    state = state_beside(CaseState(row.state), WorkState(order.state) if order else None)
    checklist = checklist_of(registry, row)
    answers, photos = await answers_of(session, order), await photos_of(session, row)
    items = [
        ItemOut(
            key=item.key,
            kind=item.kind,
            label=dict(item.label),
            required=item.required,
            unit=item.unit,
            low=item.low,
            high=item.high,
            grade=item.grade,
            found=photos.get(item.key),
            answer=_answer(answers[item.key]) if item.key in answers else None,
        )
        for item in checklist.items
    ]
    entered = {key: answer_of(kept.body) for key, kept in answers.items()}
    return WorkOut(
        state=state,
        verbs=possible(state),
        items=items,
        missing=[dict(text) for text in unfinished(checklist, entered, photos)],
        steps=[_step(step) for step in await _steps(session, row)],
    )


def _answer(row: WorkAnswerRow) -> EntryOut:
    answer = answer_of(row.body)
    return EntryOut(
        number=answer.number,
        text=answer.text,
        parts=[PartIn(name=name, count=count) for name, count in answer.parts],
        strokes=[list(stroke) for stroke in answer.strokes],
        at=row.at,
        told_at=row.told_at,
        by=row.by,
    )


def _step(row: WorkStepRow) -> StepOut:
    return StepOut(
        verb=WorkVerb(row.verb),
        state=WorkState(row.state),
        reason=row.reason,
        at=row.at,
        told_at=row.told_at,
        by=row.by,
    )


async def _steps(session: AsyncSession, row: CaseRow) -> list[WorkStepRow]:
    """Give the steps of everybody who has had the case, the newest first."""
    found = await session.scalars(
        select(WorkStepRow)
        .join(WorkOrderRow, WorkStepRow.order_id == WorkOrderRow.id)
        .where(WorkOrderRow.case_id == row.id)
        .order_by(WorkStepRow.at.desc(), WorkStepRow.order_id.desc())
    )
    return list(found)
