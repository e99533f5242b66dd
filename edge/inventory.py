"""A configuration with numbers on it: what readings, rules and births refer to.

Numbers are dense: a device's signals have first, first + 1, … in the order of its profile. The
edge itself is the first device, so that its numbers outlive every change of the configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from adapters import wire
from adapters.contract import Point
from adapters.profile import (
    AlarmProfile,
    FindingProfile,
    Profile,
    SignalProfile,
)
from core.alarm import AlarmRule
from core.configuration import EdgeConfiguration
from core.registry import Device, Endpoint
from core.signal import SignalKind
from edge.contradictions import overridden
from edge.control.told import governed, governed_signals
from edge.link_profile import link_profile

HEALTH_PROFILE = "kvartal-edge"


@dataclass(frozen=True, slots=True)
class Installed:
    """A device with its profile and numbers.

    model: what the device itself is. profile: the same, with what is told of its programs behind.
    """

    device: Device
    model: Profile
    profile: Profile
    first: int

    @property
    def numbers(self) -> NDArray[np.uint32]:
        """Those that the device itself gives values to."""
        return np.arange(self.first, self.first + len(self.model.signals), dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Rule:
    """An alarm rule of one device. number: of its signal. when: those of its conditions."""

    device: str
    number: int
    rule: AlarmRule
    when: tuple[int, ...]


class Inventory:
    """Everything that one configuration installs, by number, by device and by endpoint."""

    def __init__(
        self, configuration: EdgeConfiguration, profiles: Mapping[str, Profile], numbering: int = 0
    ) -> None:
        self.configuration = configuration
        self.numbering = numbering
        self.edge = configuration.edge
        self.health = Device(
            id=f"{self.edge}-health",
            profile=HEALTH_PROFILE,
            endpoint="",
            unit="",
            name={"en": f"Edge {self.edge}", "ru": f"Узел сбора {self.edge}"},
            place="",
        )
        self.devices: dict[str, Installed] = {}
        programmed = governed_signals(configuration.programs)
        first = 0
        for device in (self.health, *configuration.devices):
            model = profiles[device.profile]
            profile = governed(model, programmed.get(device.id, {}))
            self.devices[device.id] = Installed(device, model, profile, first)
            first += len(profile.signals)
        self.signals = first  # what devices say; the numbers of diagnostics follow
        self.rules = tuple(self._rules())

    def point(self, device: str, signal: str) -> Point:
        """Give a point by names. KeyError where there is none."""
        installed = self.devices[device]
        for number, profile in enumerate(installed.profile.signals, installed.first):
            if profile.key == signal:
                return Point(number, installed.device, installed.model, profile)
        raise KeyError(signal)

    def points(self, endpoint: Endpoint) -> list[Point]:
        """Give what is to be read over an endpoint."""
        return [
            Point(number, installed.device, installed.model, signal)
            for installed in self.devices.values()
            if installed.device.endpoint == endpoint.id
            for number, signal in enumerate(installed.model.signals, installed.first)
        ]

    @cached_property
    def diagnosed(self) -> dict[str, Installed]:
        """What is told of the link to each device; the edge itself has none."""
        protocols = {each.id: each.protocol for each in self.configuration.endpoints}
        found: dict[str, Installed] = {}
        first = self.signals
        for device in self.configuration.devices:
            profile = link_profile(protocols[device.endpoint])
            again = replace(device, profile=profile.profile)
            found[device.id] = Installed(again, profile, profile, first)
            first += len(profile.signals)
        return found

    @cached_property
    def layout(self) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
        """What the meaning of the numbers depends on: device, profile and its signals in order,
        for a profile can be edited under the same name."""
        return [
            (
                each.device.id,
                each.profile.profile,
                [(signal.key, signal.unit, signal.kind) for signal in each.profile.signals],
            )
            for each in (*self.devices.values(), *self.diagnosed.values())
        ]

    @cached_property
    def signal_profiles(self) -> list[SignalProfile]:
        """Signals by number."""
        return [signal for each in self.devices.values() for signal in each.profile.signals]

    @cached_property
    def is_measured(self) -> NDArray[np.bool_]:
        """By number of the signal, whether the device gives it, not the edge of its programs."""
        measured = np.zeros(self.signals, np.bool_)
        for each in self.devices.values():
            measured[each.numbers] = True
        return measured

    @cached_property
    def device_of(self) -> NDArray[np.intp]:
        """Position of the device in `devices`, by number of the signal."""
        counts = [len(each.profile.signals) for each in self.devices.values()]
        return np.repeat(np.arange(len(counts)), counts)

    def column(self, name: str, missing: float = np.nan) -> NDArray[np.float64]:
        """Give a number of the signals' profiles as a column, by number of the signal."""
        values = [getattr(signal, name) for signal in self.signal_profiles]
        return np.array([missing if value is None else value for value in values], np.float64)

    @cached_property
    def deadbands(self) -> NDArray[np.float64]:
        """The change of a value that is not worth a report; none of a state is."""
        return np.array(
            [
                0.0 if signal.kind is SignalKind.STATE else signal.deadband
                for signal in self.signal_profiles
            ],
            np.float64,
        )

    def birth(self, epoch: str, sent_at: int) -> wire.Birth:
        """Give the message that tells the gateway what the numbers mean."""
        installed = [*self.devices.values(), *self.diagnosed.values()]
        used = {each.profile.profile: each.profile for each in installed}
        return wire.Birth(
            edge=self.edge,
            epoch=epoch,
            numbering=self.numbering,
            revision=self.configuration.revision,
            software=f"kvartal {version('kvartal')}",
            sent_at=sent_at,
            profiles=[_profile_birth(profile) for profile in used.values()],
            devices=[
                wire.DeviceBirth(
                    device=each.device.id, profile=each.profile.profile, first=each.first
                )
                for each in installed
            ],
        )

    def _rules(self) -> list[Rule]:
        changes = {(each.device, each.rule): each.set for each in self.configuration.overrides}
        found = []
        for identifier, installed in self.devices.items():
            keys = [signal.key for signal in installed.profile.signals]
            for alarm in installed.profile.alarms:
                change = changes.get((identifier, alarm.key))
                rule = (overridden(alarm, change) if change else alarm).as_rule()
                number, *when = (
                    installed.first + keys.index(signal)
                    for signal in (rule.signal, *(each.signal for each in rule.when))
                )
                found.append(Rule(identifier, number, rule, tuple(when)))
        return found


