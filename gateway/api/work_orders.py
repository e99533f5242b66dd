"""The work on a case as those see it who do it: their steps and their checklist."""

from datetime import datetime

from fastapi import APIRouter

from core.checklist import Answer
from gateway.api.case_dependencies import TheDesk, TheWitness
from gateway.api.case_models import EvidenceOut
from gateway.api.dependencies import CurrentActor, Reading, TheRegistry
from gateway.api.models import Number
from gateway.api.work_models import EntryForm, GivenAnswer, StepForm, WorkOut
from gateway.cases import orders
from gateway.cases.brought import attach_answer
from gateway.cases.rows import show_evidence
from gateway.cases.show_work import show_work
from gateway.cases.work import find_case

router = APIRouter(prefix="/cases/{number}", tags=["work"])
WORK = "/work"


@router.get(WORK)
async def read_work(
    number: Number, actor: CurrentActor, session: Reading, registry: TheRegistry
) -> WorkOut:
    """Give how far the work is, its checklist, and what is missing before it is done."""
    return await show_work(session, registry, await find_case(session, actor, number))


@router.post(f"{WORK}/steps")
async def take_step(
    number: Number, actor: CurrentActor, form: StepForm, desk: TheDesk, witness: TheWitness
) -> WorkOut:
    """Go a step further. One that does not fit is refused with both sides: how it stands here, and
    what was asked; done is refused with the list of what is missing."""
    pressed = orders.Pressed(
        id=form.id, verb=form.verb, reason=form.reason, told_at=_aware(form.told_at)
    )
    await orders.take_step(desk, actor, number, pressed, witness)
    return await show_work(
        desk.session, desk.registry, await find_case(desk.session, actor, number)
    )


@router.post(f"{WORK}/entries")
async def enter_item(
    number: Number, actor: CurrentActor, form: EntryForm, desk: TheDesk
) -> WorkOut:
    """Enter something at a point of the checklist; the last of a point counts."""
    answer = Answer(
        number=form.number,
        text=form.text.strip(),
        parts=[(part.name, part.count) for part in form.parts],
        strokes=form.strokes,
    )
    entered = orders.Entered(
        id=form.id, item=form.item, answer=answer, told_at=_aware(form.told_at)
    )
    await orders.enter(desk, actor, number, entered)
    return await show_work(
        desk.session, desk.registry, await find_case(desk.session, actor, number)
    )


@router.post("/given-answer")
async def give_answer(
    number: Number, actor: CurrentActor, form: GivenAnswer, desk: TheDesk
) -> EvidenceOut:
    """Keep what was answered as proof, where the answer is all the work."""
    return show_evidence(await attach_answer(desk, actor, number, form.text))


def _aware(at: datetime | None) -> datetime | None:
    """Give the moment, if it tells its zone: without one it tells nothing."""
    return at if at is not None and at.tzinfo else None
