"""Programs of lighting and traffic: checked at the import, told to the edges that run them."""

from collections.abc import Container, Iterator
from dataclasses import replace

from core.position import Position
from core.program import Fault, Program, faults, governed_twice
from core.registry import Registry


def wrong_programs(registry: Registry) -> Iterator[tuple[str, str]]:
    """Find what is wrong with programs. Whether a device has such a signal only its edge knows."""
    devices = {device.id for device in registry.devices}
    places = {place.id for place in registry.places}
    for index, program in enumerate(registry.programs):
        where = f"programs[{index}]"
        for fault in faults(program):
            yield _told(where, fault)
        for device in program.devices:
            if device not in devices:
                yield f"{where}.devices", f"there is no {device!r} in devices"
        is_somewhere = _position(registry, program) is not None
        if program.needs_sun and program.place in places and not is_somewhere:
            yield f"{where}.latitude", "is wanted for dusk and dawn: no place around has a position"
    for index, wrong in governed_twice(registry.programs):
        yield f"programs[{index}]", wrong


def programs_of(registry: Registry, devices: Container[str]) -> Iterator[Program]:
    """Give the programs that govern some of these devices, for those alone and with a position."""
    for program in registry.programs:
        governed = tuple(each for each in program.devices if each in devices)
        if governed:
            latitude, longitude = _position(registry, program) or (None, None)
            yield replace(program, devices=governed, latitude=latitude, longitude=longitude)


def _position(registry: Registry, program: Program) -> Position | None:
    """Give the program's own position, else that of its place or of the nearest above it."""
    if program.position is not None:
        return program.position
    places = {place.id: place for place in registry.places}
    place, seen = places.get(program.place), set()
    while place is not None and place.id not in seen:  # places that turn are told elsewhere
        if place.latitude is not None and place.longitude is not None:
            return place.latitude, place.longitude
        seen.add(place.id)
        place = places.get(place.parent or "")
    return None


def _told(where: str, fault: Fault) -> tuple[str, str]:
    way, wrong = fault
    return where + "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in way), wrong
