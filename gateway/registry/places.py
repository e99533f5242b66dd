"""The tree of places: each one's path, by which visibility goes, and its address in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.registry import Place, PlaceKind
from core.text import Text, in_language

LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class PlaceNode:
    """A place in the tree. path: ids from the region down, each followed by a slash."""

    place: Place
    path: str
    address: Text


def place_tree(places: Iterable[Place]) -> dict[str, PlaceNode]:
    """Give each place its path and its address. The parents must exist and form no cycle."""
    by_id = {place.id: place for place in places}
    nodes: dict[str, PlaceNode] = {}

    def grow(place: Place) -> PlaceNode:
        if place.id not in nodes:
            above = grow(by_id[place.parent]) if place.parent is not None else None
            path = f"{above.path if above else ''}{place.id}/"
            nodes[place.id] = PlaceNode(place, path, _address(place, above))
        return nodes[place.id]

    for place in by_id.values():
        grow(place)
    return nodes


def _address(place: Place, above: PlaceNode | None) -> Text:
    """Join the names as the language has it: Russian from large to small, English the other way."""
    if above is None or above.place.kind is PlaceKind.REGION:
        return {language: in_language(place.name, language) for language in LANGUAGES}
    return {
        "ru": f"{above.address['ru']}, {in_language(place.name, 'ru')}",
        "en": f"{in_language(place.name, 'en')}, {above.address['en']}",
    }
