"""The figures of alarms as a sheet: each with its target and limit, then what came most often."""

from collections.abc import Iterator
from typing import Literal

from core.text import Text, in_language
from gateway.api.alarm_figure_models import AlarmFigures, FigureOut

Language = Literal["en", "ru"]

COLUMNS = {
    "figure": "показатель",
    "value": "значение",
    "unit": "единица",
    "target": "цель",
    "limit": "предел",
    "verdict": "оценка",
}
NAMES: dict[str, Text] = {
    "per_10_minutes": {"en": "alarms in 10 minutes, mean", "ru": "тревог за 10 минут, в среднем"},
    "per_hour": {"en": "alarms an hour", "ru": "тревог в час"},
    "per_day": {"en": "alarms a day", "ru": "тревог в сутки"},
    "busy_share": {
        "en": "share of 10-minute periods with more than 10",
        "ru": "доля 10-минуток, в которых больше 10",
    },
    "flood_share": {"en": "share of time in flood", "ru": "доля времени в потоке тревог"},
    "floods": {"en": "floods", "ru": "потоков тревог"},
    "frequent_share": {"en": "share of the ten most frequent", "ru": "доля десяти самых частых"},
    "chattering": {"en": "chattering alarms", "ru": "дребезжащих тревог"},
    "fleeting": {"en": "fleeting alarms", "ru": "мимолётных тревог"},
    "stale": {
        "en": "active longer than 24 hours, most on any day",
        "ru": "активных дольше суток, больше всего за день",
    },
    "low_share": {"en": "share of low severity", "ru": "доля низкой важности"},
    "medium_share": {"en": "share of medium severity", "ru": "доля средней важности"},
    "high_share": {"en": "share of high severity", "ru": "доля высокой важности"},
    "critical_share": {"en": "share of critical severity", "ru": "доля критической важности"},
}
VERDICTS: dict[str, Text] = {
    "good": {"en": "good", "ru": "хорошо"},
    "over_target": {"en": "misses its target", "ru": "цель не достигнута"},
    "over_limit": {"en": "beyond its limit", "ru": "за пределом"},
    "none": {"en": "", "ru": ""},
}
FREQUENT: Text = {"en": "most frequent", "ru": "самая частая"}


def headings(language: Language) -> list[str]:
    """Give the line of headings."""
    return list(COLUMNS.values() if language == "ru" else COLUMNS)


def rows(shown: AlarmFigures, language: Language) -> Iterator[list[str]]:
    """Give a row for each figure, and one for each of the most frequent conditions."""
    for figure in shown.figures:
        yield _row(figure, language)
    for each in shown.frequent:
        name = f"{in_language(FREQUENT, language)}: {in_language(each.name, language)}"
        yield [f"{name} ({each.device})", str(each.count), "1", "", "", ""]


def _row(figure: FigureOut, language: Language) -> list[str]:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.4g}"

    return [
        in_language(NAMES[figure.name], language),
        number(figure.value),
        figure.unit,
        number(figure.target),
        number(figure.limit),
        in_language(VERDICTS[figure.verdict], language),
    ]
