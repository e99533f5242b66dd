"""Answers to those who complained: owed, drafted, sent."""

from fastapi import APIRouter

from core.answer import AnswerKind
from gateway.api.answer_models import AnswerDraft, AnswerForm, AnswerOut
from gateway.api.case_dependencies import TheDesk
from gateway.api.dependencies import CurrentActor, Reading, TheClock, TheRegistry
from gateway.api.models import Number
from gateway.cases import answers
from gateway.cases.desk import Desk
from gateway.cases.work import find_case
from gateway.storage.delivery_tables import AnswerRow

router = APIRouter(tags=["answers"])


@router.get("/cases/{number}/answers")
async def list_answers(
    number: Number, session: Reading, clock: TheClock, registry: TheRegistry, actor: CurrentActor
) -> list[AnswerOut]:
    """Give the answers to the appeals of a case: those owed, on their way, and sent."""
    case = await find_case(session, actor, number)
    desk = Desk(session, clock.now(), registry)
    return [_shown(desk, row) for row in await answers.list_answers(session, actor, case)]


@router.get("/cases/{number}/answers/draft")
async def draft_answer(
    number: Number,
    appeal: str,
    kind: AnswerKind,
    *,
    session: Reading,
    clock: TheClock,
    registry: TheRegistry,
    actor: CurrentActor,
) -> AnswerDraft:
    """Give a draft from facts, and what is missing in it."""
    case = await find_case(session, actor, number)
    desk = Desk(session, clock.now(), registry)
    text, missing = await answers.draft_for(desk, actor, case, appeal, kind)
    return AnswerDraft(text=text, missing=[dict(each) for each in missing])


@router.post("/cases/{number}/answers")
async def send_answer(
    number: Number, actor: CurrentActor, form: AnswerForm, desk: TheDesk
) -> AnswerOut:
    """Send an answer through the channel of its appeal. It is checked: a refusal says what is
    missing in it."""
    case = await find_case(desk.session, actor, number)
    written = answers.Written(
        appeal=form.appeal, kind=form.kind, text=form.text, despite=form.despite
    )
    return _shown(desk, await answers.send(desk, actor, case, written))


@router.post("/answers/{number}/told")
async def tell_answer(number: Number, actor: CurrentActor, desk: TheDesk) -> AnswerOut:
    """Say that the answer was told by telephone, or in another way."""
    return _shown(desk, await answers.told(desk, actor, number))


@router.post("/answers/{number}/again")
async def send_answer_again(number: Number, actor: CurrentActor, desk: TheDesk) -> AnswerOut:
    """Try once more what its channel did not take."""
    return _shown(desk, await answers.send_again(desk, actor, number))


def _shown(desk: Desk, row: AnswerRow) -> AnswerOut:
    return AnswerOut.model_validate(
        {
            "id": row.id,
            "appeal": row.appeal.number,
            "kind": row.kind,
            "state": row.state,
            "via": row.via,
            "text": row.text,
            "by": row.by,
            "at": row.at,
            "sent_at": row.sent_at,
            "missing": [dict(each) for each in answers.missing_in(desk, row)],
            "trouble": row.delivery.trouble if row.delivery else "",
            "tries": row.delivery.tries if row.delivery else 0,
        }
    )
