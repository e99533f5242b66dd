"""Where the sun is, against values that were published."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sun import day_number, elevation, solar_day

GOLDEN = (39.742476, -105.1786)
ITHACA = (42.431964, -76.501656)
MURMANSK = (68.97, 33.08)
MOUNTAIN = timezone(timedelta(hours=-7))
EASTERN = timezone(timedelta(hours=-4))
SUNRISE = -0.8333  # refraction and half the width of the sun
MINUTE = timedelta(minutes=1)


def test_the_elevation_is_that_of_the_solar_position_algorithm() -> None:
    # NREL/TP-560-34302 (2008), table A5.1: topocentric elevation without refraction.
    moment = datetime(2003, 10, 17, 12, 30, 30, tzinfo=MOUNTAIN)
    assert elevation(moment, GOLDEN) == pytest.approx(39.872046, abs=0.01)


def test_sunrise_and_noon_are_those_of_the_solar_position_algorithm() -> None:
    # The same table: sunrise 6.212067 h, transit 11.768045 h.
    midnight = datetime(2003, 10, 17, tzinfo=MOUNTAIN)
    day = solar_day(day_number(midnight + timedelta(hours=12), GOLDEN[1]), GOLDEN, SUNRISE)
    found = [(each - midnight) / timedelta(hours=1) for each in (day.dawn, day.noon)]
    assert found == pytest.approx([6.2121, 11.7680], abs=0.002)


@pytest.mark.parametrize(
    ("degrees", "dawn", "dusk"),
    [
        (SUNRISE, (7, 4), (18, 47)),
        (-6.0, (6, 36), (19, 15)),
        (-12.0, (6, 3), (19, 47)),
        (-18.0, (5, 30), (20, 20)),
    ],
    ids=["sunrise", "civil", "nautical", "astronomical"],
)
def test_twilight_is_that_of_the_almanac(
    degrees: float, dawn: tuple[int, int], dusk: tuple[int, int]
) -> None:
    # Ithaca, 1 October 2020, to the minute.
    noon = datetime(2020, 10, 1, 12, tzinfo=EASTERN)
    day = solar_day(day_number(noon, ITHACA[1]), ITHACA, degrees)
    assert abs(day.dawn - noon.replace(hour=dawn[0], minute=dawn[1])) < MINUTE
    assert abs(day.dusk - noon.replace(hour=dusk[0], minute=dusk[1])) < MINUTE


def test_in_the_polar_night_all_of_the_day_is_between_dusk_and_dawn() -> None:
    day = solar_day(day_number(datetime(2026, 12, 22, 9, tzinfo=UTC), 33.08), MURMANSK, SUNRISE)
    assert (day.dawn, day.dusk) == (day.noon, day.noon)


def test_in_the_polar_day_nothing_of_the_day_is_between_dusk_and_dawn() -> None:
    day = solar_day(day_number(datetime(2026, 6, 22, 9, tzinfo=UTC), 33.08), MURMANSK, SUNRISE)
    assert (day.dawn, day.dusk) == (day.midnight, day.next_midnight)


@given(
    number=st.integers(0, 20_000),
    latitude=st.floats(-89, 89),
    longitude=st.floats(-180, 180),
    degrees=st.floats(-18, 15),
)
def test_solar_days_join_and_their_moments_are_in_order(
    number: int, latitude: float, longitude: float, degrees: float
) -> None:
    today, tomorrow = (
        solar_day(each, (latitude, longitude), degrees) for each in (number, number + 1)
    )
    assert list(today) == sorted(today)
    assert today.next_midnight == tomorrow.midnight


@given(number=st.integers(0, 20_000), latitude=st.floats(-60, 60), longitude=st.floats(-180, 180))
def test_at_dusk_the_sun_is_where_it_was_asked_for(
    number: int, latitude: float, longitude: float
) -> None:
    day = solar_day(number, (latitude, longitude), -6.0)
    if day.has_twilight:
        assert elevation(day.dusk, (latitude, longitude)) == pytest.approx(-6.0, abs=0.01)
