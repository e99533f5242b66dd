"""What is near a spot of the territory: houses and assets, found without looking at all of them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from core.position import METRES_PER_DEGREE, Position, distances_m
from core.registry import PlaceKind
from gateway.registry.snapshot import RegistrySnapshot

MOSTLY_WITHIN_M = 500.0  # there is mostly something so near, which spares a look at all


class Spots:
    """Things with positions, in order of latitude."""

    def __init__(self, things: Iterable[tuple[str, Position]]) -> None:
        known = sorted(things, key=lambda thing: thing[1][0])
        self._ids = [identifier for identifier, _ in known]
        self._positions = np.array([spot for _, spot in known], np.float64).reshape(-1, 2)

    def within(self, position: Position, metres: float) -> Sequence[str]:
        """Give what is at most so far away, the nearest first."""
        margin = metres / METRES_PER_DEGREE
        south, north = position[0] - margin, position[0] + margin
        first, last = np.searchsorted(self._positions[:, 0], [south, np.nextafter(north, np.inf)])
        away = distances_m(position, self._positions[first:last])
        order = np.argsort(away, kind="stable")
        return [self._ids[first + at] for at in order if away[at] <= metres]

    def nearest(self, position: Position) -> str | None:
        """Give what is nearest, however far; None where there is nothing."""
        if not self._ids:
            return None
        if near := self.within(position, MOSTLY_WITHIN_M):
            return near[0]
        return self._ids[int(distances_m(position, self._positions).argmin())]


class Nearby:
    """The spots of one revision of the registry."""

    def __init__(self, registry: RegistrySnapshot) -> None:
        places = [node.place for node in registry.places.values()]
        located = [
            (place, (place.latitude, place.longitude))
            for place in places
            if place.latitude is not None and place.longitude is not None
        ]
        houses = [(place.id, at) for place, at in located if place.kind is PlaceKind.BUILDING]
        self.houses = Spots(houses)
        self.places = Spots((place.id, at) for place, at in located)
        self.assets = Spots(
            (asset.id, at)
            for asset in registry.assets.values()
            if (at := registry.spot_of(asset)) is not None
        )


@lru_cache(maxsize=2)
def nearby(registry: RegistrySnapshot) -> Nearby:
    """Give the spots of a registry, sorted once a revision."""
    return Nearby(registry)
