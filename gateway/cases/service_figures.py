"""How well troubles were dealt with in a period, reckoned from what the store holds."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor
from core.category import GROUPS
from core.errors import DomainError
from core.service_figures import Said, ServiceFigures, Worked, league, service_figures
from core.text import Text
from gateway.api.service_models import League, LeagueLine, ServiceFiguresOut, ServiceLine
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import AppealRow, BreachRow, CaseRow, TimelineRow
from gateway.storage.visibility import visible_to

By = Literal["municipality", "executor", "kind"]
LONGEST_DAYS = 400
FEWEST = 5  # closed troubles, to be compared with others
SENT_BACK = ("reopen", "reopened")

NOBODY: Text = {"ru": "Никому не поручено", "en": "Nobody's yet"}
ELSEWHERE: Text = {"ru": "Весь регион", "en": "The whole region"}


async def figures(
    session: AsyncSession,
    registry: RegistrySnapshot,
    actor: Actor,
    *,
    by: By,
    since: datetime,
    until: datetime,
) -> ServiceFiguresOut:
    """Give the figures of what one may see. DomainError where the period makes no sense."""
    if not since < until:
        raise DomainError("invalid", "The period ends before it begins. Ask for a later end.")
    if (until - since).days > LONGEST_DAYS:
        raise DomainError("invalid", f"Ask for {LONGEST_DAYS} days at most.")
    lines = await _lines(
        _Asked(session, _key(by, registry), visible_to(actor, CaseRow), since, until)
    )
    rules = registry.deadlines.rules
    names = {clock for line in lines for clock in line.breaches}
    return ServiceFiguresOut(
        since=since,
        until=until,
        lines=[_shown(line, by, registry) for line in lines],
        clocks={clock: dict(rules.rule(clock).label) for clock in sorted(names)},
    )


async def league_table(
    session: AsyncSession, registry: RegistrySnapshot, since: datetime, until: datetime
) -> League:
    """Compare the municipalities, for everybody to see."""
    lines = await _lines(_Asked(session, _key("municipality", registry), true(), since, until))
    compared = league([line for line in lines if line.key], FEWEST)
    return League(
        since=since,
        until=until,
        fewest=FEWEST,
        lines=[
            LeagueLine(
                place=place,
                name=_name(line.key, "municipality", registry),
                closed=line.closed,
                on_time=line.on_time or 0.0,
                hours=line.hours or 0.0,
                reopened=line.reopened or 0.0,
                fixed=line.fixed,
                not_fixed=line.not_fixed,
            )
            for place, line in enumerate(compared, 1)
        ],
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of what the figures are: key gives what a case is counted under; seen: which cases count."""

    session: AsyncSession
    key: Callable[[str, str | None, str], str]
    seen: ColumnElement[bool]
    since: datetime
    until: datetime


OF_CASE = (CaseRow.place_path, CaseRow.executor, CaseRow.group)


async def _lines(asked: _Asked) -> list[ServiceFigures]:
    return service_figures(
        await _worked(asked),
        await _said(asked),
        await _breaches(asked),
        since=asked.since.timestamp(),
        until=asked.until.timestamp(),
    )


async def _worked(asked: _Asked) -> Worked:
    found = await asked.session.execute(
        select(*OF_CASE, CaseRow.id, CaseRow.opened_at, CaseRow.closed_at, CaseRow.due_at).where(
            asked.seen,
            CaseRow.merged_into.is_(None),
            CaseRow.opened_at < asked.until,
            or_(CaseRow.closed_at.is_(None), CaseRow.closed_at >= asked.since),
        )
    )
    rows = found.all()
    breached = set(await asked.session.scalars(select(BreachRow.case_id).distinct()))
    sent_back = set(
        await asked.session.scalars(
            select(TimelineRow.case_id)
            .where(
                TimelineRow.kind.in_(SENT_BACK),
                TimelineRow.at >= asked.since,
                TimelineRow.at < asked.until,
            )
            .distinct()
        )
    )
    return Worked(
        key=[asked.key(row.place_path, row.executor, row.group) for row in rows],
        opened=_seconds([row.opened_at for row in rows]),
        closed=_seconds([row.closed_at for row in rows]),
        due=_seconds([row.due_at for row in rows]),
        breached=np.array([row.id in breached for row in rows], np.bool_),
        reopened=np.array([row.id in sent_back for row in rows], np.bool_),
    )


async def _said(asked: _Asked) -> Said:
    found = await asked.session.execute(
        select(*OF_CASE, (AppealRow.filed_at > CaseRow.opened_at).label("joined"), AppealRow.fixed)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .where(asked.seen, AppealRow.filed_at >= asked.since, AppealRow.filed_at < asked.until)
    )
    rows = found.all()
    return Said(
        key=[asked.key(row.place_path, row.executor, row.group) for row in rows],
        joined=np.array([row.joined for row in rows], np.bool_),
        fixed=np.array([-1 if row.fixed is None else row.fixed for row in rows], np.int8),
    )


async def _breaches(asked: _Asked) -> dict[tuple[str, str], int]:
    found = await asked.session.execute(
        select(*OF_CASE, BreachRow.name, func.count())
        .join(CaseRow, BreachRow.case_id == CaseRow.id)
        .where(asked.seen, BreachRow.due_at >= asked.since, BreachRow.due_at < asked.until)
        .group_by(*OF_CASE, BreachRow.name)
    )
    many: Counter[tuple[str, str]] = Counter()
    for path, executor, group, clock, count in found:
        many[asked.key(path, executor, group), clock] += count
    return many


def _key(by: By, registry: RegistrySnapshot) -> Callable[[str, str | None, str], str]:
    match by:
        case "municipality":
            known: dict[str, str] = {}

            def municipality(path: str, _executor: str | None, _group: str) -> str:
                if path not in known:
                    known[path] = registry.municipality_of(path)
                return known[path]

            return municipality
        case "executor":
            return lambda _path, executor, _group: executor or ""
        case "kind":
            return lambda _path, _executor, group: group


def _name(key: str, by: By, registry: RegistrySnapshot) -> dict[str, str]:
    match by:
        case "municipality":
            node = registry.places.get(key)
            return dict(node.place.name) if node else dict(ELSEWHERE)
        case "executor":
            return registry.executor_name(key) if key else dict(NOBODY)
        case "kind":
            return dict(GROUPS[key])


def _shown(line: ServiceFigures, by: By, registry: RegistrySnapshot) -> ServiceLine:
    told: dict[str, Any] = {name: getattr(line, name) for name in line.__slots__}
    return ServiceLine(name=_name(line.key, by, registry), **told)


def _seconds(times: list[datetime | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.nan if each is None else each.timestamp() for each in times], np.float64)
