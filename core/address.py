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
        self._houses: dict[frozenset[str], list[str]] = {}
        self._streets: dict[frozenset[str], list[str]] = {}
        for place in by_id.values():
            if place.kind is PlaceKind.BUILDING:
                street = by_id.get(place.parent or "")
                _enter(self._houses, _words(place, street), place.id)
            elif place.kind is PlaceKind.STREET:
                _enter(self._streets, _words(place, None), place.id)

    def find(self, address: str) -> str | None:
        """Give the house, else the street, all of whose words are in the address."""
        found = self.houses(address) or self.streets(address)
        return found[-1] if found else None

    def houses(self, address: str) -> list[str]:
        """Give the houses that an address may mean: several where streets share a name."""
        return _fitting(self._houses, address)

    def streets(self, address: str) -> list[str]:
        """Give the streets that an address may mean."""
        return _fitting(self._streets, address)


def _enter(
    book: dict[frozenset[str], list[str]], names: Iterable[frozenset[str]], place: str
) -> None:
    for words in set(names):
        book.setdefault(words, []).append(place)


def _fitting(book: Mapping[frozenset[str], list[str]], address: str) -> list[str]:
    given = _stems(address)
    found = [words for words in book if words <= given]
    return book[max(found, key=len)] if found else []


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
