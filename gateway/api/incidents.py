"""Incidents: listed, and acknowledged by those who saw them."""

from fastapi import APIRouter, Depends

from core.actor import Role
from gateway.api.case_dependencies import TheDesk
from gateway.api.case_models import Acknowledge, Acknowledged, IncidentOut
from gateway.api.dependencies import CurrentActor, Reading, only
from gateway.cases import work

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
