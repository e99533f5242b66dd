"""How well troubles are dealt with: a line of figures for each municipality, executor or kind.

Times are seconds of one clock. What is counted: troubles opened and closed in the period, those
open at its end, and of the closed ones how many kept every deadline and how long they took.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """Cases in columns. key: what each is counted under. closed, due: NaN where there is none.

    breached: a deadline was passed. reopened: it was sent back in the period.
    """

    key: Sequence[str]
    opened: NDArray[np.float64]
    closed: NDArray[np.float64]
    due: NDArray[np.float64]
    breached: NDArray[np.bool_]
    reopened: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Appeals in columns. joined: their trouble was known already. fixed: 1 yes, 0 no, −1 none."""

    key: Sequence[str]
    joined: NDArray[np.bool_]
    fixed: NDArray[np.int8]


@dataclass(slots=True, kw_only=True)
class ServiceFigures:
    """on_time, reopened: shares of the closed, 0–1; hours: the median from opening to closing;
    None where nothing was closed. breaches: by the name of the clock."""

    key: str
    opened: int = 0
    closed: int = 0
    open_at_end: int = 0
    overdue_at_end: int = 0
    on_time: float | None = None
    hours: float | None = None
    reopened: float | None = None
    appeals: int = 0
    joined: int = 0
    fixed: int = 0
    not_fixed: int = 0
    breaches: dict[str, int] = field(default_factory=dict)


def service_figures(
    worked: Worked,
    said: Said,
    breaches: Mapping[tuple[str, str], int],
    *,
    since: float,
    until: float,
) -> list[ServiceFigures]:
    """Give a line a key, in the order of the keys. breaches: in the period, by key and clock."""
    keys = {*worked.key, *said.key, *(key for key, _ in breaches)}
    lines = {key: ServiceFigures(key=key) for key in sorted(keys)}
    for key, at in _rows_of(worked.key).items():
        _count(lines[key], worked, at, since, until)
    for key, at in _rows_of(said.key).items():
        line = lines[key]
        line.appeals, line.joined = len(at), int(said.joined[at].sum())
        line.fixed = int((said.fixed[at] == 1).sum())
        line.not_fixed = int((said.fixed[at] == 0).sum())
    for (key, clock), many in sorted(breaches.items()):
        lines[key].breaches[clock] = many
    return list(lines.values())


def league(lines: Collection[ServiceFigures], fewest: int) -> list[ServiceFigures]:
    """Put the best first: by what was done in time, then by how soon. fewest: closed troubles
    without which a line says too little to be compared."""
    told = [line for line in lines if line.closed >= fewest]
    return sorted(told, key=lambda line: (-(line.on_time or 0.0), line.hours or 0.0, line.key))


def _rows_of(keys: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    if not len(keys):
        return {}
    names, which = np.unique(np.array(keys, dtype=object), return_inverse=True)
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(names)))
    return dict(zip(names.tolist(), np.split(order, ends[:-1]), strict=True))


def _count(
    line: ServiceFigures, worked: Worked, at: NDArray[np.intp], since: float, until: float
) -> None:
    opened, closed, due = worked.opened[at], worked.closed[at], worked.due[at]
    is_closed = (closed >= since) & (closed < until)
    is_open = ~(closed < until)
    line.opened = int(((opened >= since) & (opened < until)).sum())
    line.closed = int(is_closed.sum())
    line.open_at_end = int(is_open.sum())
    line.overdue_at_end = int((is_open & (due < until)).sum())
    if line.closed:
        line.on_time = float((~worked.breached[at][is_closed]).mean())
        line.hours = float(np.median(closed[is_closed] - opened[is_closed]) / HOUR)
        line.reopened = float(worked.reopened[at][is_closed].mean())
