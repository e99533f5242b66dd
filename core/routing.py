"""Who does the work: an ordered table of category × territory × owner × time × severity, and why.

Rows are found by their category and their territory, so that a day's cases of a region are routed
in the time of a few.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.calendar import Days
from core.category import category, group_of
from core.registry import Executor, Place
from core.route import DayKind, Route, Trouble, unfit, untimely
from core.text import Text, filled

# Takes what no row of the table covers, so that a case never hangs with nobody.
DUTY_SERVICE = Executor(
    id="duty-service", name={"ru": "Дежурная служба", "en": "Duty service"}, place=""
)


@dataclass(frozen=True, slots=True)
class Routing:
    """row: number of the row that matched, from 1; None where none did."""

    executor: Executor
    reason: Text
    row: int | None = None


class RoutingTable:
    """rows: in their order, the first match wins. working: the calendar that knows days off."""

    def __init__(
        self,
        rows: Sequence[Route],
        executors: Mapping[str, Executor],
        places: Mapping[str, Place],
        working: Days,
    ) -> None:
        self.rows = rows
        self._executors = executors
        self._places = places
        self._working = working
        self._index: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for index, row in enumerate(rows):
            if row.executor in executors:
                self._index[row.category, row.place].append(index)

    def route(self, trouble: Trouble) -> Routing:
        """Find the executor: the first row that matches, else the duty service, and say so."""
        index = self.match(trouble)
        if index is None:
            return Routing(DUTY_SERVICE, _nobody(trouble.code))
        executor = self._executors[self.rows[index].executor]
        return Routing(executor, self._reason(index, executor, trouble.code), index + 1)

    def match(self, trouble: Trouble) -> int | None:
        """Give the first row that matches, from 0; None where none does."""
        within = ["", *trouble.place_path.rstrip("/").split("/")]
        categories = ("", f"{group_of(trouble.code)}.", trouble.code)
        near = [
            index
            for category in categories
            for place in within
            for index in self._index.get((category, place), ())
        ]
        for index in sorted(near):
            row = self.rows[index]
            if not unfit(row, trouble) and not untimely(row, trouble.at, self._working):
                return index
        return None

    def against(self, trouble: Trouble) -> Iterator[list[str]]:
        """Give for each row the columns that speak against the trouble; none: it fits."""
        for row in self.rows:
            yield [*unfit(row, trouble), *untimely(row, trouble.at, self._working)]

    def executor_at(self, index: int | None) -> Executor:
        """Give the executor of a row, from 0; the duty service for None."""
        return DUTY_SERVICE if index is None else self._executors[self.rows[index].executor]

    def _reason(self, index: int, executor: Executor, code: str) -> Text:
        first = filled(
            {
                "ru": "{executor}: строка {number} таблицы маршрутов",
                "en": "{executor}: row {number} of the routing table",
            },
            executor=executor.name,
            number=index + 1,
        )
        parts = [first, *in_words(self.rows[index], self._places, code)]
        return {language: ", ".join(part[language] for part in parts) for language in ("ru", "en")}


def in_words(row: Route, places: Mapping[str, Place], code: str) -> Iterator[Text]:
    """Say what a row asks for. code: of a category that it covers."""
    if row.category:
        known = category(code)
        name = known.group_name if row.category.endswith(".") else known.name
        yield filled({"ru": "вид «{name}»", "en": "category “{name}”"}, name=name)
    if row.place:
        name = places[row.place].name if row.place in places else {"en": row.place}
        yield filled({"ru": "территория «{name}»", "en": "territory “{name}”"}, name=name)
    if row.owner:
        yield filled({"ru": "владелец {name}", "en": "owner {name}"}, name=row.owner)
    if row.severity:
        yield filled(
            {"ru": "тяжесть «{name}» и выше", "en": "severity {name} or worse"},
            name=SEVERITIES[row.severity],
        )
    if row.days:
        yield DAYS[row.days]
    if row.hours:
        yield filled({"ru": "с {since} до {until}", "en": "from {since} to {until}"},
                     since=row.hours[:5], until=row.hours[6:])  # fmt: skip


SEVERITIES: Mapping[str, Text] = {
    "low": {"ru": "низкая", "en": "low"},
    "medium": {"ru": "средняя", "en": "medium"},
    "high": {"ru": "высокая", "en": "high"},
    "critical": {"ru": "критическая", "en": "critical"},
}
DAYS: Mapping[DayKind, Text] = {
    DayKind.WORKING: {"ru": "по рабочим дням", "en": "on working days"},
    DayKind.OFF: {"ru": "по выходным и праздникам", "en": "on days off"},
}


def _nobody(code: str) -> Text:
    return filled(
        {
            "ru": "{executor}: в таблице маршрутов нет строки для «{name}» в этом месте",
            "en": "{executor}: the routing table has no row for “{name}” at this place",
        },
        executor=DUTY_SERVICE.name,
        name=category(code).name,
    )
