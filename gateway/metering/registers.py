"""Which counters of a meter are billed, and the meters that somebody may see."""

from dataclasses import dataclass
from datetime import datetime

from core.actor import Actor
from core.errors import NotVisible
from core.metering import BILLED_IN, VOLUME, Meter, Zone, billed_per
from core.registry import Asset, Binding
from core.signal import SignalKind
from gateway.registry.directory import Directory
from gateway.registry.snapshot import RegistrySnapshot

TARIFF_ZONES = (Zone.T1, Zone.T2, Zone.T3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One counter of a device. series: None where it was never born. factor: what is billed in one
    unit of it. rolls_over_at: in its unit."""

    device: str
    zone: Zone
    series: int | None
    unit: str
    factor: float
    rolls_over_at: float | None


@dataclass(frozen=True, slots=True)
class MeteredAsset:
    """An asset that a meter serves. meter: of the device that serves it now, or did last."""

    asset: Asset
    meter: Meter
    bindings: tuple[Binding, ...]  # of its meters, the oldest first

    @property
    def device(self) -> str:
        return self.meter.device

    def device_at(self, at: datetime) -> str:
        """Give the meter that served then; the first one before that, the last one afterwards."""
        begun = [each for each in self.bindings if each.since is None or each.since <= at]
        return (begun or self.bindings[:1])[-1].device


def metered_assets(registry: RegistrySnapshot, actor: Actor, place: str = "") -> list[MeteredAsset]:
    """Give the metered assets of a place and below it, by address; NotVisible where it is not."""
    below = place or actor.place
    if below not in registry.places or not actor.can_see(registry.path_of(below)):
        raise NotVisible("place", below)
    found = [metered(registry, asset) for asset in registry.assets_below(below)]
    return sorted(
        (each for each in found if each is not None),
        key=lambda each: (registry.path_of(each.asset.place), each.asset.id),
    )


def metered_asset(registry: RegistrySnapshot, actor: Actor, identifier: str) -> MeteredAsset:
    """Give one; NotVisible where there is none for this actor."""
    asset = registry.assets.get(identifier)
    found = None
    if asset is not None and actor.can_see(registry.path_of(asset.place)):
        found = metered(registry, asset)
    if found is None:
        raise NotVisible("meter", identifier)
    return found


def metered(registry: RegistrySnapshot, asset: Asset) -> MeteredAsset | None:
    """Give the asset with its meters; None where no device that serves it is billed."""
    bindings = [each for each in registry.bindings_of(asset.id) if each.device in registry.meters]
    if not bindings:
        return None
    return MeteredAsset(asset, registry.meters[bindings[0].device], tuple(reversed(bindings)))


def registers_of(directory: Directory, meter: Meter) -> list[Register]:
    """Give the counters that are billed: T1–T3 where the meter has them, else the one of all."""
    name = "volume" if BILLED_IN[meter.resource] == VOLUME else "energy"
    counters = {
        each.key: each
        for each in directory.signals_of(meter.device)
        if each.kind == SignalKind.COUNTER
    }
    keys = {
        zone: key for zone in TARIFF_ZONES if (key := f"{name}_{zone.lower()}") in counters
    } or {Zone.ALL: name if name in counters else f"{name}_total"}
    numbers = directory.series_of(meter.device)
    found = []
    for zone, key in keys.items():
        signal = counters.get(key)
        factor = billed_per(meter.resource, signal.unit) if signal else None
        if signal is None or factor is None:  # read by people alone, in the unit of the bill
            unit, factor, series, ends = BILLED_IN[meter.resource], 1.0, None, None
        else:
            unit, series, ends = signal.unit, numbers.get(key), signal.maximum
        found.append(
            Register(
                device=meter.device,
                zone=zone,
                series=series,
                unit=unit,
                factor=factor,
                rolls_over_at=meter.rolls_over_at or ends,
            )
        )
    return found
