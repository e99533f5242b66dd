"""What the rows of a sheet mean: a device each, or the devices of a whole house by its type."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from core.address import WORD, AddressBook
from core.registry import Asset, Device, Edge, Endpoint, Place, PlaceKind, Registry
from core.text import Text
from gateway.registry.document import IDENTIFIER
from gateway.registry.units import wrong_unit
from gateway.sheets.amendment import Amendment
from gateway.sheets.faults import Faults
from gateway.sheets.house_types import HOUSE, HouseType, Line, Pattern
from gateway.sheets.table_file import Row

PROTOCOLS = {
    "modbus+tcp": "modbus", "modbus+rtu": "modbus", "modbus+rtutcp": "modbus",
    "opc.tcp": "opcua", "mqtt": "mqtt", "mqtts": "mqtt",
    "http": "camera", "https": "camera", "rtsp": "camera",
}  # fmt: skip
WITHOUT_SECRET = {"modbus", "camera"}  # an edge would refuse the line
SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LATIN = str.maketrans("абвгдежзик/", "abvgdezzik-")  # what follows the number of a house


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of one device. Empty: nothing is said, and what is known stays."""

    asset: str
    kind: str
    name: Text
    owner: str
    device: str
    profile: str
    serial: str
    unit: str
    endpoint: str
    line: str
    edge: str
    secret: str
    fed_by: str = ""


