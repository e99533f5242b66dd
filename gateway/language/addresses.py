"""Streets, houses and settlements that a message names, as people write them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from gateway.language.gazetteer import (
    DESCRIBING,
    KINDS,
    NO_NAMES,
    WHOLE,
    Entry,
    Found,
    Gazetteer,
    bare_name,
)
from gateway.language.words import LONGEST, Word, words_of

# What may stand after a number: then it counts, and is no address.
COUNTED = (
    r"(?:лет|год|г\.|дн|день|дня|час|мин|сек|мес|недел|сут|раз|метр|м\b|см\b|км\b|м2|кв\.?\s?м|гр|"
    r"°|º|˚|•|%|руб|тыс|фонар|ламп|столб|опор|окн|двер|лифт|лест|этаж(?:а|ей|н)|подъезд(?:а|ов|н)|квартир(?:ы|н)?\b|дом(?:ов|а)?\b|"
    r"человек|чел\b|жил|дерев|контейн|машин|авто|штук|шт\b|полос|сторон|светильн|батаре|балкон|"
    r"комнат|собак|ям\b|ямы|бак|люк|маршрут|числа|января|феврал|март|апрел|мая\b|июн|июл|август|"
    r"сентябр|октябр|ноябр|декабр|yea|day|hour|min|week|month|feet|ft\b|foot|mile|block|"
    r"light|lamp|tree|car|people|am\b|pm\b|percent|times)"
)
LETTER = r"[а-зик-шэюa-z](?![^\W\d_])"
NUMBER = rf"\d{{1,4}}(?:{LETTER})?"
# 12, 12а, 15/1, 7-7а, 34 б, 5 «А»; not 3-я, 20.35, 05.03.21, 2020-х.
HOUSE = (
    rf"(?<!\d)(?<!\d[.,/:-])(?P<house>{NUMBER}(?:\s?[/-]\s?{NUMBER})?"
    r"(?:\s?[«\"“'][А-ЯЁа-яёA-Za-z][»\"”']|\s(?:[бвгдежзл]|[АБВГДЕЖ])(?=\s*(?:[,;)!?]|$|\.(?!\s?[А-ЯЁ]))))?)"
    r"(?!\d|[.:]\d|[/-]\d|-?(?:ая|ый|ой|ий|го|ого|му|ому|ым|ом|ую|ти|летн|х)\b|(?<=\d)[йя]\b)"
)
DOM = r"(?:д(?:ом(?:а|у|е|ом|ов|ами|ам|ах)?)?|house|bldg|building)(?![^\W\d_])\.?"
SIGN = r"(?:№|#|N|номер|no\.?|number)"
NEAR = r"(?:в районе|в р-не|около|возле|напротив|за|у|от|с|рядом с|между|во дворе|перед|вдоль|near)"
UNCOUNTED = rf"(?!\s?-?\s?{COUNTED})"
AFTER_NAME = re.compile(
    rf"[\s,]*(?:\(?\s*{NEAR}\s+)?(?P<dom>{DOM}\s*)?(?:{SIGN}\s*)?{HOUSE}{UNCOUNTED}", re.IGNORECASE
)
AFTER_POINT = re.compile(rf"\.\s*(?P<dom>{DOM}\s*)?(?:{SIGN}\s*)?{HOUSE}{UNCOUNTED}", re.IGNORECASE)
SAID = re.compile(
    rf"(?<!\w){DOM}\s*(?:по адресу:?\s*)?(?:{SIGN}\s*)?{HOUSE}{UNCOUNTED}", re.IGNORECASE
)
SAID_BEFORE = re.compile(
    rf"(?<!\w)(?:около|возле|напротив|у|от|с|в|во|за|дворе|районе|перед)\s+(?:{SIGN}\s*)?{HOUSE}"
    r"(?:-?(?:го|м|ом|ого|й|ый|ой))?\s+дом(?:а|у|е|ом)?\b",
    re.IGNORECASE,
)
BEFORE_NAME = re.compile(rf"{HOUSE}[\s,]+$", re.IGNORECASE)
PART = re.compile(
    r"[\s,.(]*(?:к(?:ор(?:п(?:ус[ае]?)?)?)?\b\.?|стр(?:оен(?:ие|ия|ии))?\b\.?|"
    r"лит(?:ер(?:а|ы|е)?)?\b\.?|building|bldg\.?|block|wing)\s*(?:№|#)?\s*"
    r"[«\"“']?(?P<part>\d{1,3}[а-яё]?(?!\w)|[А-ЯЁA-Z](?!\w))",
    re.IGNORECASE,
)
TOWARDS = re.compile(
    r"(?:в сторону|в направлении|по направлению к|towards?)[\w\s.-]{0,12}$", re.IGNORECASE
)
UP_TO_NAME = re.compile(r"[\s,]*(?:(?:по|на|on|of)\s+)?[\w-]{0,10}[.\s]*")
IN_REGION = re.compile(
    r"(?P<name>[А-ЯЁ][а-яё]+),?\s+[А-ЯЁ][а-яё]+(?:ской|ской|цкой|ского|цкого)\s+(?:обл|р-н|район)"
)
SENTENCE = re.compile(r"[.!?;\n]")
SETTLEMENT_KIND = re.compile(
    r"(?<![\w.-])(?<!\d\s)(?i:(?:город[аеу]?|сел[оае]|деревн[яеию]|пос[её]л(?:ок|ка|ке|ку)|"
    r"хутор[аеу]?|станиц[аеы]|town of|city of|village of)\s+|"
    r"(?:г|с|д|п|х|пос|пгт|дер|ст|рп|мкр)\.\s*|"
    r"(?:пгт|пос|п|г|рп)\s+)"
    r"(?P<name>[А-ЯЁA-Z][а-яёa-z]+(?:-[А-ЯЁа-яё]+)*"
    r"(?:(?<=ое|ом|ой|ая|яя|ей|ем|ый|ий|ые|их|ых|ую)\s[А-ЯЁ][а-яё]+\b(?<!ого)(?<!кой))?)\b"
    r"(?<!Губернатор)(?<!Губернатора)(?<!Прошу)(?<!Просьба)",
)
ADJECTIVE = re.compile(
    r"(?:ая|яя|ой|ей|ую|юю|ый|ий|ого|его|ому|ем|ом|ое|ее|ые|ых|их)$", re.IGNORECASE
)
MASCULINE = re.compile(r"(?:ий|ый|ого|ому)$", re.IGNORECASE)
FEMININE = re.compile(r"^\w+(?:ая|яя)\b", re.IGNORECASE)
ON_STREET = frozenset(
    (
        "на",
        "по",
        "с",
        "от",
        "до",
        "вдоль",
        "возле",
        "около",
        "у",
        "on",
        "at",
        "along",
        "from",
        "near",
    )
)
REGIONS = ("област", "район", "обл", "р-н", "трасс", "шосс", "county")


@dataclass(frozen=True, slots=True)
class Address:
    """What of an address a message says; empty where it does not."""

    settlement: str = ""
    street: str = ""
    house: str = ""
    building: str = ""


@dataclass(frozen=True, slots=True)
class _Mention:
    """A street in a message; house and part belong to it. spans: what they take of the text."""

    entry: Entry
    start: int
    house: str = ""
    building: str = ""
    house_at: int = -1


def find_address(text: str, gazetteer: Gazetteer) -> tuple[Address, frozenset[int]]:
    """Give the address, and where the numbers begin that are houses.

    Of several streets, the first with a house; of none with a house, the first.
    """
    text = text[:LONGEST]
    words = list(words_of(text))
    mentions = _streets(text, words, gazetteer)
    chosen = next((each for each in mentions if each.house), mentions[0] if mentions else None)
    said = _said_house(text, chosen.start if chosen else 0)
    houses = {each.house_at for each in mentions if each.house}
    address = Address(settlement=_settlement(text, words, gazetteer))
    if chosen is not None:
        address = replace(address, street=chosen.entry.street)
    if chosen is not None and chosen.house:
        address = replace(address, house=chosen.house, building=chosen.building)
    elif said is not None:
        houses.add(said.start("house"))
        house, building = _plain(said["house"]), _part(text, said.end())
        address = replace(address, house=house, building=building)
    return address, frozenset(houses)


def _streets(text: str, words: Sequence[Word], gazetteer: Gazetteer) -> list[_Mention]:
    found = []
    position = 0
    while position < len(words):
        hit = _street_at(text, words, position, gazetteer)
        if hit is None:
            position += 1
            continue
        found.append(_mention(text, words, hit))
        position = hit.last
    return found


def _street_at(text: str, words: Sequence[Word], start: int, gazetteer: Gazetteer) -> Found | None:
    """Give the street that is named here, if what stands around says that it is one."""
    has_kind = bool(_kind_before(text, words, start))
    hit = gazetteer.streets(words, start)
    if hit is None:
        may_be_name = words[start].text.lower() not in KINDS and words[start].key not in NO_NAMES
        return gazetteer.misspelt(words, start) if has_kind and may_be_name else None
    if _is_other_gender(words[start].text, hit):
        return None
    return hit if _is_named(text, words, hit, has_kind) else None


def _is_named(text: str, words: Sequence[Word], hit: Found, has_kind: bool) -> bool:
    """Tell whether words that are some street's name mean the street here."""
    first = words[hit.first]
    house = AFTER_NAME.match(text, words[hit.last - 1].end)
    if house is None and TOWARDS.search(text, max(0, first.start - 30), first.start):
        return False
    if has_kind:
        return True
    if _kind_after(text, words, hit.last):
        return not (first.text.islower() and first.key in DESCRIBING)
    if first.text.lower() in KINDS:
        return False
    return (
        (house is not None and bool(house["dom"] or _is_bare_house(text, words, hit, house)))
        or _number_before(text, first) is not None
        or _is_long_name(words, hit)
        or _stands_alone(text, words, hit)
    )


