"""Suppressions: what nobody is told of, by whose word, why and for how long."""

from fastapi import APIRouter

from gateway.api.case_dependencies import TheDesk
from gateway.api.dependencies import CurrentActor, Reading, TheClock
from gateway.api.incidents import watches
from gateway.api.models import Number
from gateway.api.suppression_models import Shelve, Suppress, SuppressionOut
from gateway.cases import suppressions
from gateway.cases.rows import show_suppression

router = APIRouter(tags=["suppressions"], dependencies=[watches])


@router.get("/suppressions")
async def list_suppressions(
    session: Reading, clock: TheClock, actor: CurrentActor
) -> list[SuppressionOut]:
    """Give what is in force or to come, and what ended in the last thirty days."""
    rows = await suppressions.list_suppressions(session, actor, clock.now())
    return [show_suppression(row) for row in rows]


@router.post("/suppressions")
async def suppress(actor: CurrentActor, form: Suppress, desk: TheDesk) -> SuppressionOut:
    """Take a device or an asset out of service, or suppress it by design."""
    return show_suppression(await suppressions.silence(desk, actor, form))


@router.post("/suppressions/{number}/end")
async def end_suppression(number: Number, actor: CurrentActor, desk: TheDesk) -> SuppressionOut:
    """End it now; what is still active is told of."""
    return show_suppression(await suppressions.end(desk, actor, number))


@router.post("/suppressions/{number}/confirm")
async def confirm_suppression(number: Number, actor: CurrentActor, desk: TheDesk) -> SuppressionOut:
    """Confirm, as the second person, that an alarm of the highest severity is shelved."""
    return show_suppression(await suppressions.confirm(desk, actor, number))


@router.post("/incidents/{number}/shelve")
async def shelve(
    number: Number, actor: CurrentActor, form: Shelve, desk: TheDesk
) -> SuppressionOut:
    """Put the condition of this incident aside; it comes back by itself.

    One of the highest severity is put aside once another person has confirmed it, within ten
    minutes.
    """
    return show_suppression(await suppressions.put_aside(desk, actor, number, form))
