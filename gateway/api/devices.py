"""Devices: what they measure, and whether they answer."""

from fastapi import APIRouter
from sqlalchemy import or_

from gateway.api.dependencies import CurrentActor, Reading, TheClock, TheDirectory, TheRegistry
from gateway.api.registry_models import DeviceDetail, DeviceOut
from gateway.registry.devices import show_device, visible_asset, visible_device
from gateway.registry.replacement import replacements
from gateway.storage.tables import ReplacementRow

router = APIRouter(prefix="/devices", tags=["registry"])


@router.get("")
async def devices(
    *,
    actor: CurrentActor,
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    asset: str = "",
    lost: bool | None = None,
) -> list[DeviceOut]:
    """Give the devices of one's territory, without their signals, or of one asset with them.

    One that was replaced is found by its id alone.
    lost: only those that do not answer, or only the others.
    """
    if asset:
        chosen = registry.devices_of(visible_asset(registry, actor, asset).id, clock.now())
    else:
        chosen = registry.devices_in_force(clock.now())
    shown = [
        show_device(registry, directory, device, signals=bool(asset))
        for device in chosen
        if actor.can_see(registry.path_of(device.place))
    ]
    return [device for device in shown if lost is None or (device.online is False) == lost]


@router.get("/{identifier}")
async def device(
    identifier: str,
    actor: CurrentActor,
    session: Reading,
    registry: TheRegistry,
    directory: TheDirectory,
) -> DeviceDetail:
    """Give one device with its signals, their latest readings, and which other stood in its place.

    One that was replaced is found, too.
    """
    found = visible_device(registry, actor, identifier)
    its = or_(ReplacementRow.device == found.id, ReplacementRow.former == found.id)
    known = await replacements(session, actor, its)
    return DeviceDetail(
        **dict(show_device(registry, directory, found)),
        replaces=next((each for each in known if each.device == found.id), None),
        replaced_by=next((each for each in known if each.former == found.id), None),
    )
