"""What is known at a place already, so that nobody need file it once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.category import CATEGORIES, category
from core.errors import DomainError
from core.position import Position
from core.text import Text, filled
from gateway.cases.appeals import expected, place_at
from gateway.cases.desk import Desk
from gateway.cases.joining import OpenCases, matter_of
from gateway.cases.planned import TITLE

AT_MOST = 10  # of which people read


@dataclass(frozen=True, slots=True)
class KnownTrouble:
    """case: None for planned works. category: of an appeal that joins it. people: appeals of it."""

    case: int | None
    category: str
    name: Text
    since: datetime
    until: datetime | None
    people: int


async def known_at(
    desk: Desk, place: str, position: Position | None, code: str
) -> Sequence[KnownTrouble]:
    """Give what somebody there notices, the newest first. code: empty for any category.

    DomainError where there is no such place.
    """
    if place in desk.registry.places:
        where = place
    elif position is not None:
        where = place_at(desk.registry, position)
    else:
        raise DomainError("invalid", "There is no such place. Choose it on the map.")
    asked = [row for row in CATEGORIES.values() if row.offered and code in ("", row.code)]
    matters = [matter_of(desk.registry, each, where, position, "") for each in asked]
    known = await OpenCases.load(desk, matters)
    found: dict[tuple[str, int], KnownTrouble] = {}
    for matter in matters:
        for row in known.noticed(matter):
            # Of an incident's category none may be offered: then it joins by its group.
            if row.category == matter.category.code or not category(row.category).offered:
                found.setdefault(
                    ("case", row.id),
                    KnownTrouble(
                        row.id,
                        matter.category.code,
                        dict(category(row.category).name),
                        row.opened_at,
                        expected(row, desk.now, desk.rules),
                        row.appeals,
                    ),
                )
        if (works := known.works(matter)) is not None:
            name = filled(TITLE, title=works.title)
            found.setdefault(
                ("works", works.id),
                KnownTrouble(None, matter.category.code, name, works.since, works.until, 0),
            )
    return sorted(found.values(), key=lambda each: each.since, reverse=True)[:AT_MOST]
