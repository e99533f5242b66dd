"""Which series belong to a place, a kind of asset, a signal: those that an actor may see."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.actor import Actor
from core.errors import NotVisible
from core.registry import Device
from gateway.registry.devices import visible_device
from gateway.registry.directory import Directory
from gateway.registry.snapshot import RegistrySnapshot


@dataclass(frozen=True, slots=True)
class ChosenSeries:
    """A series by its number: what it measures, in which unit."""

    number: int
    device: str
    signal: str
    unit: str


def choose_series(
    registry: RegistrySnapshot,
    directory: Directory,
    actor: Actor,
    *,
    place: str = "",
    kind: str = "",
    device: str = "",
    signal: str = "",
) -> list[ChosenSeries]:
    """Give the series by number; all of the actor's territory where nothing is asked for.

    kind: of the assets that the devices serve or once served. NotVisible for a place or a device
    that is not there for this actor.
    """
    if device:
        devices: Iterable[Device] = [visible_device(registry, actor, device)]
    else:
        devices = _devices_below(registry, actor, place or actor.place, kind)
    found = []
    for one in devices:
        units = {each.key: each.unit for each in directory.signals_of(one.id)}
        for key, number in directory.series_of(one.id).items():
            if signal in ("", key):
                found.append(ChosenSeries(number, one.id, key, units.get(key, "1")))
    return sorted(found, key=lambda each: each.number)


def _devices_below(
    registry: RegistrySnapshot, actor: Actor, place: str, kind: str
) -> Iterable[Device]:
    if place not in registry.places or not actor.can_see(registry.path_of(place)):
        raise NotVisible("place", place)
    path = registry.path_of(place)
    serving = {
        binding.device
        for asset in registry.assets_of_kind(kind)
        for binding in registry.bindings_of(asset.id)
    }
    return [
        device
        for device in registry.devices.values()
        if registry.path_of(device.place).startswith(path) and (not kind or device.id in serving)
    ]
