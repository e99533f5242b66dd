"""Where the sun is, and when it is dusk and dawn.

Source: J. Meeus, Astronomical Algorithms, 2nd edition, chapters 12 and 25 (low accuracy), which
NOAA's solar calculator uses too. Good to 0.01 degrees from 1950 to 2050, a few seconds of dusk.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from core.position import Position

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CENTURY = 36_525 * DAY  # Julian
CIVIL_TWILIGHT = -6.0  # degrees; by its end street lighting burns
EXACT = timedelta(seconds=1)


class Sky(NamedTuple):
    """declination: degrees. hour_angle: degrees west of Greenwich, -180 to 180."""

    declination: float
    hour_angle: float


def elevation(moment: datetime, position: Position) -> float:
    """Give how high the sun's middle stands, in degrees above the horizon, without refraction.

    moment: aware. At sunrise and sunset it is -0.83, for the air bends light and the sun is wide.
    """
    latitude, longitude = position
    sky = _sky(moment)
    high = math.radians(latitude)
    low = math.radians(sky.declination)
    angle = math.radians(sky.hour_angle + longitude)
    sine = math.sin(high) * math.sin(low) + math.cos(high) * math.cos(low) * math.cos(angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


class SolarDay(NamedTuple):
    """The moments of one turn of the sun, UTC. dawn <= noon <= dusk.

    Where the sun never rises to the elevation asked for, dawn and dusk are both at noon, so that
    all is night; where it never sinks to it, they are at the midnights, so that all is day.
    """

    midnight: datetime
    dawn: datetime
    noon: datetime
    dusk: datetime
    next_midnight: datetime

    @property
    def has_twilight(self) -> bool:
        """Tell whether the sun passes the elevation on this day."""
        return self.midnight < self.dawn < self.noon


@lru_cache(maxsize=4096)
def solar_day(number: int, position: Position, degrees: float = CIVIL_TWILIGHT) -> SolarDay:
    """Give the moments of a solar day. degrees: elevation of the sun at dawn and at dusk.

    number: of the day, as `day_number` gives it.
    """
    longitude = position[1]
    midnight, noon, next_midnight = (
        _culmination(J2000 + (number + turn) * DAY - DAY * longitude / 360.0)
        for turn in (-0.5, 0.0, 0.5)
    )

    def is_up(moment: datetime) -> bool:
        return elevation(moment, position) > degrees

    if is_up(midnight) or is_up(next_midnight):
        dawn, dusk = midnight, next_midnight
    elif not is_up(noon):
        dawn, dusk = noon, noon
    else:
        dawn = _first(midnight, noon, is_up)
        dusk = _first(noon, next_midnight, lambda moment: not is_up(moment))
    return SolarDay(midnight, dawn, noon, dusk, next_midnight)


def day_number(moment: datetime, longitude: float) -> int:
    """Give the number of the solar day at a longitude; at most an hour beside its midnight, the
    number of the neighbour."""
    return round((moment - J2000) / DAY + longitude / 360.0)


def _sky(moment: datetime) -> Sky:
    """Place the sun; terms smaller than 0.003 degrees are left out."""
    since = moment - J2000
    t = since / CENTURY
    mean_longitude = 280.46646 + t * (36_000.76983 + t * 0.0003032)
    anomaly = math.radians(357.52911 + t * (35_999.05029 - t * 0.0001537))
    centre = (
        (1.914602 - t * (0.004817 + t * 0.000014)) * math.sin(anomaly)
        + (0.019993 - t * 0.000101) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    node = math.radians(125.04 - 1934.136 * t)
    longitude = math.radians(mean_longitude + centre - 0.00569 - 0.00478 * math.sin(node))
    obliquity = math.radians(23.43929 - 0.0130042 * t + 0.00256 * math.cos(node))
    declination = math.degrees(math.asin(math.sin(obliquity) * math.sin(longitude)))
    ascension = math.degrees(
        math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    )
    sidereal = 280.46061837 + 360.98564736629 * (since / DAY)  # mean, at Greenwich
    return Sky(declination, (sidereal - ascension + 180.0) % 360.0 - 180.0)


def _culmination(near: datetime) -> datetime:
    """Give the moment when it is noon or midnight by the true sun; near: by the mean sun.

    The equation of time is at most 17 minutes, in which it changes by a third of a second.
    """
    turn = ((near - J2000) / DAY % 1.0) * 360.0  # hour angle of the mean sun at Greenwich
    ahead = (_sky(near).hour_angle - turn + 180.0) % 360.0 - 180.0
    return near - timedelta(days=ahead / 360.0)


def _first(low: datetime, high: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """Give the moment, to a second, from which on a claim holds until `high`."""
    while high - low > EXACT:
        middle = low + (high - low) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
