"""A registry made ready for questions: where something is, what it belongs to, what is near."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.errors import DomainError
from core.feeds import Feeds
from core.registry import Asset, Binding, Device, Executor, Place, PlaceKind, Registry
from core.text import Text, in_language

METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km
MARGIN_M = 500.0  # beyond the outermost place, a complaint still belongs to the territory
SPOKEN = frozenset({PlaceKind.SETTLEMENT, PlaceKind.STREET, PlaceKind.BUILDING,
                    PlaceKind.ENTRANCE, PlaceKind.FLAT})  # fmt: skip

Position = tuple[float, float]  # latitude, longitude, degrees


class Territory:
    """Built once a revision of the registry; everything in it is read only."""

    def __init__(self, registry: Registry) -> None:
        self.name = registry.name
        self.places: Mapping[str, Place] = {place.id: place for place in registry.places}
        self.assets: Mapping[str, Asset] = {asset.id: asset for asset in registry.assets}
        self.devices: Mapping[str, Device] = {device.id: device for device in registry.devices}
        self.executors: Mapping[str, Executor] = {row.id: row for row in registry.executors}
        self.routes = registry.routes
        self.feeds = Feeds(registry.feeds)
        self._edge_places = {edge.id: edge.place for edge in registry.edges}
        self._endpoint_edges = {line.id: line.edge for line in registry.endpoints}
        self._bindings: dict[str, list[Binding]] = {}
        for binding in registry.bindings:
            self._bindings.setdefault(binding.device, []).append(binding)
        self._paths = {place: self._path_of(place) for place in self.places}
        self._spots = [place for place in registry.places if place.latitude is not None]
        self._spot_positions = np.array(
            [(spot.latitude, spot.longitude) for spot in self._spots], np.float64
        ).reshape(-1, 2)

    def path(self, place: str) -> str:
        """Give the ids from the region down to the place, each followed by a slash."""
        if place not in self._paths:
            raise DomainError("unknown_place", f"place {place} is not in the registry")
        return self._paths[place]

    def address(self, place: str) -> Text:
        """Give the place in words: street, house and what is below, else its own name."""
        names = [step.name for step in self.ancestry(place) if step.kind in SPOKEN]
        names = names[::-1] or [self.places[place].name]
        return {
            language: ", ".join(in_language(name, language) for name in names)
            for language in ("ru", "en")
        }

    def ancestry(self, place: str) -> Iterator[Place]:
        """Give the place and what is above it, nearest first."""
        step: str | None = place
        while step is not None:
            yield self.places[step]
            step = self.places[step].parent

    def asset_of(self, device: str, at: datetime) -> Asset | None:
        """Give the asset that the device served at that moment."""
        for binding in self._bindings.get(device, ()):
            began = binding.since is None or binding.since <= at
            if began and (binding.until is None or at < binding.until):
                return self.assets.get(binding.asset)
        return None

    def edge_of(self, device: str) -> str | None:
        """Give the edge that reads the device."""
        known = self.devices.get(device)
        return self._endpoint_edges.get(known.endpoint) if known else None

    def edge_place(self, edge: str) -> str:
        """Give the territory of an edge; of one that is not registered, the whole region."""
        if edge in self._edge_places:
            return self._edge_places[edge]
        return next(place.id for place in self.places.values() if place.parent is None)

    def position(self, asset: str) -> Position | None:
        """Give where the asset is: by itself, else its place, else the nearest above."""
        known = self.assets[asset]
        if known.latitude is not None and known.longitude is not None:
            return known.latitude, known.longitude
        return self.place_position(known.place)

    def place_position(self, place: str) -> Position | None:
        for step in self.ancestry(place):
            if step.latitude is not None and step.longitude is not None:
                return step.latitude, step.longitude
        return None

    def contains(self, position: Position) -> bool:
        """Tell whether a position lies within the territory's bounds, 500 m margin included."""
        if not len(self._spot_positions):
            return False
        low, high = self._spot_positions.min(axis=0), self._spot_positions.max(axis=0)
        margin = MARGIN_M / METRES_PER_DEGREE
        wide = margin / max(math.cos(math.radians(position[0])), 0.01)
        return bool(
            low[0] - margin <= position[0] <= high[0] + margin
            and low[1] - wide <= position[1] <= high[1] + wide
        )

    def place_at(self, position: Position, within_m: float = 60.0) -> str:
        """Give the house at a position, or the street or settlement of the nearest one."""
        metres = distances_m(position, self._spot_positions)
        buildings = np.array([spot.kind is PlaceKind.BUILDING for spot in self._spots])
        if buildings.any():
            metres = np.where(buildings, metres, np.inf)
        nearest = self._spots[int(metres.argmin())]
        if metres.min() <= within_m or nearest.parent is None:
            return nearest.id
        return nearest.parent

    def _path_of(self, place: str) -> str:
        path: list[str] = []
        step: str | None = place
        while step is not None:
            if step not in self.places or step in path:
                raise DomainError("broken_places", f"place {place}: {step} above it is wrong")
            path.append(step)
            step = self.places[step].parent
        return "".join(f"{step}/" for step in reversed(path))


def distances_m(position: Position, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the distances in metres, on a plane that touches the sphere at the position.

    others: float64[n, 2], latitude and longitude in degrees. Good to 0.1 % over a city.
    """
    scale = np.array([1.0, math.cos(math.radians(position[0]))]) * METRES_PER_DEGREE
    delta = (others - np.array(position)) * scale
    metres: NDArray[np.float64] = np.hypot(delta[:, 0], delta[:, 1])
    return metres


def distance_m(one: Position, other: Position) -> float:
    """Give the distance in metres."""
    return float(distances_m(one, np.array([other], np.float64))[0])
