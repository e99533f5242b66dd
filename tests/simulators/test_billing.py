"""One house is billed: its flats have meters, and not all is well with them."""

from collections import Counter
from datetime import date

import pytest

from core.metering import Meter, Resource, Scope
from core.registry import PlaceKind, Registry
from simulators.world.world import World

HOUSE = "lesnaya-1"


@pytest.fixture(scope="module")
def meters(registry: Registry) -> dict[str, Meter]:
    return {each.device: each for each in registry.meters}


def test_every_flat_has_meters_of_water_and_electricity(
    registry: Registry, meters: dict[str, Meter]
) -> None:
    flats = [place.id for place in registry.places if place.kind is PlaceKind.FLAT]
    serving = [each for each in registry.bindings if each.device in meters and not each.until]
    place = {asset.id: asset.place for asset in registry.assets}
    assert Counter(place[each.asset] for each in serving) == dict.fromkeys(flats, 2) | {HOUSE: 1}


def test_a_verification_is_over_and_a_seal_is_missing(meters: dict[str, Meter]) -> None:
    over = [each.device for each in meters.values() if each.verified_until == date(2026, 9, 30)]
    unsealed = [each.device for each in meters.values() if not each.seal]
    assert (over, unsealed) == ([f"water-{HOUSE}-3-d1"], [f"water-{HOUSE}-9-d1"])


def test_a_meter_took_the_place_of_another(registry: Registry, meters: dict[str, Meter]) -> None:
    served = [each for each in registry.bindings if each.asset == f"electricity-{HOUSE}-7"]
    assert {each.device for each in served} <= set(meters)
    assert {each.until for each in served} - {None} == {each.since for each in served} - {None}


def test_the_inlet_counts_what_the_flats_took_and_what_was_lost(
    world: World, meters: dict[str, Meter]
) -> None:
    water = world.families["water_meter"]
    of = {
        scope: [water.rows[each.device] for each in meters.values()
                if each.scope == scope and each.resource == Resource.COLD_WATER]
        for scope in (Scope.HOUSE, Scope.FLAT)
    }  # fmt: skip
    before = water.columns["volume"].copy()
    for _ in range(3600):
        world.step(1.0)
    # The inlet's meter shows 5 m3/h at most, so that it misses a little when many taps are open.
    taken = water.columns["volume"] - before
    assert taken[of[Scope.HOUSE]].sum() - taken[of[Scope.FLAT]].sum() == pytest.approx(
        0.06, abs=0.01
    )
