"""Finds a house by an address as people write it: "ул. Лесная, 5", "Lesnaya street 5"."""

import re
from collections.abc import Iterable, Mapping

from core.registry import Place, PlaceKind

WORD = re.compile(r"\d+[а-яa-z]?(?:/\d+)?|[^\W\d_]+", re.IGNORECASE)
# What only says which kind of place it is; people leave it out or abbreviate it.
KINDS = frozenset(
    {
        *("улица", "ул", "проспект", "пр", "просп", "переулок", "пер", "проезд", "бульвар", "бул"),
        *("площадь", "пл", "шоссе", "набережная", "наб", "дом", "д", "строение", "стр", "корпус"),
        *("город", "г", "область", "обл", "район", "р"),
        *("street", "st", "avenue", "ave", "lane", "road", "rd", "square", "house", "building"),
    }
)
ENDING = 2  # letters of a word that change with its case: Лесная, Лесной


class AddressBook:
    """Houses and streets of a territory, found by the words of their names."""

    def __init__(self, places: Iterable[Place]) -> None:
        by_id = {place.id: place for place in places}
        self._houses: dict[frozenset[str], str] = {}
        self._streets: dict[frozenset[str], str] = {}
        for place in by_id.values():
            if place.kind is PlaceKind.BUILDING:
                street = by_id.get(place.parent or "")
                self._houses |= dict.fromkeys(_words(place, street), place.id)
            elif place.kind is PlaceKind.STREET:
                self._streets |= dict.fromkeys(_words(place, None), place.id)

    def find(self, address: str) -> str | None:
        """Give the house, else the street, all of whose words are in the address."""
        given = _stems(address)
        for book in (self._houses, self._streets):
            found = [words for words in book if words <= given]
            if found:
                return book[max(found, key=len)]
        return None


def _words(place: Place, street: Place | None) -> Iterable[frozenset[str]]:
    above: Mapping[str, str] = street.name if street else {}
    for language, name in place.name.items():
        words = _stems(f"{above.get(language, '')} {name}")
        if words:
            yield words


def _stems(text: str) -> frozenset[str]:
    words = (word.lower().replace("ё", "е") for word in WORD.findall(text))
    return frozenset(
        word if word[0].isdigit() or len(word) <= ENDING + 2 else word[:-ENDING]
        for word in words
        if word not in KINDS
    )
