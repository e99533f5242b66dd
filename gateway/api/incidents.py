"""Incidents: listed, and acknowledged by those who saw them."""

from fastapi import APIRouter, Depends

from core.actor import Role
from gateway.api.case_dependencies import TheDesk
from gateway.api.case_models import Acknowledge, Acknowledged, IncidentOut
from gateway.api.dependencies import CurrentActor, Reading, only
from gateway.api.models import Number
from gateway.cases import latching, work
from gateway.cases.rows import show_incident

router = APIRouter(prefix="/incidents", tags=["incidents"])

watches = Depends(only(Role.DISPATCHER, Role.ADMINISTRATOR))


@router.get("")
async def list_incidents(
    session: Reading,
    actor: CurrentActor,
    active: bool | None = None,
    unacknowledged: bool = False,
    asset: str | None = None,
) -> list[IncidentOut]:
    """Give the newest 5,000 incidents that fit."""
    return await work.list_incidents(
        session, actor, active=active, unacknowledged=unacknowledged, asset=asset
    )


@router.post("/acknowledge", dependencies=[watches])
async def acknowledge(form: Acknowledge, desk: TheDesk, actor: CurrentActor) -> Acknowledged:
    """Acknowledge exactly these raises; those that were acknowledged before stay as they are."""
    return Acknowledged(
        acknowledged=await work.acknowledge(desk, actor, form.incidents, form.comment)
    )


@router.post("/{number}/reset", dependencies=[watches])
async def reset(number: Number, actor: CurrentActor, desk: TheDesk) -> IncidentOut:
    """Let a latched alarm be over, once its source is normal and somebody has seen it."""
    return show_incident(await latching.reset(desk, actor, number))
