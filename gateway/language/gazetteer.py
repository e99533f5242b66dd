"""Streets and settlements of a territory, found in a message by any form of their names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from gateway.language.words import Word, keys_of, words_of

# Kinds of streets, each with the forms in which people write it.
KINDS = {
    form: forms.split()[0]
    for forms in (
        "улица ул улицу улице улицы улиц улицам улицах улицей у",
        "проспект пр просп пр-т п-т пр-кт пркт проспекта проспекте проспекту проспектом",
        "переулок пер пер-к переулка переулке переулку переулком",
        "проезд пр-д пр-зд проезда проезде проезду проездом",
        "бульвар бул б-р бульвара бульваре бульвару",
        "площадь пл пл-дь площади",
        "шоссе ш",
        "тупик тупика тупике туп",
        "аллея аллеи аллее ал",
        "набережная наб наб-я",
        "микрорайон мкр мкр-н м-н микрорайона микрорайоне мкрн",
        "тракт тракта тракту тракте",
        "street st str",
        "avenue ave av",
        "road rd",
        "lane ln",
        "drive dr",
        "boulevard blvd",
        "square sq",
        "court ct",
        "place pl",
        "terrace ter",
        "parkway pkwy",
        "highway hwy",
        "way",
    )
    for form in forms.split()
}
# The same letters mean something else where no name follows.
WHOLE = frozenset(form for form in KINDS if len(form) > 3)
NAMES_TOO = frozenset({"набережная", "аллея", "тракт"})  # streets that have no other name
NUMBERED = frozenset({"микрорайон", "мкр", "квартал", "лини", "line"})
# No street is called so; a list that was gathered by machine may say that one is.
NO_NAMES = frozenset(
    keys_of(
        "без в во все весь вся где да для до дом его ее если есть еще за здесь из или их как "
        "когда кроме который ли мне мы на надо нам нас наш не нет неужели ни но о об обращение "
        "обращаться обращался они оно он она от очень по под после почему при просьба прошу просим "
        "с со спасибо сейчас так также там теперь то тоже только требования тут у уже хочется "
        "хотелось что чтобы эта эти это этот я люди жители мусор вопрос ездить живём неоднократно "
        "добрый день лет год дом the a an and at in is it no of on or there this to we you our with"
    )
)
# Before "street" these words may be no name: на центральной улице.
DESCRIBING = frozenset(keys_of("центральная новая старая широкая тихая нижняя верхняя красивая"))
SHORTEST_FUZZY, LONG = 4, 8  # letters, but for the ending, that may have one typo, and two
SHORTEST_SMALL = 6  # so many where the name has no capital
MOST_WORDS = 6  # of a name


@dataclass(frozen=True, slots=True)
class Entry:
    settlement: str
    street: str

    @property
    def kind(self) -> str:
        """Give улица of "ул. Ленина", and nothing of "Ленина"."""
        found = (KINDS.get(word.text.lower()) for word in words_of(self.street))
        return next((kind for kind in found if kind), "")


@dataclass(frozen=True, slots=True)
class Found:
    """Streets that words[first:last] may name."""

    first: int
    last: int
    entries: tuple[Entry, ...]


class Gazetteer:
    """An index of names by their first word."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._names: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
        self._spelt: dict[str, list[Entry]] = {}
        self._settlements: dict[tuple[str, ...], str] = {}
        kept = {entry for entry in entries if entry.street.strip() or entry.settlement.strip()}
        for entry in sorted(kept, key=lambda entry: (entry.street, entry.settlement)):
            for keys in _variants(entry.street):
                self._names[keys].append(entry)
            self._spelt.setdefault(_uncased(bare_name(entry.street)), []).append(entry)
            if settlement := keys_of(entry.settlement):
                self._settlements.setdefault(settlement, entry.settlement.strip())
        self._settled = frozenset(keys[0] for keys in self._settlements)
        self._first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for keys in sorted(self._names, key=len, reverse=True):
            self._first[keys[0]].append(keys)
        self._alike = lru_cache(maxsize=10_000)(self._nearest)

    def streets(self, words: Sequence[Word], start: int) -> Found | None:
        """Give the street whose name begins at a word: the longest."""
        for keys in self._first.get(words[start].key, ()):
            last = start + len(keys)
            if tuple(word.key for word in words[start:last]) == keys:
                return Found(start, last, tuple(self._names[keys]))
        return None

    def misspelt(self, words: Sequence[Word], start: int) -> Found | None:
        """Give the street that is meant where its name has a typo."""
        for length in (2, 1):
            part = words[start : start + length]
            typed = _uncased(" ".join(word.text for word in part))
            if len(part) < length or not (part[0].is_capital or len(typed) >= SHORTEST_SMALL):
                continue
            if entries := self._alike(typed):
                return Found(start, start + length, entries)
        return None

    def settlement(self, words: Sequence[Word], start: int) -> tuple[int, str] | None:
        """Give the settlement whose name begins at a word, and where the name ends."""
        if words[start].key not in self._settled:
            return None
        for length in range(min(MOST_WORDS, len(words) - start), 0, -1):
            keys = tuple(word.key for word in words[start : start + length])
            if keys in self._settlements:
                return start + length, self._settlements[keys]
        return None

    def _nearest(self, typed: str) -> tuple[Entry, ...]:
        allowed = (len(typed) >= SHORTEST_FUZZY) + (len(typed) >= LONG)
        if not allowed:
            return ()
        found = process.extractOne(
            typed, self._spelt.keys(), scorer=OSA.distance, score_cutoff=allowed
        )
        if found is None or found[0][0] != typed[0]:
            return ()
        return tuple(self._spelt[found[0]])


def bare_name(street: str) -> str:
    """Give a street's name without its kind."""
    words = [word.text for word in words_of(street)]
    return " ".join(word for word in words if word.lower() not in KINDS) or street


def _uncased(name: str) -> str:
    """Cut what changes with the case: Лесная, Лесной."""
    name = name.lower().replace("ё", "е")
    return name[:-2] if len(name) > SHORTEST_FUZZY else name


def _variants(street: str) -> Iterator[tuple[str, ...]]:
    """Give the ways in which a street's name may be written, as keys."""
    words = list(words_of(street))[:MOST_WORDS]
    named = [word for word in words if word.text.lower() not in KINDS]
    named = named or [word for word in words if word.text.lower() in NAMES_TOO]
    keys = tuple(word.key for word in named)
    if not keys or (len(keys) == 1 and (keys[0] in NO_NAMES or len(keys[0]) < 2)):
        return
    if len(keys) == 1 and keys[0].isdigit() and len(words) == 1:
        return
    if len(keys) > 1 and keys[-1].isdigit() and keys[0] not in NUMBERED:
        keys, named = keys[:-1], named[:-1]  # "Ленина 97": a house in a list of streets
        if keys[0] in NO_NAMES:
            return
    yield keys
    first = keys[0]
    if len(keys) > 1 and first.rstrip("°").isdigit():
        number = first.rstrip("°")
        yield from {(number, *keys[1:]), (number + "°", *keys[1:])} - {keys}
        yield (*keys[1:], number + "°")
    elif len(keys) > 1 and keys[-1].endswith("°"):
        yield from {(keys[-1], *keys[:-1]), (keys[-1][:-1], *keys[:-1])}
    elif len(keys) > 1 and all(word.is_capital for word in named):
        # Карла Маркса is also К. Маркса.
        yield (*(word.text[0].lower() + "." for word in named[:-1]), keys[-1])
