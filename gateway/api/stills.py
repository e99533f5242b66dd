"""What a camera shows: its latest still."""

from fastapi import APIRouter, Response

from core.errors import NotVisible
from gateway.api.dependencies import CurrentActor, Reading, TheClock, TheRegistry
from gateway.cases.stills import latest_still
from gateway.registry.devices import visible_asset

router = APIRouter(prefix="/assets", tags=["registry"])


@router.get(
    "/{identifier}/still",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "taken at Last-Modified"}},
)
async def still(
    identifier: str,
    actor: CurrentActor,
    clock: TheClock,
    registry: TheRegistry,
    session: Reading,
) -> Response:
    """Give the latest picture of a camera; 404 until there is one.

    To an executor only of a camera that shows what an open case of theirs is about.
    """
    asset = visible_asset(registry, actor, identifier)
    row = await latest_still(session, actor, registry, asset, clock.now())
    if row is None:
        raise NotVisible("still of", identifier)
    headers = {
        "Cache-Control": "private, no-cache",
        "Last-Modified": f"{row.at:%a, %d %b %Y %H:%M:%S} GMT",
    }
    return Response(row.jpeg, media_type="image/jpeg", headers=headers)
