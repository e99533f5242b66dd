"""The columns of a sheet of devices, and the headings under which people know them."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from gateway.sheets.faults import Faults
from gateway.sheets.table_file import Row

COLUMNS: dict[str, tuple[str, ...]] = {
    "address": ("адрес",),
    "place": ("место",),
    "asset": ("объект",),
    "kind": ("вид", "вид объекта"),
    "name": ("название", "наименование"),
    "owner": ("владелец",),
    "device": ("прибор", "устройство"),
    "profile": ("модель", "профиль"),
    "serial": ("заводской номер", "серийный номер"),
    "unit": ("номер на линии", "сетевой номер"),
    "endpoint": ("линия",),
    "line": ("адрес линии",),
    "edge": ("шлюз",),
    "secret": ("секрет", "имя секрета"),
    "type": ("тип дома",),
}
"""By the name that the code has for it, the Russian headings; the name itself is one, too."""


def understood(
    headings: Sequence[str],
    rows: Iterable[Row],
    faults: Faults,
    *,
    columns: Mapping[str, Sequence[str]] = COLUMNS,
    parameters: Sequence[str] = (),
) -> list[Row]:
    """Give the rows with the columns' own names.

    columns: by the own name of each, its other headings. parameters: more, for house types.
    """
    by_heading = {
        heading: column for column, others in columns.items() for heading in (column, *others)
    }
    names: dict[str, str] = {}
    for place, heading in enumerate(headings, 1):
        words = " ".join(heading.lower().replace("ё", "е").split())
        column = by_heading.get(words) or (words if words in parameters else "")
        if not heading:
            continue
        if not column:
            near = get_close_matches(words, [*by_heading, *parameters], n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(columns)}"
            faults.add("1", f"column {place}: there is no column {heading!r}{hint}")
        elif column in names.values():
            faults.add("1", f"column {place}: {heading!r} is there twice")
        else:
            names[heading] = column
    return [
        Row(row.number, {names[name]: cell for name, cell in row.cells.items() if name in names})
        for row in rows
    ]
