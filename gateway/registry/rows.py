"""The registry in the relational store: read whole, and replaced whole in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select
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
    Route,
    retired,
)
from gateway.registry.places import place_tree
from gateway.registry.programs import programs_of
from gateway.storage import outbox
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


async def read_registry(session: AsyncSession) -> tuple[Registry, int]:
    """Give the registry in force and its revision; an empty one and 0 before the first import."""
    newest = await session.scalar(
        select(RegistryRevisionRow).order_by(RegistryRevisionRow.revision.desc()).limit(1)
    )
    if newest is None:
        return Registry(name={}, places=()), 0
    parts: dict[str, Any] = {}
    for part, (kind, row) in PARTS.items():
        columns = [getattr(row, field.name) for field in fields(kind)]
        found = await session.execute(select(*columns).order_by(*row.__table__.primary_key))
        parts[part] = tuple(msgspec.convert(dict(entry._mapping), kind) for entry in found)
    return Registry(name=newest.name, **parts), newest.revision


async def replace_registry(session: AsyncSession, clock: Clock, registry: Registry) -> int:
    """Put a checked document in force as the next revision, and give its number.

    What is not in the document is gone from the registry. Readers learn of it from the outbox.
    """
    revision = 1 + (await session.scalar(select(func.max(RegistryRevisionRow.revision))) or 0)
    paths = {identifier: node.path for identifier, node in place_tree(registry.places).items()}
    for part, (_, row) in PARTS.items():
        await session.execute(delete(row))
        entries = [_columns(entry, row, paths) for entry in getattr(registry, part)]
        if entries:
            await session.execute(insert(row), entries)
    session.add(RegistryRevisionRow(revision=revision, at=clock.now(), name=dict(registry.name)))
    for edge in registry.edges:
        await _offer(session, clock, registry, edge.id)
    await outbox.publish(
        session, outbox.Change(topic=outbox.REGISTRY, place_path="", body={"revision": revision})
    )
    return revision


async def newest_configuration(session: AsyncSession, edge: str) -> EdgeConfigurationRow | None:
    """Give the newest configuration document of an edge."""
    return await session.scalar(
        select(EdgeConfigurationRow)
        .where(EdgeConfigurationRow.edge == edge)
        .order_by(EdgeConfigurationRow.revision.desc())
        .limit(1)
    )


def _columns(entry: Any, row: type[Base], paths: Mapping[str, str]) -> dict[str, Any]:
    columns = asdict(entry)
    if isinstance(entry, Place):
        columns["place_path"] = paths[entry.id]
    elif "place_path" in row.__table__.columns:
        columns["place_path"] = paths[entry.place]
    return columns


async def _offer(session: AsyncSession, clock: Clock, registry: Registry, edge: str) -> None:
    """Write the edge's next configuration document, if its content differs from the last one."""
    endpoints = sorted(
        (line for line in registry.endpoints if line.edge == edge), key=lambda line: line.id
    )
    behind = {line.id for line in endpoints}
    gone = retired(registry.bindings, clock.now())
    devices = sorted(
        (each for each in registry.devices if each.endpoint in behind and each.id not in gone),
        key=lambda device: device.id,
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