def _is_long_name(words: Sequence[Word], hit: Found) -> bool:
    """Tell whether it is a name of several words, with a capital: 50 лет Октября."""
    named = [word for word in words[hit.first : hit.last] if not word.is_number]
    return hit.last - hit.first > 1 and any(word.is_capital for word in named)


def _is_other_gender(written: str, hit: Found) -> bool:
    """Tell whether Московский stands there, and all that is known is Московская."""
    return bool(MASCULINE.search(written)) and all(
        FEMININE.search(entry.street) for entry in hit.entries
    )


def _is_bare_house(text: str, words: Sequence[Word], hit: Found, after: re.Match[str]) -> bool:
    """Tell whether a number right behind a name makes it an address: Ленина 97."""
    between = text[words[hit.last - 1].end : after.start("house")]
    return not between.strip(" ,№#N") and "\n" not in between


def _number_before(text: str, word: Word) -> re.Match[str] | None:
    """Give the number of an English address: 35 High."""
    if not word.text.isascii():
        return None
    return BEFORE_NAME.search(text, max(0, word.start - 12), word.start)


def _stands_alone(text: str, words: Sequence[Word], hit: Found) -> bool:
    """Tell whether a capital name after "on" is a street: на Кулакова, but not на Курской земле."""
    word, before = words[hit.first], words[hit.first - 1]
    if hit.first == 0 or not word.is_capital or before.text.lower() not in ON_STREET:
        return False
    is_adjective = ADJECTIVE.search(word.text) is not None
    is_last = hit.last >= len(words) or not (
        text[words[hit.last - 1].end : words[hit.last].start].isspace()
    )
    return text[before.end : word.start].isspace() and (is_last or not is_adjective)


