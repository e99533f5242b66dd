"""Sorting of cases by hand: what they are about, which are one, which are several."""

from fastapi import APIRouter

from gateway.api.case_dependencies import TheDesk, TheWitness
from gateway.api.case_models import (
    CaseDetail,
    ClassifyForm,
    MergeForm,
    SeparateForm,
    SplitForm,
    TakeApartForm,
)
from gateway.api.dependencies import CurrentActor
from gateway.api.models import Number
from gateway.cases import sorting, work

router = APIRouter(prefix="/cases/{number}", tags=["cases"])


@router.post("/classify")
async def classify_case(
    number: Number, actor: CurrentActor, form: ClassifyForm, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Say what its appeals are about: it is routed by that, and joins what is known of it."""
    into = await sorting.classify(
        desk, actor, number, form.category, version=form.version, note=form.note
    )
    return await work.case_detail(desk.session, actor, into, witness)


@router.post("/merge")
async def merge_case(
    number: Number, actor: CurrentActor, form: MergeForm, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Let another case take this one over; gives that one. It can be undone."""
    await sorting.put_together(desk, actor, number, form.into, version=form.version, note=form.note)
    return await work.case_detail(desk.session, actor, form.into, witness)


@router.post("/separate")
async def separate_case(
    number: Number, actor: CurrentActor, form: SeparateForm, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Give back a case that this one took over, with all that was its own."""
    await sorting.tell_apart(desk, actor, number, form.merge, version=form.version, note=form.note)
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/split")
async def split_case(
    number: Number, actor: CurrentActor, form: SplitForm, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Put some of its appeals into a case of their own; gives that one. Merged, it is undone."""
    fresh = await sorting.split(
        desk, actor, number, form.appeals, version=form.version, note=form.note
    )
    return await work.case_detail(desk.session, actor, fresh, witness)


@router.post("/take-apart")
async def take_apart_appeal(
    number: Number, actor: CurrentActor, form: TakeApartForm, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Make appeals of their own of the troubles that one message tells of, beside the whole."""
    troubles = [sorting.Trouble(each.text, each.category) for each in form.troubles]
    await sorting.take_apart(desk, actor, number, form.appeal, troubles, version=form.version)
    return await work.case_detail(desk.session, actor, number, witness)
