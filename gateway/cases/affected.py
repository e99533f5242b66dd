"""What a problem of an asset touches: the asset, everything it feeds, and what is near them."""

from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.position import Position, distances_m
from core.registry import Asset
from gateway.cases.cells import cells_around
from gateway.registry.snapshot import INDOORS, RegistrySnapshot

NEAR_M = 60.0  # a complaint from so near is about the same thing


class Area:
    """The affected assets at one moment and the ground around them."""

    def __init__(self, registry: RegistrySnapshot, asset: Asset, at: datetime) -> None:
        self._registry = registry
        self.downstream = registry.feeds.downstream(asset.id, at)
        known = (registry.assets.get(below) for below in self.downstream)
        self.assets = [asset, *(below for below in known if below is not None)]

    def touches(self, place: str, spot: Position | None) -> bool:
        """Tell whether somebody at this place, or within 60 m of the assets, notices it."""
        known = self._registry.places.get(place)  # an old case may be about one that is gone
        if known is not None and any(known.path.startswith(house) for house in self.houses):
            return True
        if spot is None or not len(self._positions):
            return False
        return bool(distances_m(spot, self._positions).min() <= NEAR_M)

    @cached_property
    def houses(self) -> set[str]:
        """Paths of the affected houses. A lamp's street is long: being in it proves nothing."""
        places = {asset.place for asset in self.assets}
        return {
            self._registry.path_of(place)
            for place in places
            if self._registry.places[place].place.kind in INDOORS
        }

    @cached_property
    def cells(self) -> set[int]:
        """The cells of the map in which everything within 60 m of the affected assets lies."""
        return {cell for spot in self._positions.tolist() for cell in cells_around(tuple(spot))}

    @cached_property
    def _positions(self) -> NDArray[np.float64]:
        found = (self._registry.position_of(asset) for asset in self.assets)
        positions = [position for position in found if position is not None]
        return np.array(positions, np.float64).reshape(-1, 2)
