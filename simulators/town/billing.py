"""The house whose meters are billed: its flats, what billing knows of their meters, and prices."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from core.metering import BillingArea, Meter, Resource, Scope, Tariff
from core.registry import Binding, Device, Place, PlaceKind
from core.text import filled
from simulators.town.draft import Draft
from simulators.town.housing import FLATS
from simulators.town.organisations import BANKS
from simulators.town.plan import House

FLAT = {"ru": "кв. {flat}", "en": "flat {flat}"}
RESIDENT = 12  # the flat whose resident gets a sign-in link
OVERDUE, UNSEALED, REPLACED = 3, 9, 7  # flats: verification is over; the seal is broken; new meter
UNREAD = 5  # the flat of which the last electricity reading is missing
REPLACED_AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
FORMER_UNIT = "90"  # on the concentrator, beside the flats and the heat meters
VERIFIED_UNTIL, ENDED = date(2031, 3, 31), date(2026, 9, 30)
SEALED_ON = date(2025, 4, 1)
LOST = 0.06  # m3/h between the inlet of the billed house and its flats

SINCE = date(2026, 1, 1), date(2026, 7, 1)
PRICES = {  # roubles of one unit, by the days of SINCE; invented like the town
    Resource.ELECTRICITY: (6.4, 7.1),
    Resource.COLD_WATER: (52.0, 58.5),
}
TARIFFS = tuple(
    Tariff(place=bank, resource=resource, since=since, price=price)
    for bank in BANKS
    for resource, prices in PRICES.items()
    for since, price in zip(SINCE, prices, strict=True)
)
BILLING = tuple(BillingArea(place=bank, time_zone="Europe/Moscow") for bank in BANKS)


def flat_of(house: str, number: int) -> str:
    """Give the id of a flat."""
    return f"{house}-{number}"


def bill(draft: Draft, house: House) -> None:
    """Give a house that is written down its flats, each with its meters, and meters for billing."""
    for flat in range(1, FLATS + 1):
        place = flat_of(house.id, flat)
        draft.places.append(
            Place(
                id=place, kind=PlaceKind.FLAT, parent=house.id, name=filled(FLAT, flat=flat),
            )
        )  # fmt: skip
        for asset in (f"electricity-{place}", f"water-{place}"):
            _move(draft, asset, place)
    _replace_meter(draft, f"electricity-{flat_of(house.id, REPLACED)}")
    main = f"water-{house.id}-cold-d1"
    draft.devices = [
        replace(each, options={"lost": LOST}) if each.id == main else each for each in draft.devices
    ]
    draft.meters += _meters(house)


def _meters(house: House) -> Iterator[Meter]:
    yield Meter(
        device=f"water-{house.id}-cold-d1", resource=Resource.COLD_WATER, scope=Scope.HOUSE,
        verified_until=VERIFIED_UNTIL, seal="W-100", sealed_on=SEALED_ON, sealed_by="Водоканал",
    )  # fmt: skip
    for flat in range(1, FLATS + 1):
        place = flat_of(house.id, flat)
        is_sealed = flat != UNSEALED
        yield Meter(
            device=f"water-{place}-d1",
            resource=Resource.COLD_WATER,
            verified_until=ENDED if flat == OVERDUE else VERIFIED_UNTIL,
            seal=f"W-{100 + flat}" if is_sealed else "",
            sealed_on=SEALED_ON if is_sealed else None,
            sealed_by="Водоканал" if is_sealed else "",
            rolls_over_at=100_000.0,
        )
        numbers = ("d0", "d1") if flat == REPLACED else ("d1",)
        for number in numbers:
            yield Meter(
                device=f"electricity-{place}-{number}", resource=Resource.ELECTRICITY,
                verified_until=VERIFIED_UNTIL, seal=f"E-{100 + flat}", sealed_on=SEALED_ON,
                sealed_by="Электросети",
            )  # fmt: skip


def _move(draft: Draft, asset: str, place: str) -> None:
    """Have an asset and its device be in a flat, and not in the house at large."""
    device = f"{asset}-d1"
    draft.assets = [
        replace(each, place=place) if each.id == asset else each for each in draft.assets
    ]
    draft.devices = [
        replace(each, place=place, serial=f"S-{each.unit}") if each.id == device else each
        for each in draft.devices
    ]


def _replace_meter(draft: Draft, asset: str) -> None:
    """Have the meter of an asset be the second one that serves it."""
    device = next(each for each in draft.devices if each.id == f"{asset}-d1")
    former: Device = replace(device, id=f"{asset}-d0", unit=FORMER_UNIT, serial=f"S-{FORMER_UNIT}")
    draft.devices.append(former)
    draft.bindings = [
        replace(each, since=REPLACED_AT) if each.device == device.id else each
        for each in draft.bindings
    ]
    draft.bindings.append(Binding(asset=asset, device=former.id, until=REPLACED_AT))
