"""Latitude and longitude, WGS 84 degrees, and the metres between them."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km

Position: TypeAlias = tuple[float, float]  # latitude, longitude
Bounds: TypeAlias = tuple[float, float, float, float]  # west, south, east, north


def distances_m(position: Position, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the distances in metres, on a plane that touches the sphere at the position.

    others: float64[n, 2], latitude and longitude in degrees. Good to 0.1 % over a city.
    """
    scale = np.array([1.0, _shrink(position)]) * METRES_PER_DEGREE
    delta = (others - np.array(position)) * scale
    metres: NDArray[np.float64] = np.hypot(delta[:, 0], delta[:, 1])
    return metres


def distance_m(one: Position, other: Position) -> float:
    """Give the distance in metres."""
    north, east = other[0] - one[0], (other[1] - one[1]) * _shrink(one)
    return math.hypot(north, east) * METRES_PER_DEGREE


def is_within(position: Position, bounds: Bounds, margin_m: float) -> bool:
    """Tell whether a position is inside the bounds or at most so many metres outside."""
    west, south, east, north = bounds
    latitude, longitude = position
    margin = margin_m / METRES_PER_DEGREE
    wide = margin / _shrink(position)
    return south - margin <= latitude <= north + margin and west - wide <= longitude <= east + wide


def _shrink(position: Position) -> float:
    """Give how much shorter a degree of longitude is than one of latitude."""
    return max(math.cos(math.radians(position[0])), 0.01)
