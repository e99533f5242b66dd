"""The town has what was promised, and every reference in it holds."""

import math
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from adapters.profile import bundled_profiles
from core.alarm import Severity
from core.calendar import Days
from core.registry import PlaceKind, Registry
from core.route import Trouble
from core.routing import RoutingTable
from simulators.town.registry import build_registry

NIGHT = datetime(2026, 11, 26, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def kinds(registry: Registry) -> Counter[str]:
    return Counter(asset.kind for asset in registry.assets)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("house", 26), ("lift", 60), ("electricity_meter", 700), ("heat_meter", 60),
        ("water_meter", 740), ("heat_point", 2), ("street_light", 300), ("feeder_cabinet", 12),
        ("traffic_controller", 8), ("air_sensor", 8), ("gas_sensor", 12), ("camera", 2),
    ],
)  # fmt: skip
def test_the_town_has_the_promised_number_of(kind: str, least: int, kinds: Counter[str]) -> None:
    assert kinds[kind] >= least


def test_there_are_two_banks_and_at_least_ten_streets_named_in_both_languages(
    registry: Registry,
) -> None:
    places = Counter(place.kind for place in registry.places)
    streets = [place for place in registry.places if place.kind is PlaceKind.STREET]
    assert places[PlaceKind.MUNICIPALITY] == 2
    assert len({(street.name["ru"], street.name["en"]) for street in streets}) >= 10


def test_streets_are_lines_and_houses_are_closed_outlines(registry: Registry) -> None:
    shapes = {(place.kind, place.outline["type"]) for place in registry.places if place.outline}
    rings = [
        place.outline["coordinates"][0]  # type: ignore[index]
        for place in registry.places
        if place.kind is PlaceKind.BUILDING and place.outline
    ]
    assert (PlaceKind.STREET, "LineString") in shapes
    assert (PlaceKind.BUILDING, "Polygon") in shapes
    assert all(ring[0] == ring[-1] for ring in rings)


def test_no_two_houses_stand_in_one_another(registry: Registry) -> None:
    middles = [
        (place.latitude * 111_320, place.longitude * 111_320 * math.cos(math.radians(54.2)))
        for place in registry.places
        if place.kind is PlaceKind.BUILDING and place.latitude and place.longitude
    ]
    nearest = min(math.dist(a, b) for a in middles for b in middles if a is not b)
    assert nearest > 40


def test_every_reference_holds(registry: Registry) -> None:
    places = {place.id for place in registry.places}
    assets = {asset.id for asset in registry.assets}
    devices = {device.id for device in registry.devices}
    endpoints = {endpoint.id for endpoint in registry.endpoints}
    executors = {executor.id for executor in registry.executors}
    wanted_places = (
        {place.parent for place in registry.places if place.parent}
        | {asset.place for asset in registry.assets}
        | {device.place for device in registry.devices}
        | {executor.place for executor in registry.executors}
        | {route.place for route in registry.routes if route.place}
    )
    assert wanted_places <= places
    assert {end for feed in registry.feeds for end in (feed.source, feed.target)} <= assets
    assert {binding.asset for binding in registry.bindings} <= assets
    assert {binding.device for binding in registry.bindings} == devices
    assert {device.endpoint for device in registry.devices} == endpoints
    assert {device.profile for device in registry.devices} <= set(bundled_profiles())
    assert {route.executor for route in registry.routes} <= executors
    assert {endpoint.edge for endpoint in registry.endpoints} == {
        edge.id for edge in registry.edges
    }


def test_an_edge_that_is_gone_is_for_those_who_keep_the_telemetry(registry: Registry) -> None:
    executors = {executor.id: executor for executor in registry.executors}
    places = {place.id: place for place in registry.places}
    path = f"{registry.edges[0].place}/"
    table = RoutingTable(registry.routes, executors, places, Days(zone=ZoneInfo("UTC")))
    gone = Trouble(code="device.edge", place_path=path, owner="", severity=Severity.HIGH, at=NIGHT)
    assert table.route(gone).executor.id == "telemetry-service"


@pytest.mark.parametrize("collection", ["places", "assets", "devices", "endpoints", "executors"])
def test_identifiers_are_unique_among(collection: str, registry: Registry) -> None:
    identifiers = [item.id for item in getattr(registry, collection)]
    assert len(identifiers) == len(set(identifiers))


def test_no_two_devices_of_an_endpoint_share_a_unit_and_a_profile(registry: Registry) -> None:
    addresses = [(item.endpoint, item.profile, item.unit) for item in registry.devices]
    assert len(addresses) == len(set(addresses))


def test_each_cabinet_feeds_25_lamps_of_its_street(registry: Registry) -> None:
    place = {asset.id: asset.place for asset in registry.assets}
    fed = [feed for feed in registry.feeds if feed.source.startswith("cabinet-")]
    assert set(Counter(feed.source for feed in fed).values()) == {25}
    assert all(place[feed.source] == place[feed.target] for feed in fed)


def test_every_house_is_fed_by_the_heat_point_of_its_bank(registry: Registry) -> None:
    fed = Counter(feed.source for feed in registry.feeds if feed.target.startswith("house-"))
    assert fed == {"heat-point-left-bank": 14, "heat-point-right-bank": 14}


def test_the_same_seed_gives_the_same_town_and_another_seed_another(registry: Registry) -> None:
    assert build_registry(7) == registry
    assert build_registry(8) != registry


def test_the_document_survives_json(registry: Registry) -> None:
    data = msgspec.json.encode(registry)
    assert msgspec.json.decode(data, type=Registry) == registry
