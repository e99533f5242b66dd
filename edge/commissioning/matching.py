"""Which device models fit what was found: candidates by address, proved by reading them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.contract import FoundPoint
from adapters.profile import Profile, SignalProfile
from core.configuration import EdgeConfiguration
from core.quality import BAD, VERDICT
from core.registry import Device, Endpoint
from edge.commissioning.probe import Row

MOST = 500  # candidates that are read; a town has more lamps than are needed to see which model
ANY_UNIT = "1"  # of a model whose addresses do not name one
NEVER = re.compile(r"(?!)")
NAMESPACE = re.compile(r"^(ns=\d+|nsu=[^;]*);")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that a device may be of. unit: as a devices file has it."""

    profile: str
    unit: str


def candidates(
    protocol: str, found: Iterable[FoundPoint], profiles: Mapping[str, Profile]
) -> list[Candidate]:
    """Give the models all of whose nodes or topics were found, with the units that they name."""
    addresses = [without_namespace(each.address) for each in found]
    made = []
    for profile in profiles.values():
        if profile.protocol != protocol:
            continue
        units = set.intersection(*(_units(signal, addresses) for signal in profile.signals))
        made += [Candidate(profile.profile, unit) for unit in sorted(units)]
    return made[:MOST]


def without_namespace(address: str) -> str:
    """Leave of a node id what a profile with another numbering of namespaces would say too."""
    return NAMESPACE.sub("", address)


def configuration_of(endpoint: Endpoint, wanted: Sequence[Candidate]) -> EdgeConfiguration:
    """Make a configuration in which each candidate is a device on the endpoint."""
    return EdgeConfiguration(
        revision=0,
        edge=endpoint.edge,
        endpoints=(endpoint,),
        devices=tuple(
            Device(
                id=_name(each, place),
                profile=each.profile,
                endpoint=endpoint.id,
                unit=each.unit,
                name={"en": each.unit, "ru": each.unit},
                place="",
            )
            for place, each in enumerate(wanted)
        ),
    )


def proved(wanted: Sequence[Candidate], rows: Iterable[Row]) -> list[Candidate]:
    """Give the candidates all of whose signals were read and make sense.

    Nothing but zeros proves nothing: many devices answer so for registers that they do not have.
    """
    rows = list(rows)
    senseless = {row.point.device.id for row in rows if not has_sense(row)}
    telling = {row.point.device.id for row in rows if row.value != 0}
    names = [_name(each, place) for place, each in enumerate(wanted)]
    return [
        each
        for each, name in zip(wanted, names, strict=True)
        if name in telling and name not in senseless
    ]


def has_sense(row: Row) -> bool:
    """Tell whether a value is there, within its range, and one of the states where it has some."""
    if not row.readings or row.quality & VERDICT == BAD:
        return False
    states = row.point.signal.states
    return not states or (row.value.is_integer() and int(row.value) in states)


def _name(candidate: Candidate, place: int) -> str:
    return f"{candidate.profile}-{place}"


def _units(signal: SignalProfile, addresses: Iterable[str]) -> set[str]:
    pattern = _pattern(signal)
    matches = filter(None, map(pattern.fullmatch, addresses))
    return {match.groupdict().get("unit", ANY_UNIT) for match in matches}


def _pattern(signal: SignalProfile) -> re.Pattern[str]:
    """Give what finds the unit in an address as a signal's profile writes it."""
    if signal.opcua is not None:
        template, anything = without_namespace(signal.opcua.node), ".+"
    elif signal.mqtt is not None:
        template, anything = signal.mqtt.topic, "[^/]+"
    else:
        return NEVER
    written = re.escape(template)
    if signal.mqtt is not None:
        written = written.replace(r"\+", anything)
        written = written.removesuffix(r"\#") + ".*" if template.endswith("#") else written
    written = written.replace(r"\{unit\}", f"(?P<unit>{anything})", 1)
    written = written.replace(r"\{unit\}", "(?P=unit)")
    return re.compile(re.sub(r"\\\{\w+\\\}", anything, written))
