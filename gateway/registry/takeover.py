"""A new edge in the place of a dead one: it takes over every line, and so every device."""

from dataclasses import dataclass, replace

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import DomainError, NotVisible
from core.registry import Device, Edge, Endpoint, Registry, retired
from gateway.registry.document import IDENTIFIER, decode_registry
from gateway.registry.rows import read_registry, replace_registry
from gateway.storage.series_tables import EdgeStateRow
from gateway.storage.tables import EdgeConfigurationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """lines, devices: how many the new edge reads. revision: of the registry."""

    lines: int
    devices: int
    revision: int


async def take_over(
    session: AsyncSession,
    clock: Clock,
    old: str,
    new: str,
    *,
    kept_revision: int | None = None,
    is_forced: bool = False,
) -> TakenOver:
    """Let `new` read what `old` read; what `old` is offered from then on is empty.

    kept_revision: of the old edge's configuration; its lines and devices are put back as they were
    then. is_forced: though the old edge is connected. DomainError says why not; BrokenRegistry
    where a former configuration does not fit the registry any more.
    """
    registry, _ = await read_registry(session)
    edges = {edge.id: edge for edge in registry.edges}
    if old not in edges:
        raise NotVisible("edge", old)
    if new == old or not IDENTIFIER.fullmatch(new):
        raise DomainError("invalid", f"wanted another id of a-z 0-9 . _ -, found {new!r}")
    if busy := [line.id for line in registry.endpoints if line.edge == new]:
        raise DomainError("conflict", f"{new} reads lines of its own, {busy[0]} for one")
    state = await session.get(EdgeStateRow, old)
    if state is not None and state.online and not is_forced:
        raise DomainError(
            "conflict",
            f"{old} is connected now, and both would read the same devices. Switch it off first; "
            "--force does it all the same.",
        )
    taken = _moved(registry, old, new)
    if kept_revision is not None:
        taken = _put_back(taken, await _kept(session, old, kept_revision), new)
    if new not in edges:
        taken = replace(taken, edges=(*taken.edges, _like(edges[old], new)))
    taken = decode_registry(msgspec.json.encode(taken))
    revision = await replace_registry(session, clock, taken)
    lines = {line.id for line in taken.endpoints if line.edge == new}
    gone = retired(taken.bindings, clock.now())
    devices = sum(each.endpoint in lines and each.id not in gone for each in taken.devices)
    return TakenOver(lines=len(lines), devices=devices, revision=revision)


def _moved(registry: Registry, old: str, new: str) -> Registry:
    return replace(
        registry,
        endpoints=tuple(
            replace(line, edge=new) if line.edge == old else line for line in registry.endpoints
        ),
    )


def _like(edge: Edge, identifier: str) -> Edge:
    """Give an edge at the same place, told from the other by its id."""
    name = {language: f"{words} ({identifier})" for language, words in edge.name.items()}
    return replace(edge, id=identifier, name=name)


class _Kept(msgspec.Struct):
    """What is needed of a former configuration."""

    endpoints: list[Endpoint]
    devices: list[Device]


async def _kept(session: AsyncSession, edge: str, revision: int) -> _Kept:
    row = await session.get(EdgeConfigurationRow, (edge, revision))
    if row is None:
        raise NotVisible("configuration revision", f"{revision} of {edge}")
    return msgspec.json.decode(row.document, type=_Kept)


def _put_back(registry: Registry, kept: _Kept, edge: str) -> Registry:
    """Put lines and devices back as they were; serial numbers stay, which edges never knew."""
    lines = {line.id: line for line in registry.endpoints}
    lines |= {line.id: replace(line, edge=edge) for line in kept.endpoints}
    devices = {device.id: device for device in registry.devices}
    for device in kept.devices:
        known = devices.get(device.id)
        devices[device.id] = replace(device, serial=known.serial if known else "")
    return replace(registry, endpoints=tuple(lines.values()), devices=tuple(devices.values()))
