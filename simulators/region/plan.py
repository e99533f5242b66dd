"""What the region consists of: its kinds of devices, and which edge reads which of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from adapters import wire

EDGES = 512
MUNICIPALITIES = 64
METERS_IN_A_HOUSE = 60
OWNER = "grid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """devices: in the whole region. signals: of each. alarm: key of the one rule that it
    has. problem: category of a case about it."""

    name: str
    family: str
    asset: str
    devices: int
    signals: int
    alarm: str
    problem: str

    @property
    def profile(self) -> str:
        return f"region-{self.name}"

    def birth(self) -> wire.ProfileBirth:
        """Give the model as edges tell it."""
        name = {"en": self.name.capitalize()}
        return wire.ProfileBirth(
            profile=self.profile,
            family=self.family,
            name=name,
            signals=[
                wire.SignalBirth(key=f"s{number}", name={"en": f"Signal {number}"})
                for number in range(self.signals)
            ],
            alarms=[
                wire.AlarmBirth(
                    key=self.alarm, signal="s0", severity="medium", problem=self.problem, name=name
                )
            ],
        )


METER = Kind(
    name="meter", family="electricity_meter", asset="electricity_meter", devices=3_000_000,
    signals=4, alarm="tampered", problem="meter.fault",
)  # fmt: skip
LIGHT = Kind(
    name="light", family="street_light", asset="street_light", devices=500_000, signals=4,
    alarm="lamp_failed",
    problem="lighting.lamp",
)  # fmt: skip
LIFT = Kind(
    name="lift", family="lift", asset="lift", devices=30_000, signals=12, alarm="stopped",
    problem="lift.stopped",
)  # fmt: skip
CONTROLLER = Kind(
    name="controller", family="traffic_controller", asset="traffic_signal", devices=2_500,
    signals=24, alarm="in_conflict", problem="traffic.signal",
)  # fmt: skip
KINDS = (METER, LIGHT, LIFT, CONTROLLER)


@dataclass(frozen=True, slots=True)
class Part:
    """The devices of one kind at one edge. first: number of their first signal."""

    kind: Kind
    devices: int
    first: int


@dataclass(frozen=True, slots=True)
class EdgePlan:
    """offset: where the signals of this edge begin among all of the region."""

    number: int
    municipality: int
    parts: tuple[Part, ...]
    offset: int
    signals: int

    @property
    def id(self) -> str:
        return f"edge-{self.number}"

    def device(self, kind: Kind, number: int) -> str:
        """Give the id of a device of this edge."""
        return f"{kind.name}-{self.number}-{number}"

    def house(self, meter: int) -> str:
        return f"house-{self.number}-{meter // METERS_IN_A_HOUSE}"


def plan_region(scale: float) -> list[EdgePlan]:
    """Share out the devices of a region of this size, 1 being all of it."""
    count = max(1, round(EDGES * scale))
    edges, offset = [], 0
    for number in range(count):
        parts, first = [], 0
        for kind in KINDS:
            whole = max(count, round(kind.devices * scale))
            devices = whole // count + (number < whole % count)
            parts.append(Part(kind, devices, first))
            first += devices * kind.signals
        edges.append(EdgePlan(number, number % MUNICIPALITIES, tuple(parts), offset, first))
        offset += first
    return edges


def write_registry(edges: list[EdgePlan], path: Path) -> int:
    """Write the document that `kvartal gateway import` takes, and give its number of devices."""
    name = {"en": "Region", "ru": "Область"}
    places: list[dict[str, Any]] = [{"id": "region", "kind": "region", "name": name}]
    places += [
        {"id": f"town-{n}", "kind": "municipality", "name": {"en": f"Town {n}"}, "parent": "region"}
        for n in range(MUNICIPALITIES)
    ]
    count = 0
    with path.open("wb") as file:
        file.write(b'{"name":' + msgspec.json.encode(name))
        _write(file, "places", (*places, *_houses(edges)))
        _write(file, "edges", ({"id": e.id, "name": name, "place": _town(e)} for e in edges))
        _write(file, "endpoints", map(_endpoint, edges))
        _write(file, "assets", _assets(edges))
        count = _write(file, "devices", _devices(edges))
        _write(file, "bindings", _bindings(edges))
        file.write(b"}")
    return count


def _write(file: Any, part: str, entries: Any) -> int:
    file.write(f',"{part}":['.encode())
    count = 0
    for count, entry in enumerate(entries, 1):
        file.write((b"," if count > 1 else b"") + msgspec.json.encode(entry))
    file.write(b"]")
    return count


def _town(edge: EdgePlan) -> str:
    return f"town-{edge.municipality}"


def _houses(edges: list[EdgePlan]) -> Iterator[dict[str, Any]]:
    for edge in edges:
        for house in range(0, edge.parts[0].devices, METERS_IN_A_HOUSE):
            name = {"en": f"House {house // METERS_IN_A_HOUSE}"}
            yield {
                "id": edge.house(house),
                "kind": "building",
                "name": name,
                "parent": _town(edge),
            }


def _endpoint(edge: EdgePlan) -> dict[str, Any]:
    address = "modbus+tcp://127.0.0.1:9"  # nobody reads it: the region starts at the uplink
    return {"id": f"line-{edge.number}", "edge": edge.id, "protocol": "modbus", "address": address}


def _each(edges: list[EdgePlan]) -> Iterator[tuple[EdgePlan, Kind, int, str]]:
    """Give every device with its place."""
    for edge in edges:
        meters = edge.parts[0].devices
        for part in edge.parts:
            for number in range(part.devices):
                indoors = part.kind in {METER, LIFT}
                place = edge.house(number % meters) if indoors else _town(edge)
                yield edge, part.kind, number, place


def _devices(edges: list[EdgePlan]) -> Iterator[dict[str, Any]]:
    for edge, kind, number, place in _each(edges):
        yield {
            "id": edge.device(kind, number),
            "name": {"en": f"{kind.name.capitalize()} {number % METERS_IN_A_HOUSE + 1}"},
            "profile": kind.profile,
            "endpoint": f"line-{edge.number}",
            "unit": str(number),
            "place": place,
        }


def _assets(edges: list[EdgePlan]) -> Iterator[dict[str, Any]]:
    """Give what people care for; meters belong to their house."""
    for edge, kind, number, place in _each(edges):
        if kind is not METER:
            yield {
                "id": edge.device(kind, number),
                "kind": kind.asset,
                "name": {"en": f"{kind.name.capitalize()} {number % METERS_IN_A_HOUSE + 1}"},
                "place": place,
                "owner": OWNER,
            }


def _bindings(edges: list[EdgePlan]) -> Iterator[dict[str, Any]]:
    for edge, kind, number, _ in _each(edges):
        if kind is not METER:
            device = edge.device(kind, number)
            yield {"asset": device, "device": device}
