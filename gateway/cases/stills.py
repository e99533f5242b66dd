"""The latest still of each camera, as its edge sends one a minute. No history is kept of them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import raiseload

from adapters.wire import Condition
from core.actor import Actor
from core.case import CaseState
from core.clock import to_datetime
from core.registry import Asset
from gateway.cases.desk import Desk
from gateway.registry.cameras import shows
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow
from gateway.storage.still_tables import StillRow
from gateway.storage.visibility import visible_to

LARGEST = 200_000  # bytes; an edge sends at most 60,000


async def keep_still(session: AsyncSession, registry: RegistrySnapshot, event: Condition) -> None:
    """Replace the still of a camera unless the one that is kept is newer.

    What is no JPEG, a very large one or of an unknown device is passed over: another one comes in
    a minute.
    """
    device = registry.devices.get(event.device)
    if device is None or not event.still.startswith(b"\xff\xd8") or len(event.still) > LARGEST:
        return
    at = to_datetime(event.time)
    asset = registry.asset_of(device.id, at)
    place_path = registry.path_of(asset.place if asset else device.place)
    row = await session.get(StillRow, device.id)
    if row is None:
        session.add(StillRow(device=device.id, place_path=place_path, at=at, jpeg=event.still))
    elif row.at < at:
        row.place_path, row.at, row.jpeg = place_path, at, event.still


async def latest_still(
    session: AsyncSession, actor: Actor, registry: RegistrySnapshot, camera: Asset, now: datetime
) -> StillRow | None:
    """Give the newest still of a camera that the actor may see."""
    if actor.sees_only_own_work and not await _shows_own_work(session, actor, registry, camera):
        return None
    devices = [device.id for device in registry.devices_of(camera.id, now)]
    return await session.scalar(
        select(StillRow)
        .where(
            StillRow.device.in_(devices),
            visible_to(actor, StillRow),
        )
        .order_by(StillRow.at.desc())
        .limit(1)
    )


async def _shows_own_work(
    session: AsyncSession, actor: Actor, registry: RegistrySnapshot, camera: Asset
) -> bool:
    """Tell whether an open case that the actor may see is about something the camera shows."""
    cases = select(CaseRow).where(visible_to(actor, CaseRow), CaseRow.state != CaseState.CLOSED)
    return any(
        shows(registry, camera, row.place, Desk.position(row))
        for row in await session.scalars(cases.options(raiseload(CaseRow.clocks)))
    )
