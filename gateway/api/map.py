"""The map: streets and houses as GeoJSON, and the assets on them."""

from collections.abc import Iterable
from datetime import datetime

from fastapi import APIRouter

from core.actor import Actor
from gateway.api.dependencies import CurrentActor, TheClock, TheRegistry
from gateway.api.registry_models import MapAsset, MapOut
from gateway.registry.places import PlaceNode
from gateway.registry.snapshot import RegistrySnapshot

router = APIRouter(tags=["map"])


@router.get("/map")
async def territory_map(actor: CurrentActor, clock: TheClock, registry: TheRegistry) -> MapOut:
    """Give the map of one's territory."""
    nodes = [node for node in registry.places.values() if actor.can_see(node.path)]
    return MapOut(
        name=dict(registry.places[actor.place].place.name),
        bounds=registry.bounds_below(actor.place),
        features=_features(nodes),
        assets=_assets(registry, actor, clock.now()),
    )


@router.get("/public/map")
async def public_map(registry: TheRegistry) -> MapOut:
    """Give the streets and houses, for the complaint form. It shows no asset."""
    return MapOut(
        name=dict(registry.name),
        bounds=registry.bounds,
        features=_features(registry.places.values()),
        assets=[],
    )


def _features(nodes: Iterable[PlaceNode]) -> list[dict[str, object]]:
    return [
        {
            "type": "Feature",
            "geometry": node.place.outline,
            "properties": {
                "id": node.place.id,
                "kind": node.place.kind.value,
                "name": dict(node.place.name),
                "address": dict(node.address),
            },
        }
        for node in nodes
        if node.place.outline is not None
    ]


def _assets(registry: RegistrySnapshot, actor: Actor, at: datetime) -> list[MapAsset]:
    shown = []
    for asset in registry.assets.values():
        position = registry.position_of(asset)
        if position is None or not actor.can_see(registry.path_of(asset.place)):
            continue
        shown.append(
            MapAsset(
                id=asset.id,
                kind=asset.kind,
                name=dict(asset.name),
                place=asset.place,
                latitude=position[0],
                longitude=position[1],
                devices=[device.id for device in registry.devices_of(asset.id, at)],
            )
        )
    return shown
