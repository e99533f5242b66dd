"""What a message states, beside its trouble: where, which flat, which telephone, which day."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.language.addresses import find_address
from gateway.language.gazetteer import Entry, Gazetteer
from gateway.language.marks import find_dates, find_phones, find_plates
from gateway.language.rooms import ENTRANCE, FLAT, FLOOR, find_rooms


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """None for what the message does not say. street: as the gazetteer spells it. phones: +7910…;
    plates: А123ВС46; dates: 2026-11-26."""

    settlement: str | None
    street: str | None
    house: str | None
    building: str | None
    entrance: str | None
    floor: str | None
    flat: str | None
    phones: tuple[str, ...]
    plates: tuple[str, ...]
    dates: tuple[str, ...]


class FactFinder:
    """Finds facts by rules and by the streets of a territory."""

    def __init__(self, streets: Iterable[Entry]) -> None:
        self._gazetteer = Gazetteer(streets)

    def facts(self, text: str) -> Facts:
        """Give what a message states; the first of each where it states several."""
        address, houses = find_address(text, self._gazetteer)
        rooms = find_rooms(text, houses)
        return Facts(
            settlement=address.settlement or None,
            street=address.street or None,
            house=address.house or None,
            building=address.building or None,
            entrance=rooms.get(ENTRANCE),
            floor=rooms.get(FLOOR),
            flat=rooms.get(FLAT),
            phones=tuple(find_phones(text)),
            plates=tuple(find_plates(text)),
            dates=tuple(find_dates(text)),
        )