def _kind_before(text: str, words: Sequence[Word], start: int) -> str:
    """Give the kind of street that stands before a name."""
    if start == 0:
        return ""
    word = words[start - 1]
    kind = KINDS.get(word.text.lower(), "")
    gap = text[word.end : words[start].start]
    if not kind and len(word.text) >= 5 and OSA.distance(word.key, "улиц", score_cutoff=1) <= 1:
        kind = "улица"  # клице
    allowed = " :«\"'“" if word.text.lower() in WHOLE else " .:«\"'“"
    return kind if len(gap) <= 4 and not gap.strip(allowed) else ""


def _kind_after(text: str, words: Sequence[Word], last: int) -> str:
    """Give the kind of street that stands behind a name."""
    if last >= len(words):
        return ""
    gap = text[words[last - 1].end : words[last].start]
    form = words[last].text.lower()
    if gap.strip("»\"'” ") or form == "у":
        return ""
    return KINDS.get(form, "")


def _mention(text: str, words: Sequence[Word], hit: Found) -> _Mention:
    first, last = words[hit.first], words[hit.last - 1]
    kind = _kind_before(text, words, hit.first) or _kind_after(text, words, hit.last)
    if _kind_after(text, words, hit.last):
        last = words[hit.last]
    entry = _closest(hit, text[first.start : words[hit.last - 1].end], kind, text)
    after = AFTER_NAME.match(text, last.end) or AFTER_POINT.match(text, last.end)
    before = _number_before(text, first)
    house = before or after or _house_of(text, first.start)
    if house is None:
        return _Mention(entry, first.start)
    building = _part(text, last.end if house is before else house.end())
    return _Mention(entry, first.start, _plain(house["house"]), building, house.start("house"))


def _house_of(text: str, street: int) -> re.Match[str] | None:
    """Give the house that stands before its street: дом 5 по ул. Ленина."""
    for match in SAID.finditer(text, max(0, street - 40), street):
        part = PART.match(text, match.end())
        if UP_TO_NAME.fullmatch(text, part.end() if part else match.end(), street):
            return match
    return None


def _closest(hit: Found, written: str, kind: str, text: str) -> Entry:
    """Give of names that sound the same the one that is written most like this."""
    lower = text.lower()

    def unlikeness(entry: Entry) -> tuple[bool, bool, int]:
        elsewhere = bool(entry.settlement) and entry.settlement.lower()[:4] not in lower
        other = bool(kind and entry.kind) and entry.kind != kind
        return other, elsewhere, OSA.distance(bare_name(entry.street).lower(), written.lower())

    return min(hit.entries, key=unlikeness)


def _said_house(text: str, near: int) -> re.Match[str] | None:
    """Give the "house 5" of a message that is nearest to a position."""
    found = [*SAID.finditer(text), *SAID_BEFORE.finditer(text)]
    return min(found, key=lambda match: abs(match.start() - near)) if found else None


def _part(text: str, position: int) -> str:
    match = PART.match(text, position)
    return match["part"] if match else ""


def _plain(house: str) -> str:
    """Give a number of a house without blanks and quotes: 34б, 15/1."""
    return re.sub(r"[\s«»\"“”']", "", house)


def _settlement(text: str, words: Sequence[Word], gazetteer: Gazetteer) -> str:
    for position, word in enumerate(words):
        known = gazetteer.settlement(words, position)
        if known is None or not word.is_capital:
            continue
        last, name = known
        follows = words[last].text.lower() if last < len(words) else ""
        if not (ADJECTIVE.search(word.text) and follows.startswith(REGIONS)):
            return name
    match = SETTLEMENT_KIND.search(text) or IN_REGION.search(text)
    return match["name"] if match else ""
