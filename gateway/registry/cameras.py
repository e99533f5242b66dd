"""Which things a camera shows."""

from core.position import Position, distance_m
from core.registry import Asset
from gateway.registry.snapshot import RegistrySnapshot

NEAR_M = 100.0  # a camera sees about that far


def shows(registry: RegistrySnapshot, camera: Asset, place: str, position: Position | None) -> bool:
    """Tell whether the camera is at this place, or at most NEAR_M from the position."""
    if camera.place == place:
        return True
    there = registry.position_of(camera)
    return position is not None and there is not None and distance_m(position, there) <= NEAR_M
