"""The routing table as a sheet: read whole or not at all, written so that it reads back alike."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.category import CATEGORIES, GROUPS
from core.errors import ConfigError
from core.registry import Executor
from core.route import DayKind, Route, wrong_in_routes
from core.routing import SEVERITIES, in_words
from core.text import Text, in_language
from gateway.registry.places import PlaceNode
from gateway.registry.snapshot import RegistrySnapshot
from gateway.sheets.columns import understood
from gateway.sheets.commissioning import Language
from gateway.sheets.faults import BrokenSheet, Faults
from gateway.sheets.names import named
from gateway.sheets.table_file import Row, parse_table

COLUMNS: Mapping[str, Sequence[str]] = {
    "category": ("вид", "категория"),
    "territory": ("территория",),
    "owner": ("владелец",),
    "days": ("дни",),
    "hours": ("часы",),
    "severity": ("тяжесть",),
    "executor": ("исполнитель",),
    "in words": ("словами",),  # for people alone
}
DAYS: Mapping[str, DayKind] = {
    "": DayKind.ANY,
    "working": DayKind.WORKING,
    "рабочие": DayKind.WORKING,
    "off": DayKind.OFF,
    "выходные": DayKind.OFF,
}
MOST_ROWS = 2000
HOURS = re.compile(r"(\d{1,2}):(\d\d) ?[-–—] ?(\d{1,2}):(\d\d)")


def read_routes(content: bytes, registry: RegistrySnapshot) -> list[Route]:
    """Give the rows of a sheet. BrokenSheet lists everything that is wrong with it.

    Categories, territories and executors are named by their ids, or in words in any language.
    """
    try:
        headings, lines = parse_table("sheet", content)
    except ConfigError as error:
        raise BrokenSheet([str(error)]) from error
    faults = Faults("sheet")
    if len(lines) > MOST_ROWS:
        faults.add("1", f"has {len(lines)} rows; wanted at most {MOST_ROWS}")
    reader = _Reader(registry, faults)
    taken = understood(headings, lines, faults, columns=COLUMNS)
    rows = [reader.route(line) for line in taken]
    for where, what in wrong_in_routes(rows):
        index, column = where.removeprefix("[").split("].")
        faults.add(f"{lines[int(index)].number}", f"{column}: {what}")
    faults.raise_any()
    return rows


def headings(language: Language) -> list[str]:
    """Give the line of headings."""
    return [column if language == "en" else others[0] for column, others in COLUMNS.items()]


def rows(registry: RegistrySnapshot, language: Language) -> Iterator[list[str]]:
    """Give the rows of the table in force, with ids, and in words for people."""
    for row in registry.routing.rows:
        yield [
            row.category,
            row.place,
            row.owner,
            row.days,
            row.hours,
            row.severity,
            row.executor,
            in_language(said(row, registry), language),
        ]


def said(row: Route, registry: RegistrySnapshot) -> Text:
    """Say a row in words: what it asks for, and who then does the work."""
    places = {row.place: registry.places[row.place].place} if row.place in registry.places else {}
    code = next((code for code in CATEGORIES if code.startswith(row.category)), "")
    wanted: list[Text] = [*in_words(row, places, code)] or [{"ru": "всё", "en": "everything"}]
    executor = registry.executors.get(row.executor)
    name: Text = executor.name if executor else {"en": row.executor}
    return {
        language: f"{', '.join(part[language] for part in wanted)} → {in_language(name, language)}"
        for language in ("ru", "en")
    }


class _Reader:
    def __init__(self, registry: RegistrySnapshot, faults: Faults) -> None:
        self._faults = faults
        self._categories = named({code: each.name for code, each in CATEGORIES.items()})
        for name, ids in named({f"{group}.": name for group, name in GROUPS.items()}).items():
            self._categories[name] |= ids
        self._places = named(_names(registry.places.values()))
        self._executors = named(_names(registry.executors.values()))
        self._severities = named(SEVERITIES)

    def route(self, line: Row) -> Route:
        cell = line.cells.get
        if not cell("executor"):
            self._faults.add(f"{line.number}", "executor: is empty; wanted who does the work")
        return Route(
            executor=self._found(line, "executor", self._executors),
            category=self._found(line, "category", self._categories),
            place=self._found(line, "territory", self._places),
            owner=cell("owner", ""),
            days=self._days(line),
            hours=_hours(cell("hours", "")),
            severity=self._found(line, "severity", self._severities),
        )

    def _found(self, line: Row, column: str, known: Mapping[str, set[str]]) -> str:
        wanted = line.cells.get(column, "")
        if not wanted:
            return ""
        found = known.get(wanted.casefold(), set())
        if len(found) == 1:
            return next(iter(found))
        what = f"is the name of {', '.join(sorted(found))}; use one of these" if found else (
            "is not known"
        )  # fmt: skip
        self._faults.add(f"{line.number}", f"{column}: {wanted!r} {what}")
        return ""

    def _days(self, line: Row) -> DayKind:
        wanted = line.cells.get("days", "")
        found = DAYS.get(wanted.casefold())
        if found is None:
            there = ", ".join(name for name in DAYS if name)
            self._faults.add(f"{line.number}", f"days: {wanted!r} is not one of {there}")
        return found or DayKind.ANY


def _hours(text: str) -> str:
    """Give hours as the table has them, where they can be read so."""
    found = HOURS.fullmatch(text)
    return f"{int(found[1]):02}:{found[2]}-{int(found[3]):02}:{found[4]}" if found else text


def _names(things: Iterable[PlaceNode | Executor]) -> dict[str, Text]:
    found = [thing.place if isinstance(thing, PlaceNode) else thing for thing in things]
    return {each.id: each.name for each in found}
