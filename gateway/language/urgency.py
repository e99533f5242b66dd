"""What cannot wait, in Russian and English: gas, fire, people shut in, a child in the cold."""

import re

from core.urgency import Urgency
from gateway.language.words import LONGEST

_NEAR = r"(?:\W+\w+){0,4}?\W+"  # at most four words between
_CHILD = (
    r"(?:ребен\w+|дет(?:и|ей|ьми|ям|ях)\b|малыш\w*|младен\w+|"
    r"baby|babies|child\w*|infant\w*|kids?\b)"
)
_COLD = (
    r"(?:нет (?:отоплени|тепл)\w+|без (?:отоплени|тепл)\w+|отопление (?:не |отключ)\w*|"
    r"(?:батаре\w+|радиатор\w*)\W+(?:\w+\W+){0,2}?холодн\w+|холодн\w+ (?:батаре|радиатор)\w+|"
    r"мерзн\w+|замерза\w+|не топят|no heat\w*|without heat\w*|heating is off|freezing)"
)
# Most who write of a fire fear one: only what says that something burns counts.
PATTERNS = {
    Urgency.GAS: re.compile(
        rf"(?:пахнет|запах\w*|воняет|несет|тянет|чувству\w+){_NEAR}?газ(?:ом|а)\b|"
        rf"\bгаз\w* (?:пахнет|воняет)|утечк\w+{_NEAR}?газа|"
        rf"smell\w*{_NEAR}?gas\b|gas\W+(?:\w+\W+)?(?:leak\w*|smell\w*)|leak\w*{_NEAR}?gas\b",
        re.IGNORECASE,
    ),
    Urgency.FIRE: re.compile(
        r"\bпожар (?:в|на) (?:дом|подвал|квартир|крыш|подъезд|чердак|балкон)\w*|^\W*пожар\b|"
        r"(?:начал\w+|идет|случил\w+|произош\w+|вспыхнул\w*|сейчас|у нас) пожар\b|"
        r"(?<!не )\b(?:загорел(?:ся|ась|ось|ись)|дымится|"
        r"горит (?:дом|квартир|подвал|мусор|машин|щит|провод|балкон|крыш|трав)\w*|"
        r"(?:дом|квартир\w+|подвал|щиток|проводка|балкон|крыша) горит)\b|"
        r"\b(?:is|are|on|caught|catches) fire\b|\bthere(?: i|'|’)s (?:a )?fire\b|"
        r"(?:house|flat|basement|car|rubbish|trash|bins?|wires?|roof|grass) (?:is|are) burning",
        re.IGNORECASE,
    ),
    Urgency.TRAPPED: re.compile(
        r"\bзастрял\w*|\bзаперт(?:ы|а|о)?\b|не (?:могут|может|можем|могу) выйти|"
        r"\bзажал[оа]?\b|"
        r"\btrapped\b|\bstuck (?:in|inside)\b|\blocked in\b|can(?:no|')t get out",
        re.IGNORECASE,
    ),
    Urgency.COLD_CHILD: re.compile(
        rf"{_COLD}[^.!?]{{0,120}}{_CHILD}|{_CHILD}[^.!?]{{0,120}}{_COLD}", re.IGNORECASE
    ),
}
NOT_SO = re.compile(r"(?:не|нет|без|no|not|never)\s+(?:\w+\s+)?$", re.IGNORECASE)  # right before
CARS = re.compile(r"машин|авто|снег|грязи|сугроб|\bcar\b|snow|mud|traffic", re.IGNORECASE)


def urgencies(text: str) -> list[Urgency]:
    """Give what cannot wait, in the order of the kinds."""
    text = text[:LONGEST].replace("ё", "е")
    return [kind for kind, pattern in PATTERNS.items() if _says(kind, pattern, text)]


def _says(kind: Urgency, pattern: re.Pattern[str], text: str) -> bool:
    return any(
        not NOT_SO.search(text, max(0, match.start() - 20), match.start())
        and not (kind is Urgency.TRAPPED and _is_of_cars(text, match))
        for match in pattern.finditer(text)
    )


def _is_of_cars(text: str, match: re.Match[str]) -> bool:
    """Tell whether it is a car in the snow that is stuck."""
    return CARS.search(text, max(0, match.start() - 40), match.end() + 40) is not None
