"""The figures of how well troubles are dealt with, as a table for a spreadsheet."""

from collections.abc import Iterator

from core.text import in_language
from gateway.api.service_models import ServiceFiguresOut

HEADINGS = {
    "en": [
        "Name", "Opened", "Closed", "Open at the end", "Overdue at the end", "In time, %",
        "Median hours", "Reopened, %", "Appeals", "Joined", "Fixed", "Not fixed",
    ],
    "ru": [
        "Название", "Открыто", "Закрыто", "Открыто на конец", "Просрочено на конец", "В срок, %",
        "Часов, медиана", "Возвращено, %", "Обращений", "Присоединено", "Исправлено",
        "Не исправлено",
    ],
}  # fmt: skip


def headings(figures: ServiceFiguresOut, language: str) -> list[str]:
    clocks = [in_language(label, language) for label in figures.clocks.values()]
    return HEADINGS[language] + clocks


def rows(figures: ServiceFiguresOut, language: str) -> Iterator[list[str]]:
    """Give a row a line; an empty cell where nothing was closed."""
    for line in figures.lines:
        counts = (line.opened, line.closed, line.open_at_end, line.overdue_at_end)
        yield [
            in_language(line.name, language),
            *map(str, counts),
            _percent(line.on_time),
            "" if line.hours is None else f"{line.hours:.1f}",
            _percent(line.reopened),
            *map(str, (line.appeals, line.joined, line.fixed, line.not_fixed)),
            *(str(line.breaches.get(clock, 0)) for clock in figures.clocks),
        ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}"
