"""Entrance, floor and flat that a message names: "3 подъезд", "на пятом этаже", "кв. 12"."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from gateway.language.addresses import COUNTED
from gateway.language.words import LONGEST

ENTRANCE, FLOOR, FLAT = "entrance", "floor", "flat"
ORDINALS = {
    **{
        root: number
        for number, roots in enumerate(
            (
                "перв first", "втор second", "трет third", "четверт четвёрт fourth", "пят fifth",
                "шест sixth", "седьм seventh", "восьм eighth", "девят ninth", "десят tenth",
                "одиннадцат eleventh", "двенадцат twelfth",
            ),
            1,
        )
        for root in roots.split()
    },
    "ground": 1,
}  # fmt: skip
_ROOTS = "|".join(sorted(ORDINALS, key=len, reverse=True))
SPELT = (
    rf"(?:{_ROOTS})(?:ый|ой|ий|ого|его|ьего|ому|ьему|ом|ьем|ем|ым|ья|ая|ую|ью|ьей|ей|)(?![^\W\d_])"
)
ENDING = (
    r"(?:\s?-?\s?(?:ый|ой|ий|го|ого|му|ому|ом|ем|ым|ая|ую|ей|м|й|я|е|ю)(?![^\W\d_])|"
    r"st\b|nd\b|rd\b|th\b)"
)
NUMBER = r"\d{1,4}(?:[а-гa-d](?![^\W\d_]))?"
# Forms that count ("18 квартир") take no number before them; short ones have it behind.
KEYWORD = re.compile(
    r"(?<![^\W_])(?:"
    r"(?P<entrance>п[оa]д[ьъ]?е?[зс]д(?P<entrances>ов|ах|ами|ам)?(?:ы|а|е|у|ом|ным|ная)?|под(?=\.\s?(?:№\s?)?\d|\s\d{1,2}\W{1,3}(?:эт|кв))|entrance|entry|stairwell)|"
    r"(?P<floor>этаж(?P<floors>ей|ах|ами|ам)?(?:и|а|е|у|ом)?|эт(?=\.|\s?\d|\b)|fl(?:oor|\.)?|storey|story)|"
    r"(?P<flat>квартир(?P<flats>ах|ами|ам|)(?:а|ы|е|у|ой|ою)?|кв(?=\.|\s?(?:№\s?)?\d|\b)(?!\.?\s?(?:м\b|км\b|метр))|"
    r"flat|apartment|apt|unit|suite)"
    r")(?![^\W\d_])\.?",
    re.IGNORECASE,
)
BEFORE = re.compile(
    rf"(?<![\w.,:/-])(?:(?P<number>\d{{1,4}})(?P<ending>{ENDING})?|(?P<spelt>{SPELT}))"
    rf"(?:\s*(?:,|и|-|and)\s*(?P<second>\d{{1,4}}){ENDING}?)?\s+$|(?<![\w.,:/-])(?P<tight>\d{{1,4}})$",
    re.IGNORECASE,
)
AFTER = re.compile(
    rf"\s*(?P<sign>:|№|N\b|#|номер|no\.|-|number)?\s*(?:№\s*)?(?P<number>{NUMBER})"
    rf"(?!\d|[.:]\d|\s?-?\s?{COUNTED}|{ENDING}\s|\s?[сc]?[°º˚•])",
    re.IGNORECASE,
)
PREPOSITION = re.compile(
    r"(?:напротив|около|возле|у|из|от|до|с|в|во|на|над|под|перед|за|по|к|of|at|in|on|near|the)\s+$",
    re.IGNORECASE,
)
LOOK_BACK = 32  # characters before a keyword


@dataclass(frozen=True, slots=True)
class _Option:
    """A number that may belong to a keyword. worth: how likely it does."""

    at: int
    value: str
    worth: float


def find_rooms(text: str, houses: Container[int] = ()) -> dict[str, str]:
    """Give entrance, floor and flat, the first of each. houses: where numbers of houses begin.

    A number between two keywords belongs to one of them: "подъезд 2 этаж 3" and "2 подъезд
    3 этаж" are read in the way in which most keywords get a number.
    """
    text = text[:LONGEST]
    mentions = list(KEYWORD.finditer(text))[:60]
    options = [
        [option for option in _options(text, match) if option.at not in houses]
        for match in mentions
    ]
    found: dict[str, str] = {}
    for match, option in zip(mentions, _assigned(options), strict=True):
        if option is not None:
            found.setdefault(_kind(match), option.value)
    return found


_KINDS = (ENTRANCE, FLOOR, FLAT)


def _kind(match: re.Match[str]) -> str:
    return next(kind for kind in _KINDS if match[kind] is not None)


def _options(text: str, match: re.Match[str]) -> list[_Option]:
    form = match[0].lower().rstrip(".")
    is_short = len(form) <= 3
    is_plural = form == "квартир" or match["entrances"] is not None or match["floors"] is not None
    options = [] if is_plural else list(_before(text, match, form))
    after = AFTER.match(text, match.end())
    if after is not None:
        worth = 3.0 if is_short or after["sign"] else 2.0
        options.append(_Option(after.start("number"), after["number"], worth))
    return options


def _before(text: str, match: re.Match[str], form: str) -> Iterator[_Option]:
    start = max(0, match.start() - LOOK_BACK)
    before = BEFORE.search(text[start : match.start()])
    if before is None:
        return
    if before["spelt"] is not None:
        spelt = before["spelt"].lower()
        value = next(number for root, number in ORDINALS.items() if spelt.startswith(root))
        yield _Option(start + before.start("spelt"), str(value), 3.0)
        return
    number = before["number"] or before["tight"]
    at = start + before.start("number" if before["number"] else "tight")
    # "3 подъезда" are three, "у 3 подъезда" is one.
    is_count = form[-1] in "аы" and re.search(r"(?<!1)[234]$", number) is not None
    if is_count and not before["ending"] and not PREPOSITION.search(text, max(0, at - 12), at):
        return
    worth = 1.5 if before["tight"] or len(form) <= 3 else 2.1
    yield _Option(at, number, 3.0 if before["ending"] else worth)
    if before["second"]:
        yield _Option(start + before.start("second"), before["second"], worth - 0.5)


def _assigned(options: Sequence[Sequence[_Option]]) -> list[_Option | None]:
    """Choose a number for each keyword, none of them twice, with the most worth in all."""
    best: dict[int, tuple[float, list[_Option | None]]] = {-1: (0.0, [])}
    for choices in options:
        following: dict[int, tuple[float, list[_Option | None]]] = {}
        for taken, (worth, chosen) in best.items():
            for option in (None, *(choice for choice in choices if choice.at != taken)):
                total = worth + (option.worth if option else 0.0)
                last = option.at if option else taken
                if last not in following or following[last][0] < total:
                    following[last] = (total, [*chosen, option])
        best = following
    return max(best.values(), key=lambda each: each[0])[1]
