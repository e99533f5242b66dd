"""Who does the work: an ordered table of category × territory × owner, and why in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.category import category
from core.registry import Executor, Place, Route
from core.text import Text, filled

# Takes what no row of the table covers, so that a case never hangs with nobody.
DUTY_SERVICE = Executor(
    id="duty-service", name={"ru": "Дежурная служба", "en": "Duty service"}, place=""
)


@dataclass(frozen=True, slots=True)
class Routing:
    executor: Executor
    reason: Text


def route_case(
    routes: Sequence[Route],
    executors: Mapping[str, Executor],
    places: Mapping[str, Place],
    *,
    code: str,
    place_path: str,
    owner: str = "",
) -> Routing:
    """Find the executor: the first row that matches, else the duty service, and say so."""
    within = place_path.rstrip("/").split("/")
    for number, row in enumerate(routes, 1):
        if _matches(row, code, within, owner) and row.executor in executors:
            executor = executors[row.executor]
            return Routing(executor, _reason(number, row, executor, places, code))
    return Routing(DUTY_SERVICE, _nobody(code))


def _matches(row: Route, code: str, within: Sequence[str], owner: str) -> bool:
    prefix = row.category.endswith(".") and code.startswith(row.category)
    return (
        (not row.category or row.category == code or prefix)
        and (not row.place or row.place in within)
        and (not row.owner or row.owner == owner)
    )


def _reason(
    number: int, row: Route, executor: Executor, places: Mapping[str, Place], code: str
) -> Text:
    known = category(code)
    parts = [
        filled(
            {
                "ru": "{executor}: строка {number} таблицы маршрутов",
                "en": "{executor}: row {number} of the routing table",
            },
            executor=executor.name,
            number=number,
        )
    ]
    if row.category:
        name = known.group_name if row.category.endswith(".") else known.name
        parts.append(filled({"ru": "вид «{name}»", "en": "category “{name}”"}, name=name))
    if row.place:
        name = places[row.place].name if row.place in places else {"en": row.place}
        parts.append(filled({"ru": "территория «{name}»", "en": "territory “{name}”"}, name=name))
    if row.owner:
        parts.append(filled({"ru": "владелец {name}", "en": "owner {name}"}, name=row.owner))
    return {language: ", ".join(part[language] for part in parts) for language in ("ru", "en")}


def _nobody(code: str) -> Text:
    return filled(
        {
            "ru": "{executor}: в таблице маршрутов нет строки для «{name}» в этом месте",
            "en": "{executor}: the routing table has no row for “{name}” at this place",
        },
        executor=DUTY_SERVICE.name,
        name=category(code).name,
    )
