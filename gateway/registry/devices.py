"""Devices and edges as clients see them: from the registry, the births and the latest readings."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from adapters.wire import SignalBirth
from core.actor import Actor
from core.clock import SECOND, to_datetime
from core.errors import NotVisible
from core.quality import BAD, VERDICT
from core.registry import Asset, Device, Edge
from gateway.api.registry_models import DeviceOut, EdgeOut, SignalOut
from gateway.registry.directory import Directory
from gateway.registry.snapshot import RegistrySnapshot

Latest = tuple[float, int, int]  # value, quality, nanoseconds UTC


def visible_device(registry: RegistrySnapshot, actor: Actor, identifier: str) -> Device:
    """Give the device; NotVisible where there is none in the actor's territory."""
    device = registry.devices.get(identifier)
    if device is None or not actor.can_see(registry.path_of(device.place)):
        raise NotVisible("device", identifier)
    return device


def visible_asset(registry: RegistrySnapshot, actor: Actor, identifier: str) -> Asset:
    """Give the asset; NotVisible where there is none in the actor's territory."""
    asset = registry.assets.get(identifier)
    if asset is None or not actor.can_see(registry.path_of(asset.place)):
        raise NotVisible("asset", identifier)
    return asset


def visible_edge(registry: RegistrySnapshot, actor: Actor, identifier: str) -> Edge:
    """Give the edge; NotVisible where there is none in the actor's territory."""
    edge = registry.edges.get(identifier)
    if edge is None or not actor.can_see(registry.path_of(edge.place)):
        raise NotVisible("edge", identifier)
    return edge


def show_device(
    registry: RegistrySnapshot, directory: Directory, device: Device, *, signals: bool = True
) -> DeviceOut:
    """Give a device, with its signals and their latest readings unless they are not wanted."""
    edge = registry.edge_of(device.id)
    is_read = directory.edge_state(edge).online
    online, reason = directory.presence_of(device.id) if is_read else (None, "")
    born = directory.signals_of(device.id) if signals else ()
    link = directory.diagnostics_of(device.id) if signals else ()
    latest = latest_of(directory, device.id) if signals else {}
    own = [latest[each.key] for each in born if each.key in latest]
    return DeviceOut(
        id=device.id,
        name=dict(device.name),
        profile=device.profile,
        family=directory.family_of(device.id),
        edge=edge,
        place=device.place,
        online=online,
        reason=reason,
        edge_online=is_read,
        signals=[show_signal(signal, latest.get(signal.key)) for signal in born],
        last_good=_last_good(own, latest.get("link_last_good")),
        diagnostics=[
            show_signal(signal, latest.get(signal.key))
            for signal in link
            if signal.key != "link_last_good"
        ],
    )


def _last_good(own: Sequence[Latest], told: Latest | None) -> datetime | None:
    """Give when a good reading came last: one that still stands, else what the edge has told."""
    times = [time for _, quality, time in own if quality & VERDICT != BAD]
    if told is not None:
        times.append(int(told[0] * SECOND))
    return to_datetime(max(times)) if times else None


def show_edge(
    registry: RegistrySnapshot,
    directory: Directory,
    edge: Edge,
    revision_offered: int,
    *,
    at: datetime,
) -> EdgeOut:
    """Give an edge with what it said of itself and of the devices that it reads at the moment."""
    state = directory.edge_state(edge.id)
    devices = [device.id for device in registry.devices_read_by(edge.id, at)]
    return EdgeOut(
        id=edge.id,
        name=dict(edge.name),
        place=edge.place,
        online=state.online,
        seen_at=state.seen_at,
        software=state.software,
        revision_in_force=state.revision_in_force,
        revision_offered=revision_offered,
        problem=state.problem,
        refused=state.refused,
        refusal=state.refusal,
        parked=directory.parked_of(edge.id),
        devices=len(devices),
        devices_lost=sum(directory.presence_of(device)[0] is False for device in devices),
    )


def show_health(directory: Directory, edge: Edge) -> list[SignalOut]:
    """Give what the edge tells of itself, with the latest readings."""
    device = health_device(edge.id)
    latest = latest_of(directory, device)
    return [show_signal(each, latest.get(each.key)) for each in directory.signals_of(device)]


def health_device(edge: str) -> str:
    """Give the name under which an edge tells of itself."""
    return f"{edge}-health"


def latest_of(directory: Directory, device: str) -> dict[str, Latest]:
    """Give the latest reading of each signal of the device that has one."""
    series = directory.series_of(device)
    keys = {number: key for key, number in series.items()}
    block = directory.latest(np.array(sorted(keys), np.uint32))
    columns = (block.signal, block.value, block.quality, block.time)
    return {
        keys[number]: (value, quality, time)
        for number, value, quality, time in zip(*(c.tolist() for c in columns), strict=True)
    }


def show_signal(signal: SignalBirth, latest: Latest | None) -> SignalOut:
    """Give a signal as clients see it, with a reading of it if there is one."""
    shown = SignalOut(
        key=signal.key,
        name=signal.name,
        unit=signal.unit,
        kind=signal.kind,
        writable=signal.writable,
        minimum=signal.minimum,
        maximum=signal.maximum,
        states={str(code): words for code, words in signal.states.items()},
        by_hand=signal.by_hand,
    )
    if latest is None:
        return shown
    value, quality, time = latest
    return shown.model_copy(
        update={
            "value": None if np.isnan(value) else value,
            "quality": quality,
            "time": to_datetime(time),
        }
    )
