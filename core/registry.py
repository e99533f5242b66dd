"""What a territory consists of: places, assets, feeds, devices and the edges that read them.

`Registry` is the document in which it is imported; the gateway keeps it as the truth.
Identifiers are short lower-case words, unique in the installation by kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.metering import BillingArea, Meter, Tariff
from core.program import Program
from core.route import Route
from core.text import Text


class PlaceKind(StrEnum):
    REGION = "region"
    MUNICIPALITY = "municipality"
    SETTLEMENT = "settlement"
    STREET = "street"
    BUILDING = "building"
    ENTRANCE = "entrance"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node of the tree region > municipality > settlement > street > building > entrance > flat.

    latitude, longitude: WGS 84 degrees, of the middle. outline: GeoJSON geometry, where there is
    one (a street's line, a house's polygon). outside: ids elsewhere, {"fias": …, "osm": …}.
    """

    id: str
    kind: PlaceKind
    name: Text
    parent: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    outline: Mapping[str, object] | None = None
    outside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What people care for: lift 7, lamp 12, house 5. It outlives its devices.

    kind: lift, street_light, feeder_cabinet, heat_point, house, flat, traffic_signal, camera,
    sensor, water_main … owner: id of the organisation that owns it (routing reads it).
    """

    id: str
    kind: str
    name: Text
    place: str
    owner: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A dated, directed relation: without `source`, `target` does not work (cabinet → lamp)."""

    source: str
    target: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A line through which devices are reached.

    address: a URL (modbus+tcp://host:port, modbus+rtu:///dev/ttyS0?baud=9600, opc.tcp://host:port,
    mqtt://host:port, http://…).
    options: the protocol's own. secret: name of a secret that the edge resolves by itself.
    """

    id: str
    edge: str
    protocol: str
    address: str
    options: Mapping[str, object] = field(default_factory=dict)
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One installed specimen. unit: its name or number on its endpoint. serial: the maker's number
    on its plate, for people; edges are not told of it."""

    id: str
    profile: str
    endpoint: str
    unit: str
    name: Text
    place: str
    options: Mapping[str, object] = field(default_factory=dict)
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """For how long a device served an asset; a replaced meter continues its asset's history."""

    asset: str
    device: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A process beside the devices. place: the territory that it serves."""

    id: str
    name: Text
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """The organisation or crew that does the work, responsible below `place`."""

    id: str
    name: Text
    place: str
    phone: str = ""


ADJUSTABLE = ("limit", "deadband", "on_delay_s", "off_delay_s")  # what an override may set


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Change an alarm rule of one device, or of all devices of a profile; one of the two is given.

    rule: key of the alarm in the profile. set: new values by keys of ADJUSTABLE, in the units of
    core.alarm.AlarmRule. What is said of a device stands over what is said of its profile.
    """

    rule: str
    set: Mapping[str, float]
    device: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The whole document. Order is free; every reference must be found in it."""

    name: Text
    places: tuple[Place, ...]
    assets: tuple[Asset, ...] = ()
    feeds: tuple[Feed, ...] = ()
    edges: tuple[Edge, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    devices: tuple[Device, ...] = ()
    bindings: tuple[Binding, ...] = ()
    executors: tuple[Executor, ...] = ()
    routes: tuple[Route, ...] = ()
    overrides: tuple[Override, ...] = ()
    programs: tuple[Program, ...] = ()
    meters: tuple[Meter, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    billing: tuple[BillingArea, ...] = ()


def is_in_force(binding: Binding, at: datetime) -> bool:
    """Tell whether the device serves the asset at this moment."""
    return (binding.since is None or binding.since <= at) and (
        binding.until is None or at < binding.until
    )


def retired(bindings: Sequence[Binding], at: datetime) -> set[str]:
    """Give the devices that served assets and by this moment serve none: nobody reads them."""
    ended = {each.device for each in bindings if each.until and each.until <= at}
    return ended - {each.device for each in bindings if not each.until or each.until > at}
