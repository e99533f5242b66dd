"""Whose hands a case is in: contested once, decided, handed over."""

from fastapi import APIRouter

from gateway.api.case_dependencies import TheDesk, TheWitness
from gateway.api.case_models import CaseDetail, ContestForm, HandOver
from gateway.api.dependencies import CurrentActor
from gateway.api.models import Number
from gateway.cases import hands, work

router = APIRouter(prefix="/cases/{number}", tags=["cases"])


@router.post("/contest")
async def contest_case(
    number: Number, actor: CurrentActor, form: ContestForm, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Say, once, that the case is not for who has it, and who should have it."""
    await hands.contest(
        desk, actor, number, version=form.version, reason=form.note, proposed=form.proposed
    )
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/contest/decide")
async def decide_contest(
    number: Number, actor: CurrentActor, form: HandOver, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Decide what an executor contests: another gets the case, or it stays."""
    await hands.decide(
        desk, actor, number, version=form.version, executor=form.executor, note=form.note
    )
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/hand-over")
async def hand_over_case(
    number: Number, actor: CurrentActor, form: HandOver, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Give the case to another executor."""
    await hands.hand_over(
        desk, actor, number, version=form.version, executor=form.executor, note=form.note
    )
    return await work.case_detail(desk.session, actor, number, witness)