class Sheet:
    """registry: in force. types: of houses. creates_places: whether a house may be new."""

    def __init__(
        self,
        registry: Registry,
        types: Mapping[str, HouseType],
        faults: Faults,
        *,
        creates_places: bool = False,
    ) -> None:
        self.amendment = Amendment(registry, faults)
        self._types = types
        self._faults = faults
        self._creates_places = creates_places
        self._book = AddressBook(registry.places)
        self._edges: Sequence[Edge] = registry.edges
        self._by_line = {(each.edge, each.address): each.id for each in registry.endpoints}

    def take(self, rows: Iterable[Row]) -> None:
        """Take all rows; what is wrong is told to the faults, and the other rows are looked at."""
        for row in rows:
            where, cells = str(row.number), row.cells
            place = self._place(where, cells)
            if place is None:
                continue
            if cells.get("type"):
                self._take_house(where, place, cells)
            else:
                self._take_device(where, place, _wanted(cells))

    # ---- where ------------------------------------------------------------------------------

    def _place(self, where: str, cells: Mapping[str, str]) -> Place | None:
        if identifier := cells.get("place"):
            place: Place | None = self.amendment.get(Place, identifier)
            if place is None:
                self._faults.add(where, f"place: there is no place {identifier!r}")
            return place
        address = cells.get("address", "")
        if not address:
            self._faults.add(where, "address: wanted an address or the id of a place, found none")
            return None
        found = self._book.houses(address)
        if len(found) > 1:
            may = ", ".join(sorted(found))
            text = f"address: {address!r} may be {may}; say which in the column place"
            self._faults.add(where, text)
            return None
        if found:
            return self.amendment.get(Place, found[0])  # type: ignore[no-any-return]
        return self._new_house(where, address)

    def _new_house(self, where: str, address: str) -> Place | None:
        streets = self._book.streets(address)
        numbers = [word for word in WORD.findall(address) if word[0].isdigit()]
        if len(streets) != 1 or not numbers:
            what = "house" if streets else "street"
            text = f"address: the registry has no such {what}: {address!r}; import it first"
            self._faults.add(where, text)
            return None
        number = numbers[0].lower().translate(LATIN)
        street, identifier = streets[0], f"{streets[0]}-{number}"
        known: Place | None = self.amendment.get(Place, identifier)
        if known is not None:
            return known
        if not self._creates_places:
            text = f"address: there is no house {numbers[0]} in {street}; --create-places makes it"
            self._faults.add(where, text)
            return None
        name = {"ru": f"дом {numbers[0]}", "en": f"house {numbers[0]}"}
        place = Place(id=identifier, kind=PlaceKind.BUILDING, name=name, parent=street)
        self.amendment.put(place, where)
        return place

    # ---- a house ----------------------------------------------------------------------------

    def _take_house(self, where: str, place: Place, cells: Mapping[str, str]) -> None:
        name = cells["type"]
        if name not in self._types:
            near = get_close_matches(name, list(self._types), n=1)
            there = f"did you mean {near[0]}?" if near else f"there are {_listed(self._types)}"
            self._faults.add(where, f"type: there is no house type {name!r}; {there}")
            return
        values = {**cells, HOUSE: place.id}
        lines, devices = self._types[name].of(values, where, self._faults)
        for line in lines:
            self._take_line(where, line, cells)
        for inner, pattern in devices:
            self._take_device(inner, place, _of_pattern(pattern))

    def _take_line(self, where: str, line: Line, cells: Mapping[str, str]) -> None:
        edge = line.edge or cells.get("edge", "")
        secret = line.secret or cells.get("secret", "")
        self._endpoint(where, line.id, line.line, edge, secret)

    # ---- a device ---------------------------------------------------------------------------

    def _take_device(self, where: str, place: Place, wanted: Wanted) -> None:
        current = self.amendment.device_of(wanted.asset) if wanted.asset else None
        identifier = wanted.device or current or (wanted.asset and f"{wanted.asset}-d1")
        known: Device | None = self.amendment.get(Device, identifier) if identifier else None
        asset = wanted.asset or (known and self.amendment.asset_of(known.id)) or ""
        if not asset:
            self._faults.add(where, "asset: wanted the id of what the device serves, found nothing")
            return
        if current is not None and current != identifier:
            text = (
                f"device: {asset} is served by {current}, found {identifier!r}; another meter in "
                "its place is a replacement: kvartal registry replace"
            )
            self._faults.add(where, text)
            return
        bound = self.amendment.asset_of(identifier)
        if bound is not None and bound != asset:
            self._faults.add(where, f"device: {identifier} serves {bound}, found asset {asset!r}")
            return
        name = wanted.name or (known.name if known else {"ru": asset, "en": asset})
        made = Device(
            id=identifier,
            profile=wanted.profile or (known.profile if known else ""),
            endpoint=self._endpoint_of(where, known, wanted),
            unit=wanted.unit or (known.unit if known else ""),
            name=name,
            place=place.id,
            serial=wanted.serial or (known.serial if known else ""),
            options=known.options if known else {},
        )
        is_whole = self._is_whole(where, asset, made)
        if self._put_asset(where, place, asset, wanted) and is_whole:
            self.amendment.put(made, where)
            self.amendment.bind(asset, identifier)
            if wanted.fed_by:
                self.amendment.feed(wanted.fed_by, asset)

    def _is_whole(self, where: str, asset: str, device: Device) -> bool:
        """Tell whether a device has all that it must have; the faults say what is missing."""
        known = len(self._faults.found)
        for column, value in (("asset", asset), ("device", device.id)):
            if not IDENTIFIER.fullmatch(value):
                text = f"{column}: wanted up to 64 of a-z 0-9 . _ -, found {value!r}"
                self._faults.add(where, text)
        for column, value in (("profile", device.profile), ("unit", device.unit)):
            if not value:
                self._faults.add(where, f"{column}: wanted one for a new device, found nothing")
        line: Endpoint | None = self.amendment.get(Endpoint, device.endpoint)
        if device.unit and line is not None and (wrong := wrong_unit(line, device.unit)):
            self._faults.add(where, f"unit: {wrong}")
        return bool(device.endpoint) and len(self._faults.found) == known

    def _put_asset(self, where: str, place: Place, identifier: str, wanted: Wanted) -> bool:
        known: Asset | None = self.amendment.get(Asset, identifier)
        if known is None and not wanted.kind:
            self._faults.add(where, "kind: wanted the kind of a new asset, found nothing")
            return False
        asset = known or Asset(
            id=identifier, kind=wanted.kind, name={"ru": identifier, "en": identifier},
            place=place.id, latitude=place.latitude, longitude=place.longitude,
        )  # fmt: skip
        asset = replace(
            asset,
            kind=wanted.kind or asset.kind,
            name=wanted.name or asset.name,
            owner=wanted.owner or asset.owner,
            place=place.id,
        )
        self.amendment.put(asset, where)
        return True

    # ---- a line -----------------------------------------------------------------------------

    def _endpoint_of(self, where: str, known: Device | None, wanted: Wanted) -> str:
        """Give the endpoint of a device, made anew where its address is said."""
        if wanted.line:
            edge = self._edge(where, wanted.edge)
            if not edge:
                return ""
            same = self._by_line.get((edge, wanted.line), "")
            return self._endpoint(
                where, wanted.endpoint or same or _named_after(wanted.line), wanted.line, edge,
                wanted.secret,
            )  # fmt: skip
        identifier = wanted.endpoint or (known.endpoint if known else "")
        line: Endpoint | None = self.amendment.get(Endpoint, identifier)
        if line is None:
            found = f"there is no line {identifier!r}" if identifier else "found nothing"
            self._faults.add(where, f"endpoint: wanted a line or its address, {found}")
            return ""
        if wanted.secret or wanted.edge:
            return self._endpoint(where, line.id, line.address, wanted.edge, wanted.secret)
        return line.id

    def _endpoint(self, where: str, identifier: str, address: str, edge: str, secret: str) -> str:
        known: Endpoint | None = self.amendment.get(Endpoint, identifier)
        edge = self._edge(where, edge or (known.edge if known else ""))
        protocol = PROTOCOLS.get(_scheme(address), "")
        if not protocol:
            text = (
                f"line: wanted an address that begins with {_listed(PROTOCOLS)}, found {address!r}"
            )
            self._faults.add(where, text)
        if not IDENTIFIER.fullmatch(identifier):
            text = f"endpoint: wanted up to 64 of a-z 0-9 . _ -, found {identifier!r}"
            self._faults.add(where, text)
        elif secret and not SECRET_NAME.fullmatch(secret):
            # The cell may hold the secret itself, which belongs into no log.
            self._faults.add(where, "secret: wanted the name of a secret, not the secret itself")
        elif secret and protocol in WITHOUT_SECRET:
            self._faults.add(where, f"secret: a line of {protocol} has none, found {secret!r}")
        elif edge and protocol:
            made = known or Endpoint(id=identifier, edge=edge, protocol=protocol, address=address)
            made = replace(
                made, edge=edge, protocol=protocol, address=address, secret=secret or made.secret
            )
            self.amendment.put(made, where)
            self._by_line[edge, address] = identifier
            return identifier
        return ""

    def _edge(self, where: str, edge: str) -> str:
        """Give the edge that is named, or the only one that there is; empty where it is wrong."""
        names = [each.id for each in self._edges]
        if edge in names:
            return edge
        if not edge and len(names) == 1:
            return names[0]
        found = f"{edge!r}" if edge else "nothing"
        self._faults.add(where, f"edge: wanted one of {_listed(names)}, found {found}")
        return ""


def _wanted(cells: Mapping[str, str]) -> Wanted:
    name = cells.get("name", "")
    taken = (
        "asset", "kind", "owner", "device", "profile", "serial", "unit", "endpoint", "line", "edge",
        "secret",
    )  # fmt: skip
    return Wanted(
        name={"ru": name, "en": name} if name else {},
        **{column: cells.get(column, "") for column in taken},
    )


def _of_pattern(pattern: Pattern) -> Wanted:
    return Wanted(
        asset=pattern.asset, kind=pattern.kind, name=pattern.name, owner=pattern.owner,
        device=pattern.device, profile=pattern.profile, serial=pattern.serial, unit=pattern.unit,
        endpoint=pattern.endpoint, line="", edge="", secret="", fed_by=pattern.fed_by,
    )  # fmt: skip


def _scheme(address: str) -> str:
    try:
        return urlsplit(address).scheme
    except ValueError:
        return ""


def _named_after(address: str) -> str:
    """Make an id for a line that has only an address."""
    words = re.sub(r"[^a-z0-9.]+", "-", address.partition("://")[2].lower()).strip("-.")
    return f"line-{words}"[:64]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
