"""The registry in the relational store: read whole, and replaced whole in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.configuration import EdgeConfiguration, RuleOverride
from core.metering import BillingArea, Meter, Tariff
from core.program import Program
from core.registry import (
    Asset,
    Binding,
    Device,
    Edge,
    Endpoint,
    Executor,
    Feed,
    Override,
    Place,
    Registry,
    retired,
)
from core.route import Route
from core.text import Text
from gateway.registry.places import place_tree
from gateway.registry.programs import programs_of
from gateway.storage import outbox
from gateway.storage.bulk import insert_many
from gateway.storage.metering_tables import BillingAreaRow, MeterRow, TariffRow
from gateway.storage.tables import (
    AssetRow,
    Base,
    BindingRow,
    DeviceRow,
    EdgeConfigurationRow,
    EdgeRow,
    EndpointRow,
    ExecutorRow,
    FeedRow,
    OverrideRow,
    PlaceRow,
    ProgramRow,
    RegistryRevisionRow,
    RouteRow,
)

PARTS: dict[str, tuple[type[Any], type[Base]]] = {
    "places": (Place, PlaceRow),
    "assets": (Asset, AssetRow),
    "feeds": (Feed, FeedRow),
    "edges": (Edge, EdgeRow),
    "endpoints": (Endpoint, EndpointRow),
    "devices": (Device, DeviceRow),
    "bindings": (Binding, BindingRow),
    "executors": (Executor, ExecutorRow),
    "routes": (Route, RouteRow),
    "overrides": (Override, OverrideRow),
    "programs": (Program, ProgramRow),
    "meters": (Meter, MeterRow),
    "tariffs": (Tariff, TariffRow),
    "billing": (BillingArea, BillingAreaRow),
}
PLAIN = (Asset, Feed, Device, Binding)  # the many; their fields are as the store has them
AT_ONCE = 10_000  # rows


async def newest_registry(session: AsyncSession) -> int:
    """Give the revision in force, 0 before the first import."""
    return await session.scalar(select(func.max(RegistryRevisionRow.revision))) or 0


async def read_registry(session: AsyncSession) -> tuple[Registry, int]:
    """Give the registry in force and its revision; an empty one and 0 before the first import."""
    newest = await session.scalar(
        select(RegistryRevisionRow).order_by(RegistryRevisionRow.revision.desc()).limit(1)
    )
    if newest is None:
        return Registry(name={}, places=()), 0
    parts: dict[str, Any] = {}
    for part, (kind, row) in PARTS.items():
        parts[part] = tuple(await _entries(session, kind, row))
    return Registry(name=newest.name, **parts), newest.revision


async def _entries(session: AsyncSession, kind: type[Any], row: type[Base]) -> list[Any]:
    """Give the entries of a part. There are millions, and most of their texts are alike: those are
    kept once."""
    names = [field.name for field in fields(kind)]
    columns = [getattr(row, name) for name in names]
    found = await session.stream(select(*columns).order_by(*row.__table__.primary_key))
    once: dict[Any, Any] = {}

    def shared(name: str, value: Any) -> Any:
        if name == "id" or value is None:
            return value
        key = msgspec.json.encode(value) if isinstance(value, dict) else value
        return once.setdefault(key, value)

    entries: list[Any] = []
    async for some in found.partitions(AT_ONCE):
        for values in some:
            entry = dict(zip(names, values, strict=True))
            if kind in PLAIN:
                entries.append(kind(**{name: shared(name, entry[name]) for name in names}))
            else:
                entries.append(msgspec.convert(entry, kind))
    return entries


async def replace_registry(session: AsyncSession, clock: Clock, registry: Registry) -> int:
    """Put a checked document in force as the next revision, and give its number.

    What is not in the document is gone from the registry. Readers learn of it from the outbox.
    """
    revision = 1 + await newest_registry(session)
    paths = {identifier: node.path for identifier, node in place_tree(registry.places).items()}
    for part, (_, row) in PARTS.items():
        await session.execute(delete(row))
        entries = getattr(registry, part)
        for some in (entries[at : at + AT_ONCE] for at in range(0, len(entries), AT_ONCE)):
            await insert_many(session, row, [_columns(entry, row, paths) for entry in some])
    devices = _read_by_edges(registry, clock.now())
    for edge in registry.edges:
        await _offer(session, clock, registry, edge.id, devices.get(edge.id, []))
    await _put_in_force(session, clock, registry.name, revision)
    return revision


async def replace_routes(
    session: AsyncSession, clock: Clock, name: Text, routes: Sequence[Route]
) -> int:
    """Put a checked routing table in force in the next revision, and give its number.

    name: of the registry.
    """
    revision = 1 + await newest_registry(session)
    await session.execute(delete(RouteRow))
    await insert_many(session, RouteRow, [asdict(row) for row in routes])
    await _put_in_force(session, clock, name, revision)
    return revision


async def _put_in_force(session: AsyncSession, clock: Clock, name: Text, revision: int) -> None:
    session.add(RegistryRevisionRow(revision=revision, at=clock.now(), name=dict(name)))
    await outbox.publish(
        session, outbox.Change(topic=outbox.REGISTRY, place_path="", body={"revision": revision})
    )


async def newest_configuration(session: AsyncSession, edge: str) -> EdgeConfigurationRow | None:
    """Give the newest configuration document of an edge."""
    return await session.scalar(
        select(EdgeConfigurationRow)
        .where(EdgeConfigurationRow.edge == edge)
        .order_by(EdgeConfigurationRow.revision.desc())
        .limit(1)
    )


async def newest_revision(session: AsyncSession, edge: str) -> int:
    """Give the revision of that document, which may be large; 0 where there is none."""
    found = await session.scalar(
        select(func.max(EdgeConfigurationRow.revision)).where(EdgeConfigurationRow.edge == edge)
    )
    return found or 0


def _columns(entry: Any, row: type[Base], paths: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(entry, PLAIN):
        columns = {field.name: getattr(entry, field.name) for field in fields(entry)}
    else:
        columns = asdict(entry)
    if isinstance(entry, Place):
        columns["place_path"] = paths[entry.id]
    elif "place_path" in row.__table__.columns:
        columns["place_path"] = paths[entry.place]
    return columns


def _read_by_edges(registry: Registry, at: datetime) -> Mapping[str, Sequence[Device]]:
    """Give the devices that each edge is to read, without the retired, by their id."""
    edges = {line.id: line.edge for line in registry.endpoints}
    gone = retired(registry.bindings, at)
    found: defaultdict[str, list[Device]] = defaultdict(list)
    for device in sorted(registry.devices, key=lambda each: each.id):
        if device.id not in gone:
            found[edges[device.endpoint]].append(device)
    return found


async def _offer(
    session: AsyncSession, clock: Clock, registry: Registry, edge: str, devices: Sequence[Device]
) -> None:
    """Write the edge's next configuration document, if its content differs from the last one."""
    endpoints = sorted(
        (line for line in registry.endpoints if line.edge == edge), key=lambda line: line.id
    )
    last = await newest_configuration(session, edge)
    configuration = EdgeConfiguration(
        revision=last.revision if last else 1,
        edge=edge,
        endpoints=tuple(endpoints),
        devices=tuple(devices),
        overrides=_overrides(registry, devices),
        programs=tuple(programs_of(registry, {device.id for device in devices})),
    )
    if last is not None:
        if _encoded(configuration) == last.document:
            return
        configuration = replace(configuration, revision=last.revision + 1)
    session.add(
        EdgeConfigurationRow(
            edge=edge,
            revision=configuration.revision,
            at=clock.now(),
            document=_encoded(configuration),
        )
    )


def _overrides(registry: Registry, devices: Sequence[Device]) -> tuple[RuleOverride, ...]:
    """Give the overrides of these devices: by profile first, those of a device over them."""
    known = {device.id: [device.id] for device in devices}
    of_profile: dict[str, list[str]] = {}
    for device in devices:
        of_profile.setdefault(device.profile, []).append(device.id)
    changes: dict[tuple[str, str], dict[str, float]] = {}
    for override in sorted(registry.overrides, key=lambda each: bool(each.device)):
        for identifier in known.get(override.device) or of_profile.get(override.profile, []):
            changes.setdefault((identifier, override.rule), {}).update(override.set)
    return tuple(
        RuleOverride(device=device, rule=rule, set=changed)
        for (device, rule), changed in sorted(changes.items())
    )


def _encoded(configuration: EdgeConfiguration) -> str:
    content = msgspec.to_builtins(configuration)
    if not configuration.programs:
        del content["programs"]  # edges of the versions before know no such key, and refuse it
    for device in content["devices"]:
        del device["serial"]  # for people; and likewise
    return msgspec.json.encode(content, order="sorted").decode()
