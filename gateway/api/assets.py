"""Assets: what people care for, with its devices, what feeds it, and who can see it."""

from fastapi import APIRouter, Query

from core.registry import Asset
from gateway.api.dependencies import (
    Administrator,
    CurrentActor,
    GatewayParts,
    Reading,
    TheClock,
    TheDirectory,
    TheRegistry,
)
from gateway.api.registry_models import (
    AssetDetail,
    AssetOut,
    ReplacementForm,
    ReplacementOut,
    ServedBy,
)
from gateway.registry.cameras import shows
from gateway.registry.devices import show_device, visible_asset, visible_device
from gateway.registry.replacement import Replacement, replace_device, replacements
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.tables import ReplacementRow

router = APIRouter(prefix="/assets", tags=["registry"])

AT_MOST = 500  # assets listed below one; more help nobody to decide


@router.get("")
async def assets(
    *,
    actor: CurrentActor,
    registry: TheRegistry,
    place: str = "",
    kind: str = "",
    q: str = Query("", max_length=100, description="part of the name, the address or the id"),
) -> list[AssetOut]:
    """Give the assets of one's territory, or of a place and what is below it."""
    below = place or actor.place
    if below not in registry.places:
        return []
    return [
        show_asset(registry, asset)
        for asset in registry.assets_below(below)
        if actor.can_see(registry.path_of(asset.place))
        and kind in ("", asset.kind)
        and _mentions(registry, asset, q.casefold())
    ]


@router.get("/{identifier}")
async def asset(
    *,
    identifier: str,
    actor: CurrentActor,
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    session: Reading,
) -> AssetDetail:
    """Give one asset with its devices, what it depends on, what depends on it, and cameras."""
    found = visible_asset(registry, actor, identifier)
    now = clock.now()

    def shown(identifiers: frozenset[str]) -> list[AssetOut]:
        known = (registry.assets[one] for one in sorted(identifiers))
        seen = [one for one in known if actor.can_see(registry.path_of(one.place))]
        return [show_asset(registry, one) for one in seen[:AT_MOST]]

    return AssetDetail(
        **show_asset(registry, found).model_dump(),
        devices=[
            show_device(registry, directory, device)
            for device in registry.devices_of(found.id, now)
            if actor.can_see(registry.path_of(device.place))
        ],
        served_by=[
            ServedBy(device=device.id, serial=device.serial, since=each.since, until=each.until)
            for each in registry.bindings_of(found.id)
            if actor.can_see(registry.path_of((device := registry.devices[each.device]).place))
        ],
        replacements=await replacements(session, actor, ReplacementRow.asset == found.id),
        fed_by=shown(registry.feeds.upstream(found.id, now)),
        feeds=shown(registry.feeds.downstream(found.id, now)),
        cameras=shown(_cameras(registry, found)),
    )


@router.post("/{identifier}/replacement")
async def replace_the_device(
    identifier: str,
    form: ReplacementForm,
    actor: Administrator,
    clock: TheClock,
    parts: GatewayParts,
) -> ReplacementOut:
    """Record that a new device took the place of the one that serves the asset."""
    registry = parts.registry.snapshot
    found = visible_asset(registry, actor, identifier)
    for device in registry.devices_of(found.id, clock.now()):
        visible_device(registry, actor, device.id)
    wanted = Replacement(asset=found.id, **form.model_dump())
    async with parts.database.transaction() as session:
        done = await replace_device(session, clock, wanted, by=actor.name)
    async with parts.database.reading() as session:
        await parts.registry.reload(session)
        known = await replacements(session, actor, ReplacementRow.asset == found.id)
    return next(each for each in known if each.device == done.device.id)


def show_asset(registry: RegistrySnapshot, asset: Asset) -> AssetOut:
    """Give an asset as clients see it; its position is that of its place if it has none."""
    latitude, longitude = registry.position_of(asset) or (None, None)
    return AssetOut(
        id=asset.id,
        kind=asset.kind,
        name=dict(asset.name),
        place=asset.place,
        address=dict(registry.address_of(asset.place)),
        latitude=latitude,
        longitude=longitude,
    )


def _mentions(registry: RegistrySnapshot, asset: Asset, words: str) -> bool:
    texts = (asset.id, *asset.name.values(), *registry.address_of(asset.place).values())
    return not words or any(words in text.casefold() for text in texts)


def _cameras(registry: RegistrySnapshot, asset: Asset) -> frozenset[str]:
    """Find the cameras that show the asset."""
    here = registry.position_of(asset)
    return frozenset(
        camera.id
        for camera in registry.assets_of_kind("camera")
        if camera.id != asset.id and shows(registry, camera, asset.place, here)
    )
