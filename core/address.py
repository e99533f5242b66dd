"""Finds a house by an address as people write it: "ул. Лесная, 5", "Lesnaya street 5"."""

import re
from collections import Counter
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
        houses: dict[frozenset[str], list[str]] = {}
        streets: dict[frozenset[str], list[str]] = {}
        for place in by_id.values():
            if place.kind is PlaceKind.BUILDING:
                street = by_id.get(place.parent or "")
                _enter(houses, _words(place, street), place.id)
            elif place.kind is PlaceKind.STREET:
                _enter(streets, _words(place, None), place.id)
        self._houses, self._streets = _Book(houses), _Book(streets)

    def find(self, address: str) -> str | None:
        """Give the house, else the street, all of whose words are in the address."""
        found = self.houses(address) or self.streets(address)
        return found[-1] if found else None

    def houses(self, address: str) -> list[str]:
        """Give the houses that an address may mean: several where streets share a name."""
        return self._houses.fitting(address)

    def streets(self, address: str) -> list[str]:
        """Give the streets that an address may mean."""
        return self._streets.fitting(address)


class _Book:
    """Names by their words, each found by the word of it that the fewest names have."""

    def __init__(self, places: Mapping[frozenset[str], list[str]]) -> None:
        self._places = places
        common = Counter(word for words in places for word in words)
        self._by_rarest: dict[str, list[frozenset[str]]] = {}
        for words in places:
            rarest = min(words, key=lambda word: (common[word], word))
            self._by_rarest.setdefault(rarest, []).append(words)

    def fitting(self, address: str) -> list[str]:
        """Give the places of the longest name all of whose words are in the address."""
        given = _stems(address)
        found = [
            words
            for word in sorted(given)
            for words in self._by_rarest.get(word, ())
            if words <= given
        ]
        return self._places[max(found, key=len)] if found else []


def _enter(
    book: dict[frozenset[str], list[str]], names: Iterable[frozenset[str]], place: str
) -> None:
    for words in set(names):
        book.setdefault(words, []).append(place)


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
