"""The tree of places that one may see."""

from fastapi import APIRouter

from core.registry import Place
from gateway.api.dependencies import CurrentActor, TheRegistry
from gateway.api.registry_models import PlaceOut

router = APIRouter(tags=["registry"])


@router.get("/places")
async def places(actor: CurrentActor, registry: TheRegistry) -> list[PlaceOut]:
    """Give every place of one's territory."""
    return [show_place(node.place) for node in registry.places.values() if actor.can_see(node.path)]


def show_place(place: Place) -> PlaceOut:
    """Give a place as clients see it."""
    return PlaceOut(
        id=place.id,
        kind=place.kind.value,
        name=dict(place.name),
        parent=place.parent,
        latitude=place.latitude,
        longitude=place.longitude,
    )
