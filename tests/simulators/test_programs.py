"""The town's programs see its shifted sun."""

from datetime import UTC, datetime, timedelta

import pytest

from core.program import faults
from core.schedule import Schedule
from simulators.town.programs import build_programs, place_of
from simulators.town.registry import build_registry

SECONDS = timedelta(seconds=5)
DAYS = [datetime(2026, month, 21, 9, 30, tzinfo=UTC) for month in range(1, 13)]


@pytest.mark.parametrize("dusk", DAYS, ids=str)
def test_the_lights_come_on_at_the_towns_dusk(dusk: datetime) -> None:
    lights = Schedule(build_programs(dusk)[0])
    assert [lights.value(dusk + by) for by in (-SECONDS, SECONDS)] == [0, 1]


@pytest.mark.parametrize("month", [1, 5, 6, 7, 11, 12])
def test_the_night_is_as_long_as_the_towns_but_for_the_equinoxes(month: int) -> None:
    dusk = DAYS[month - 1]
    until = Schedule(build_programs(dusk)[0]).at(dusk + SECONDS).until
    assert until is not None
    assert abs(until - dusk - timedelta(hours=8)) < timedelta(minutes=3)


def test_a_place_is_on_earth() -> None:
    latitude, longitude = place_of(DAYS[2])
    assert abs(latitude) <= 60
    assert abs(longitude) <= 180


def test_the_programs_are_without_faults_and_govern_what_is_there() -> None:
    registry = build_registry(1, dusk=DAYS[0])
    known = {device.id for device in registry.devices}
    assert [list(faults(each)) for each in registry.programs] == [[], [], []]
    assert {device for each in registry.programs for device in each.devices} <= known
