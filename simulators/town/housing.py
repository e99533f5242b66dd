"""What belongs to houses: entrances, lifts, meters, gas sensors and the two heat points."""

from collections.abc import Sequence

from core.registry import Endpoint, Feed, Place, PlaceKind
from core.text import filled
from simulators.town.addresses import Ports
from simulators.town.draft import Draft
from simulators.town.organisations import BANKS, MANAGER
from simulators.town.plan import House, lon_lat

FLATS = 25
HEAT_UNIT = 101  # Modbus units of a house: 1… electricity by flat, 101… heat
HOUSES_WITH_GAS_SENSOR = 12

LIFT = {"ru": "Лифт {number}, {address}, подъезд {entrance}",
        "en": "Lift {number}, {address}, entrance {entrance}"}  # fmt: skip
ELECTRICITY = {"ru": "Электросчётчик, {address}, кв. {flat}",
               "en": "Electricity meter, {address}, flat {flat}"}  # fmt: skip
WATER = {"ru": "Счётчик воды, {address}, кв. {flat}",
         "en": "Water meter, {address}, flat {flat}"}  # fmt: skip
HOUSE_WATER = {"ru": "Домовой счётчик {of} воды, {address}",
               "en": "{of} water meter of the house, {address}"}  # fmt: skip
HEAT = {"ru": "Теплосчётчик {number}, {address}", "en": "Heat meter {number}, {address}"}
GAS = {"ru": "Датчик газа в подвале, {address}", "en": "Basement gas sensor, {address}"}
HEAT_POINT = {
    "left-bank": {"ru": "Тепловой пункт «Левый берег»", "en": "Heat point Left Bank"},
    "right-bank": {"ru": "Тепловой пункт «Правый берег»", "en": "Heat point Right Bank"},
}


def add_houses(draft: Draft, houses: Sequence[House], ports: Ports, edge: str) -> None:
    """Write down every house with what is in it, and the heat point of each bank."""
    for index, house in enumerate(houses):
        concentrator = Endpoint(
            id=f"meters-{house.id}", edge=edge, protocol="modbus",
            address=f"modbus+tcp://127.0.0.1:{ports.modbus + index}",
        )  # fmt: skip
        draft.endpoints.append(concentrator)
        _add_places(draft, house)
        at = lon_lat(house.middle)
        draft.add_asset(
            f"house-{house.id}", "house", filled({"ru": "Дом, {a}", "en": "{a}"}, a=house.address),
            place=house.id, owner=MANAGER[house.street.bank], at=at,
        )  # fmt: skip
        _add_lifts(draft, house)
        _add_electricity_and_water(draft, house, concentrator.id)
        _add_heat_meters(draft, house, concentrator.id)
    for house in houses[: HOUSES_WITH_GAS_SENSOR * 2 : 2]:
        draft.add_asset(
            f"gas-{house.id}", "gas_sensor", filled(GAS, address=house.address),
            place=house.id, owner="emergency-gas", at=lon_lat(house.corners[0]),
        )  # fmt: skip
        draft.add_device("generic-gas-sensor", "town-broker", house.id)
    for bank in BANKS:
        _add_heat_point(draft, bank, [house for house in houses if house.street.bank == bank])


def _add_places(draft: Draft, house: House) -> None:
    longitude, latitude = lon_lat(house.middle)
    draft.places.append(
        Place(
            id=house.id, kind=PlaceKind.BUILDING, parent=house.street.id, outline=house.outline(),
            name={"ru": f"дом {house.number}", "en": f"house {house.number}"},
            latitude=latitude, longitude=longitude,
        )
    )  # fmt: skip
    for entrance in range(1, house.entrances + 1):
        longitude, latitude = lon_lat(house.door(entrance))
        draft.places.append(
            Place(
                id=f"{house.id}-entrance-{entrance}", kind=PlaceKind.ENTRANCE, parent=house.id,
                name={"ru": f"подъезд {entrance}", "en": f"entrance {entrance}"},
                latitude=latitude, longitude=longitude,
            )
        )  # fmt: skip


def _add_lifts(draft: Draft, house: House) -> None:
    number = 0
    for entrance in range(1, house.entrances + 1):
        for _ in range(house.lifts):
            number += 1
            name = filled(LIFT, number=number, address=house.address, entrance=entrance)
            draft.add_asset(
                f"lift-{house.id}-{number}", "lift", name, place=f"{house.id}-entrance-{entrance}",
                owner="lift-service", at=lon_lat(house.door(entrance)),
            )  # fmt: skip
            draft.add_device(
                "generic-lift", "town-opcua", f"lift-{house.id}-{number}", {"floors": house.floors}
            )


def _add_electricity_and_water(draft: Draft, house: House, concentrator: str) -> None:
    owner = MANAGER[house.street.bank]
    at = lon_lat(house.middle)
    for flat in range(1, FLATS + 1):
        draft.add_asset(
            f"electricity-{house.id}-{flat}", "electricity_meter",
            filled(ELECTRICITY, address=house.address, flat=flat),
            place=house.id, owner="power-grid", at=at,
        )  # fmt: skip
        draft.add_device("generic-electricity-meter", concentrator, str(flat))
        draft.add_asset(
            f"water-{house.id}-{flat}", "water_meter",
            filled(WATER, address=house.address, flat=flat), place=house.id, owner=owner, at=at,
        )  # fmt: skip
        draft.add_device("generic-water-meter", "town-broker", f"{house.id}-{flat}")
    for word, ru, en in (("cold", "холодной", "Cold"), ("hot", "горячей", "Hot")):
        name = filled(HOUSE_WATER, of={"ru": ru, "en": en}, address=house.address)
        draft.add_asset(
            f"water-{house.id}-{word}",
            "water_meter",
            name,
            place=house.id,
            owner="water-utility",
            at=at,
        )
        draft.add_device("generic-water-meter", "town-broker", f"{house.id}-{word}")


def _add_heat_meters(draft: Draft, house: House, concentrator: str) -> None:
    for number in range(1, max(house.entrances, 2) + 1):
        key = f"heat-{house.id}-{number}"
        draft.add_asset(
            key, "heat_meter", filled(HEAT, number=number, address=house.address),
            place=house.id, owner=MANAGER[house.street.bank], at=lon_lat(house.middle),
        )  # fmt: skip
        draft.add_device("generic-heat-meter", concentrator, str(HEAT_UNIT + number - 1))
        draft.feeds.append(Feed(source=f"house-{house.id}", target=key))


def _add_heat_point(draft: Draft, bank: str, houses: Sequence[House]) -> None:
    first = houses[0]
    draft.add_asset(
        f"heat-point-{bank}", "heat_point", HEAT_POINT[bank], place=first.street.id,
        owner="heating-network", at=lon_lat(first.street.at(30.0, 45.0)),
    )  # fmt: skip
    draft.add_device("generic-heat-point", "town-opcua", f"heat-point-{bank}")
    for house in houses:
        draft.feeds.append(Feed(source=f"heat-point-{bank}", target=f"house-{house.id}"))
