"""What an applicant sees of an appeal, and their answer to the one question: is it fixed?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.answer import AnswerKind, AnswerState
from core.case import CaseState
from core.category import category
from core.deadline_rule import DeadlineRules
from core.errors import DomainError
from core.feedback import is_upheld, may_answer
from core.text import Text
from gateway.api import appeal_models
from gateway.cases.appeals import APPLICANT, expected, own_appeal
from gateway.cases.desk import Desk
from gateway.cases.planned import works_of
from gateway.cases.rows import case_of, keep_case
from gateway.cases.work import checked, free_key
from gateway.storage.case_tables import AppealRow, CaseRow
from gateway.storage.delivery_tables import AnswerRow

DONE: Text = {"ru": "Работы завершены и проверены.", "en": "The work is done and verified."}
FIXED: Text = {"ru": "Заявитель {number}: исправлено", "en": "Applicant {number}: it is fixed"}
NOT_FIXED: Text = {
    "ru": "Заявитель {number}: не исправлено",
    "en": "Applicant {number}: it is not fixed",
}
SAID: Text = {"ru": "{comment}", "en": "{comment}"}
SENT_BACK: Text = {
    "ru": "Возвращено в работу: заявители говорят, что не исправлено",
    "en": "Reopened: those who complained say that it is not fixed",
}


async def status_of(
    session: AsyncSession, now: datetime, number: str, key: str, rules: DeadlineRules
) -> appeal_models.AppealStatus:
    """Give what the applicant may see. NotVisible for a wrong key and a wrong number alike."""
    row = await own_appeal(session, number, key)
    case = await session.get_one(CaseRow, row.case_id)
    closed = case.state == CaseState.CLOSED
    works = None if closed else await works_of(session, case.id)
    return appeal_models.AppealStatus(
        number=row.number,
        state="closed" if closed else "open",
        category_name=dict(category(row.category).name),
        filed_at=row.filed_at,
        expected_at=None if closed else works.until if works else expected(case, now, rules),
        works=works.title if works else "",
        executor_name=case.executor_name,
        answer=await _told(session, row) or (dict(DONE) if closed else {}),
        asked=may_answer(case.closed_at, now),
        fixed=_answer(row, case.closed_at),
    )


async def answer(desk: Desk, number: str, key: str, *, fixed: bool, comment: str) -> None:
    """Keep the answer of whoever has the key."""
    await take_answer(
        desk, await own_appeal(desk.session, number, key), fixed=fixed, comment=comment
    )


async def take_answer(desk: Desk, row: AppealRow, *, fixed: bool, comment: str) -> None:
    """Keep the answer; enough of "no" send the work back, on its old clock.

    DomainError where nobody is asked, for the case is open or was closed long ago.
    """
    case = await desk.session.get_one(CaseRow, row.case_id)
    closed_at = case.closed_at
    if not may_answer(closed_at, desk.now):
        raise DomainError(
            "not_asked",
            "This can be answered for 48 hours after the work is closed. If something is wrong "
            "now, file a new report.",
        )
    said = checked(comment)
    row.fixed, row.fixed_at = fixed, desk.now
    desk.say(case, "feedback", FIXED if fixed else NOT_FIXED, by=APPLICANT, number=row.number)
    if said:
        desk.say(case, "note", SAID, by=APPLICANT, comment=said)
    if is_upheld([_answer(each, closed_at) for each in await _appeals(desk, case)]):
        await _send_back(desk, case)
    await desk.finish()


async def _told(session: AsyncSession, row: AppealRow) -> dict[str, str]:
    """Give the newest answer that was sent, in its language."""
    found = await session.scalar(
        select(AnswerRow)
        .where(
            AnswerRow.appeal_id == row.id,
            AnswerRow.state == AnswerState.SENT,
            AnswerRow.kind != AnswerKind.RECEIPT,
        )
        .order_by(AnswerRow.sent_at.desc(), AnswerRow.id.desc())
        .limit(1)
    )
    return {found.language: found.text} if found else {}


def _answer(row: AppealRow, closed_at: datetime | None) -> bool | None:
    """Give the answer to this closing; one to an earlier closing is none."""
    is_of_now = row.fixed_at is not None and closed_at is not None and row.fixed_at >= closed_at
    return row.fixed if is_of_now else None


async def _appeals(desk: Desk, case: CaseRow) -> Sequence[AppealRow]:
    await desk.session.flush()
    found = await desk.session.scalars(select(AppealRow).where(AppealRow.case_id == case.id))
    return found.all()


async def _send_back(desk: Desk, row: CaseRow) -> None:
    case = case_of(row, desk.rules)
    case.reopen(desk.now)
    keep_case(case, row)
    row.open_key = row.open_key or await free_key(desk.session, row)
    desk.say(row, "reopened", SENT_BACK)