def _profile_birth(profile: Profile) -> wire.ProfileBirth:
    return wire.ProfileBirth(
        profile=profile.profile,
        family=profile.family,
        name=profile.name,
        signals=[
            wire.SignalBirth(
                key=signal.key,
                name=signal.name,
                unit=signal.unit,
                kind=signal.kind,
                writable=signal.writable,
                minimum=signal.minimum,
                maximum=signal.maximum,
                rated=signal.rated,
                states=signal.states,
                by_hand=sorted(signal.by_hand),
            )
            for signal in profile.signals
        ],
        alarms=[
            *map(_alarm_birth, profile.alarms),
            *map(_finding_birth, profile.findings),
        ],
    )


def _alarm_birth(alarm: AlarmProfile) -> wire.AlarmBirth:
    return wire.AlarmBirth(
        key=alarm.key,
        signal=alarm.signal,
        severity=alarm.severity,
        problem=alarm.problem,
        name=alarm.name,
        test=alarm.test,
        limit=alarm.limit,
        latching=alarm.latching,
        cause=alarm.cause or {},
        consequence=alarm.consequence or {},
        action=alarm.action or {},
    )


def _finding_birth(finding: FindingProfile) -> wire.AlarmBirth:
    return wire.AlarmBirth(
        key=finding.key,
        signal="",
        severity=finding.severity,
        problem=finding.problem,
        name=finding.name,
        cause=finding.cause or {},
        consequence=finding.consequence or {},
        action=finding.action or {},
        acknowledgeable=finding.opcua is not None,
    )
