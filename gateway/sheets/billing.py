"""What billing knows of meters, and prices, as sheets: a row for each meter, or for each price.

What a sheet does not name stays; an empty cell leaves what is known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from core.metering import (
    Meter,
    Resource,
    Scope,
    Tariff,
    Zone,
    wrong_in_meters,
    wrong_in_tariffs,
)
from core.registry import Device, Place, Registry
from core.text import Text, in_language
from gateway.registry.places import place_tree
from gateway.sheets.amendment import Amendment
from gateway.sheets.faults import Faults
from gateway.sheets.names import named
from gateway.sheets.table_file import Row

METERS: Mapping[str, Sequence[str]] = {
    "asset": ("объект",),
    "device": ("прибор", "устройство"),
    "resource": ("ресурс",),
    "scope": ("охват",),
    "verified until": ("поверен до", "поверка до"),
    "seal": ("пломба",),
    "sealed on": ("опломбирован",),
    "sealed by": ("кем опломбирован",),
    "rolls over at": ("предел шкалы",),
    "serial": ("заводской номер", "серийный номер"),  # for people alone, like the next one
    "address": ("адрес",),
}
TARIFFS: Mapping[str, Sequence[str]] = {
    "place": ("территория", "место"),
    "resource": ("ресурс",),
    "zone": ("зона",),
    "since": ("с", "действует с"),
    "price": ("цена", "тариф"),
    "currency": ("валюта",),
}
RESOURCES: Mapping[str, Text] = {
    Resource.ELECTRICITY: {"ru": "электроэнергия", "en": "electricity"},
    Resource.COLD_WATER: {"ru": "холодная вода", "en": "cold water"},
    Resource.HOT_WATER: {"ru": "горячая вода", "en": "hot water"},
    Resource.HEAT: {"ru": "тепло", "en": "heat"},
    Resource.GAS: {"ru": "газ", "en": "gas"},
}
SCOPES: Mapping[str, Text] = {
    Scope.FLAT: {"ru": "квартира", "en": "flat"},
    Scope.HOUSE: {"ru": "дом", "en": "house"},
    Scope.COMMON: {"ru": "общий", "en": "common"},
}
ZONES: Mapping[str, Text] = {
    zone: {"ru": zone.replace("T", "Т")} for zone in Zone if zone
}  # as a Russian keyboard has it
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: 00:00:00)?")  # the time: of a workbook's cell
NUMBER = re.compile(r"-?\d+(\.\d+)?")
RUSSIAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def take_meters(amendment: Amendment, rows: Iterable[Row], faults: Faults) -> None:
    """Take all rows; what is wrong is told to the faults, and the other rows are looked at."""
    for row in rows:
        cells = _Cells(row, faults)
        device = _device(amendment, cells)
        if device is None:
            continue
        known: Meter | None = amendment.get(Meter, device)
        resource = cells.one_of("resource", RESOURCES, wanted=known is None)
        if known is None and not resource:
            continue
        meter = known or Meter(device=device, resource=Resource(resource))
        told = {
            "resource": Resource(resource) if resource else None,
            "scope": Scope(scope) if (scope := cells.one_of("scope", SCOPES)) else None,
            "verified_until": cells.day("verified until"),
            "seal": cells.text("seal"),
            "sealed_on": cells.day("sealed on"),
            "sealed_by": cells.text("sealed by"),
            "rolls_over_at": cells.number("rolls over at"),
        }
        said = {field: value for field, value in told.items() if value not in (None, "")}
        meter = replace(meter, **said)  # type: ignore[arg-type]
        cells.faults_in(wrong_in_meters([meter]))
        amendment.put(meter, str(row.number))


def take_tariffs(amendment: Amendment, rows: Iterable[Row], faults: Faults) -> None:
    """Take all rows; a price of a day that is known is changed."""
    places = named({place.id: place.name for place in amendment.all(Place)})
    for row in rows:
        cells = _Cells(row, faults)
        place = cells.found("place", places)
        resource = cells.one_of("resource", RESOURCES, wanted=True)
        since, price = cells.day("since", wanted=True), cells.number("price", wanted=True)
        zone = cells.one_of("zone", ZONES)
        if not place or not resource or since is None or price is None:
            continue
        tariff = Tariff(
            place=place, resource=Resource(resource), since=since, price=price, zone=Zone(zone)
        )
        known: Tariff | None = amendment.get(Tariff, tariff.key)
        tariff = replace(tariff, currency=cells.text("currency") or (known or tariff).currency)
        cells.faults_in(wrong_in_tariffs([tariff]))
        amendment.put(tariff, str(row.number))


def meter_rows(registry: Registry) -> Iterator[list[str]]:
    """Give a row for each meter that billing knows, which the import takes back."""
    places = place_tree(registry.places)
    devices = {each.id: each for each in registry.devices}
    assets = {each.device: each.asset for each in registry.bindings if each.until is None}
    for meter in registry.meters:
        device = devices[meter.device]
        yield [
            assets.get(meter.device, ""),
            meter.device,
            meter.resource,
            meter.scope,
            _written(meter.verified_until),
            meter.seal,
            _written(meter.sealed_on),
            meter.sealed_by,
            "" if meter.rolls_over_at is None else f"{meter.rolls_over_at:.15g}",
            device.serial,
            in_language(places[device.place].address, "ru"),
        ]


def tariff_rows(registry: Registry) -> Iterator[list[str]]:
    """Give a row for each price, which the import takes back."""
    for each in registry.tariffs:
        yield [
            each.place, each.resource, each.zone, _written(each.since), f"{each.price:.15g}",
            each.currency,
        ]  # fmt: skip


def _device(amendment: Amendment, cells: "_Cells") -> str | None:
    """Give the device of a row: the one that is named, else the one that serves its asset now."""
    if device := cells.text("device"):
        if amendment.get(Device, device) is not None:
            return device
        cells.fault("device", f"there is no device {device!r}")
        return None
    asset = cells.text("asset")
    found = amendment.device_of(asset)
    if found is None:
        what = f"no device serves {asset!r}" if asset else "wanted an asset or a device"
        cells.fault("asset", what)
    return found


class _Cells:
    """The cells of a row, by what they are to be; what is wrong is told to the faults."""

    def __init__(self, row: Row, faults: Faults) -> None:
        self._row = row
        self._faults = faults

    def fault(self, column: str, what: str) -> None:
        self._faults.add(str(self._row.number), f"{column}: {what}")

    def text(self, column: str) -> str:
        return self._row.cells.get(column, "")

    def one_of(self, column: str, known: Mapping[str, Text], *, wanted: bool = False) -> str:
        """Give which of these is meant; empty where nothing is said, or what is none of them."""
        if not self.text(column) and not wanted:
            return ""
        said = self.text(column).casefold()
        for each, words in known.items():
            if said in {word.casefold() for word in (each, *words.values())}:
                return each
        self.fault(column, f"wanted one of {_there(known)}, found {self.text(column)!r}")
        return ""

    def found(self, column: str, known: Mapping[str, set[str]]) -> str:
        """Give the id that is meant; empty where none is, or several are."""
        said = self.text(column)
        found = known.get(said, set()) or known.get(said.casefold(), set())
        if len(found) == 1:
            return next(iter(found))
        what = f"may be {', '.join(sorted(found))}; use an id" if found else "is not known"
        self.fault(column, f"{said!r} {what}")
        return ""

    def day(self, column: str, *, wanted: bool = False) -> date | None:
        said = self.text(column)
        if not said and not wanted:
            return None
        numbers: list[int] = []
        if found := DATE.fullmatch(said):
            numbers = [int(part) for part in found.groups()]
        elif found := RUSSIAN_DATE.fullmatch(said):
            numbers = [int(part) for part in reversed(found.groups())]
        try:
            return date(*numbers)
        except (ValueError, TypeError):
            self.fault(column, f"wanted a day like 2027-03-31 or 31.03.2027, found {said!r}")
            return None

    def number(self, column: str, *, wanted: bool = False) -> float | None:
        said = self.text(column)
        if not said and not wanted:
            return None
        digits = "".join(said.split()).replace(",", ".")
        if NUMBER.fullmatch(digits):
            return float(digits)
        self.fault(column, f"wanted a number, found {said!r}")
        return None

    def faults_in(self, wrong: Iterable[tuple[str, str]]) -> None:
        """Tell what cannot be of the entry that this row has become."""
        for where, what in wrong:
            self.fault(where.partition("].")[2].replace("_", " "), what)


def _there(known: Mapping[str, Text]) -> str:
    return ", ".join(known)


def _written(day: date | None) -> str:
    return day.isoformat() if day else ""
