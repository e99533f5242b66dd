"""Another device in the place of one: a new meter goes on where the old one ended.

The registry keeps both. The old one's bindings end at the moment of the replacement, and with that
it leaves its edge's configuration; its readings stay its own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from core.actor import Actor
from core.clock import Clock
from core.errors import DomainError, NotVisible
from core.metering import Meter
from core.program import Program
from core.registry import Asset, Binding, Device, Registry, is_in_force, retired
from gateway.api.registry_models import ReplacementOut
from gateway.registry.document import IDENTIFIER
from gateway.registry.places import place_tree
from gateway.registry.rows import read_registry, replace_registry
from gateway.registry.units import wrong_unit
from gateway.storage.tables import ReplacementRow
from gateway.storage.visibility import visible_to

LONGEST_NOTE = 2000  # signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What somebody did at an asset.

    serial: of the new device; device, unit: empty for the default. former: the old device, needed
    only where several serve the asset. at: None for now. last, first: what the old one showed last
    and the new one first, as on their displays.
    """

    asset: str
    serial: str
    device: str = ""
    unit: str = ""
    former: str = ""
    at: datetime | None = None
    last: float | None = None
    first: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """assets: which the old device served, and the new one serves now."""

    assets: tuple[str, ...]
    former: Device
    device: Device
    at: datetime
    revision: int


async def replace_device(
    session: AsyncSession, clock: Clock, wanted: Replacement, *, by: str
) -> Replaced:
    """Put a new device in the place of an old one, and keep who did it and what both showed.

    by: name of the person. NotVisible for an asset that is not there; DomainError says what else
    cannot be.
    """
    registry, _ = await read_registry(session)
    now = clock.now()
    at = _moment(wanted.at, now)
    for what, reading in (("last", wanted.last), ("first", wanted.first)):
        if reading is not None and not math.isfinite(reading):
            raise _refused(f"The {what} reading is to be a finite number, found {reading}.")
    asset = next((each for each in registry.assets if each.id == wanted.asset), None)
    if asset is None:
        raise NotVisible("asset", wanted.asset)
    former = _former(registry, asset, wanted.former, now)
    ended = [
        each for each in registry.bindings if each.device == former.id and is_in_force(each, now)
    ]
    for binding in ended:
        if binding.since is not None and at <= binding.since:
            raise _refused(
                f"{former.id} serves {binding.asset} since {binding.since.isoformat()}; it cannot "
                f"have been replaced at {at.isoformat()}."
            )
    device = _new_device(registry, former, wanted, now)
    revision = await replace_registry(
        session, clock, _with_the_new_one(registry, former, device, ended, at)
    )
    paths = {identifier: node.path for identifier, node in place_tree(registry.places).items()}
    session.add(
        ReplacementRow(
            asset=asset.id,
            former=former.id,
            device=device.id,
            at=at,
            last=wanted.last,
            first=wanted.first,
            note=wanted.note,
            by=by,
            recorded_at=now,
            place_path=paths[asset.place],
        )
    )
    assets = tuple(each.asset for each in ended)
    return Replaced(assets=assets, former=former, device=device, at=at, revision=revision)


async def replacements(
    session: AsyncSession, actor: Actor, which: ColumnElement[bool]
) -> list[ReplacementOut]:
    """Give those that the actor may see, the newest first."""
    found = await session.scalars(
        select(ReplacementRow)
        .where(visible_to(actor, ReplacementRow), which)
        .order_by(ReplacementRow.id.desc())
    )
    return [
        ReplacementOut(
            former=row.former,
            device=row.device,
            at=row.at,
            last=row.last,
            first=row.first,
            note=row.note,
            by=row.by,
            recorded_at=row.recorded_at,
        )
        for row in found
    ]


def _moment(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at.tzinfo is None:
        raise _refused("The moment needs a time zone, like 2026-05-01T10:00+03:00.")
    if at > now:
        raise _refused(f"The moment {at.isoformat()} is in the future; it is {now.isoformat()}.")
    return at


def _former(registry: Registry, asset: Asset, named: str, now: datetime) -> Device:
    serving = [
        each.device
        for each in registry.bindings
        if each.asset == asset.id and is_in_force(each, now)
    ]
    if not serving:
        raise _refused(f"No device serves {asset.id} now, so there is none to replace.")
    if named and named not in serving:
        raise _refused(f"{named} does not serve {asset.id} now; {', '.join(serving)} does.")
    if not named and len(serving) > 1:
        raise _refused(
            f"Several devices serve {asset.id}: {', '.join(serving)}. Say which is replaced."
        )
    return next(each for each in registry.devices if each.id == (named or serving[0]))


def _new_device(registry: Registry, former: Device, wanted: Replacement, now: datetime) -> Device:
    known = {each.id: each for each in registry.devices}
    identifier = wanted.device or _free_identifier(wanted.asset, known)
    if not IDENTIFIER.fullmatch(identifier):
        raise _refused(f"Wanted an id of up to 64 of a-z 0-9 . _ -, found {identifier!r}.")
    if identifier in known:
        raise _refused(
            f"There is a device {identifier} already; the new one needs an id of its own."
        )
    if not wanted.serial.strip():
        raise _refused("Say the serial number on the plate of the new device.")
    if wanted.serial == former.serial:
        raise _refused(f"{former.id} itself has the serial number {wanted.serial}.")
    unit = wanted.unit or former.unit
    line = next(each for each in registry.endpoints if each.id == former.endpoint)
    if wrong := wrong_unit(line, unit):
        raise _refused(f"unit: {wrong}.")
    gone = retired(registry.bindings, now) | {former.id}
    for other in registry.devices:
        if (other.endpoint, other.unit) == (line.id, unit) and other.id not in gone and wanted.unit:
            raise _refused(f"{other.id} has unit {unit} on {line.id} already.")
    return replace(former, id=identifier, serial=wanted.serial, unit=unit)


def _free_identifier(asset: str, known: Mapping[str, Device]) -> str:
    number = 2
    while f"{asset}-d{number}" in known:
        number += 1
    return f"{asset}-d{number}"


def _with_the_new_one(
    registry: Registry, former: Device, device: Device, ended: list[Binding], at: datetime
) -> Registry:
    """Give the registry in which the new device does all that the old one did."""
    bindings = [replace(each, until=at) if each in ended else each for each in registry.bindings]
    bindings += [replace(each, device=device.id, since=at) for each in ended]
    overrides = [
        replace(each, device=device.id) if each.device == former.id else each
        for each in registry.overrides
    ]
    return replace(
        registry,
        devices=(*registry.devices, device),
        bindings=tuple(bindings),
        overrides=tuple(overrides),
        meters=(*registry.meters, *_meters_of(registry, former.id, device.id)),
        programs=tuple(_governing(each, former.id, device.id) for each in registry.programs),
    )


def _meters_of(registry: Registry, former: str, device: str) -> list[Meter]:
    """Give what billing knows of the new one: what it measures, but no verification and no seal."""
    return [
        Meter(device=device, resource=each.resource, scope=each.scope)
        for each in registry.meters
        if each.device == former
    ]


def _governing(program: Program, former: str, device: str) -> Program:
    governed = tuple(device if each == former else each for each in program.devices)
    return replace(program, devices=governed)


def _refused(text: str) -> DomainError:
    return DomainError("replacement_refused", text)
