"""The town as it is now: every device's values, its faults, and the sun.

One object, stepped once a second; the protocol servers read from it and write into it.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from adapters.profile import Profile, bundled_profiles
from core.clock import SECOND, Clock
from core.errors import ConfigError
from core.registry import Device, Registry
from simulators.world.cameras import Cameras
from simulators.world.family import MALFORMED, SHORT, Family, Moment
from simulators.world.heat import HeatPoints
from simulators.world.lifts import Lifts
from simulators.world.lighting import Cabinets, Lamps
from simulators.world.meters import ElectricityMeters, HeatMeters, WaterMeters
from simulators.world.sensors import AirSensors, GasSensors
from simulators.world.traffic import TrafficControllers

DUSK_HOUR, DAWN_HOUR = 21.0, 5.0
DUSK_AT = 60.0  # seconds after the start: the town's sun is shifted, its time stamps are not
DUSK_LASTS = 60.0  # seconds
FAULT_PROTOCOLS = {MALFORMED: "mqtt", SHORT: "modbus"}


class World:
    """families: by the family of the profile ("lift", "street_light" …)."""

    def __init__(self, registry: Registry, seed: int, clock: Clock) -> None:
        self.clock = clock
        self.elapsed = 0.0
        self.registry = registry
        self.devices: dict[str, Device] = {device.id: device for device in registry.devices}
        self._chance = np.random.default_rng(seed)
        self.families = _build(registry, self._chance, clock.time_ns() / SECOND)
        self._family_of = {
            device: family for family in self.families.values() for device in family.devices
        }
        self.step(0.0)

    @property
    def hour(self) -> float:
        """Give the hour of the town's own day."""
        return (DUSK_HOUR + (self.elapsed - DUSK_AT) / 3600) % 24

    @property
    def dark(self) -> bool:
        return self.hour >= DUSK_HOUR or self.hour < DAWN_HOUR

    @property
    def daylight(self) -> float:
        """Give how light it is, from 0 at night to 1, changing within the minute about dusk."""
        away = min((self.hour - DAWN_HOUR) % 24, (DUSK_HOUR - self.hour) % 24) * 3600
        return 0.0 if self.dark else min(1.0, away / DUSK_LASTS)

    def step(self, seconds: float) -> None:
        """Let so much of the town's time pass."""
        self.elapsed += seconds
        moment = Moment(self.elapsed, seconds, self.hour, self.dark, self._chance)
        for family in self.families.values():
            family.step(moment)

    def __contains__(self, device: object) -> bool:
        return device in self._family_of

    def profile(self, device: str) -> Profile:
        return bundled_profiles()[self.devices[device].profile]

    def value(self, device: str, signal: str) -> float:
        family = self._family_of[device]
        return float(family.columns[signal][family.rows[device]])

    def values(self, device: str) -> Mapping[str, float]:
        """Give all signals of a device."""
        family = self._family_of[device]
        return family.row_values(family.rows[device])

    def write(self, device: str, signal: str, value: float) -> bool:
        """Take a command from the wire. False: the device refuses."""
        family = self._family_of[device]
        return family.write(family.rows[device], signal, value)

    def hold(self, device: str, signal: str, value: float | None) -> None:
        """Hold a signal at a value, whatever the model says; None lets it go.

        A signal that can be commanded is not held but set, so that a later command still works.
        KeyError for what is not there.
        """
        family = self._family_of[device]
        row = family.rows[device]
        column = family.columns[signal]
        family.held.pop((signal, row), None)
        if value is None:
            return
        if signal in family.writable:
            family.write(row, signal, value)
        else:
            family.held[signal, row] = value
            column[row] = value

    def held(self, device: str) -> dict[str, float]:
        family = self._family_of[device]
        row = family.rows[device]
        return {key: value for (key, at), value in family.held.items() if at == row}

    def possible_faults(self, device: str) -> list[str]:
        """Give the faults that this device can have."""
        protocol = self.profile(device).protocol
        return [
            name
            for name in self._family_of[device].faults
            if FAULT_PROTOCOLS.get(name, protocol) == protocol
        ]

    def set_fault(self, name: str, device: str, on: bool) -> None:
        """Set or clear a fault. KeyError for a device that is not there or cannot have it."""
        if name not in self.possible_faults(device):
            raise KeyError(name)
        family = self._family_of[device]
        family.faults[name][family.rows[device]] = on

    def has(self, device: str, fault: str) -> bool:
        family = self._family_of[device]
        return bool(family.faults[fault][family.rows[device]])

    def faults(self, device: str) -> list[str]:
        return [name for name in self.possible_faults(device) if self.has(device, name)]

    def is_silent(self, device: str) -> bool:
        """Tell whether the device says nothing: its line is cut, or it has no power."""
        family = self._family_of[device]
        return family.is_silent(family.rows[device])


def _build(registry: Registry, chance: np.random.Generator, now: float) -> dict[str, Family]:
    profiles = bundled_profiles()
    devices: dict[str, list[Device]] = defaultdict(list)
    signals: dict[str, list[str]] = {}
    for device in registry.devices:
        profile = profiles.get(device.profile)
        if profile is None:
            raise ConfigError(f"device {device.id}: there is no profile {device.profile}")
        devices[profile.family].append(device)
        signals[profile.family] = [signal.key for signal in profile.signals]

    def having(family: str) -> tuple[list[Device], list[str]]:
        return devices[family], signals.get(family, [])

    feeder = _feeders(registry)
    points = HeatPoints(*having("heat_point"))
    cabinets = Cabinets(*having("feeder_cabinet"), chance)
    # What feeds stands before what is fed.
    return {
        "heat_point": points,
        "feeder_cabinet": cabinets,
        "street_light": Lamps(
            *having("street_light"), chance, cabinets=cabinets,
            fed_by=[cabinets.rows[feeder[lamp.id]] for lamp in devices["street_light"]],
        ),
        "heat_meter": HeatMeters(
            *having("heat_meter"), chance, now, points=points,
            fed_by=[points.rows[feeder[meter.id]] for meter in devices["heat_meter"]],
        ),
        "electricity_meter": ElectricityMeters(*having("electricity_meter"), chance, now),
        "water_meter": WaterMeters(*having("water_meter"), chance, now),
        "lift": Lifts(*having("lift"), chance, now),
        "traffic_controller": TrafficControllers(*having("traffic_controller"), chance),
        "gas": GasSensors(*having("gas")),
        "air_quality": AirSensors(*having("air_quality")),
        "camera": Cameras(devices["camera"]),
    }  # fmt: skip


def _feeders(registry: Registry) -> dict[str, str]:
    """Give, for each device, the nearest device of an asset that feeds its own."""
    device_of = {binding.asset: binding.device for binding in registry.bindings}
    source_of = {feed.target: feed.source for feed in registry.feeds}
    found = {}
    for asset, device in device_of.items():
        source = source_of.get(asset)
        while source is not None and source not in device_of:
            source = source_of.get(source)
        if source is not None:
            found[device] = device_of[source]
    return found
