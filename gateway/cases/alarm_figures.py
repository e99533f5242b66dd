"""How good the alarms of a console are, reckoned from what the store holds of a period.

The console of a person is their territory; that of a place is what is at and below it. Times come
out of the store as seconds, in columns: a year of a hundred thousand incidents takes a second.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, String, and_, cast, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from core.actor import Actor
from core.alarm import Severity
from core.alarm_figures import FREQUENT, STALE_AFTER, DayFigures, Period, by_day, figures
from core.category import CATEGORIES
from core.errors import DomainError, NotVisible
from core.flood import ENDS_BELOW, STARTS_ABOVE, WINDOW, counted, floods
from gateway.api.alarm_figure_models import (
    AlarmFigures,
    DaysOut,
    FigureOut,
    FloodCause,
    FloodOut,
    FrequentOut,
)
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow, IncidentRow
from gateway.storage.visibility import visible_to

LONGEST_DAYS = 400  # of a period
LOOK_BACK_S = 86_400  # a flood that lasts has begun within a day
CHATTERED = IncidentRow.raises > 1


async def alarm_figures(
    session: AsyncSession,
    registry: RegistrySnapshot,
    actor: Actor,
    *,
    place: str,
    since: datetime,
    until: datetime,
) -> AlarmFigures:
    """Give the figures of a console. DomainError where the period makes no sense."""
    if not since < until:
        raise DomainError("invalid", "The period ends before it begins. Ask for a later end.")
    if (until - since).days > LONGEST_DAYS:
        raise DomainError("invalid", f"Ask for {LONGEST_DAYS} days at most.")
    console = _console(registry, actor, place)
    frequent = await _frequent(session, console, since, until)
    period = await _period(session, console, since, until, [each.count for each in frequent])
    count = len(period.told)
    return AlarmFigures(
        place=place,
        place_name=dict(registry.places[place].place.name),
        since=since,
        until=until,
        alarms=count,
        figures=[
            FigureOut.model_validate(
                {
                    name: getattr(figure, name)
                    for name in ("name", "value", "unit", "target", "limit", "least", "verdict")
                }
            )
            for figure in figures(period)
        ],
        days=_columns(by_day(period)),
        frequent=[
            each.model_copy(update={"share": 100 * each.count / count if count else 0.0})
            for each in frequent
        ],
    )


async def flood_now(session: AsyncSession, actor: Actor, now: datetime) -> FloodOut:
    """Tell whether the console of an actor is flooded, and by what."""
    at = int(now.timestamp())
    console = visible_to(actor, IncidentRow)
    told = await _told(session, console, _moment(at - LOOK_BACK_S), now)
    found = floods(told, at)
    lasting = found[-1] if found and found[-1].ended is None else None
    return FloodOut(
        flood=lasting is not None,
        since=_moment(lasting.began) if lasting else None,
        alarms=counted(told, at),
        starts_above=STARTS_ABOVE,
        ends_below=ENDS_BELOW,
        causes=await _causes(session, console, now - WINDOW) if lasting else [],
    )


def _console(registry: RegistrySnapshot, actor: Actor, place: str) -> ColumnElement[bool]:
    """Give the condition for incidents of a place that the actor may see."""
    if place not in registry.places or not actor.can_see(path := registry.path_of(place)):
        raise NotVisible("place", place)
    return visible_to(replace(actor, place=place, place_path=path), IncidentRow)


async def _period(
    session: AsyncSession,
    console: ColumnElement[bool],
    since: datetime,
    until: datetime,
    frequent: Sequence[int],
) -> Period:
    start, end = int(since.timestamp()), int(until.timestamp())
    severities, nuisances, told = await _counts(session, console, since, until)
    before = await _told(session, console, _moment(start - LOOK_BACK_S), since)
    stale = await _stale(session, console, since, until)
    return Period(
        since=start,
        until=end,
        told=told,
        floods=[
            one
            for one in floods(np.concatenate([before, told]), end)
            if one.ended is None or one.ended > start
        ],
        severities=severities,
        frequent=frequent,
        chattering=nuisances[0],
        fleeting=nuisances[1],
        stale_from=stale[0],
        stale_to=stale[1],
    )


async def _told(
    session: AsyncSession, console: ColumnElement[bool], since: datetime, until: datetime
) -> NDArray[np.int64]:
    """Give when people were told of each alarm, ascending."""
    rows = await session.scalars(
        select(_seconds(IncidentRow.annunciated_at))
        .where(console, _within(since, until))
        .order_by(IncidentRow.annunciated_at)
    )
    return np.array(rows.all(), np.int64)


async def _counts(
    session: AsyncSession, console: ColumnElement[bool], since: datetime, until: datetime
) -> tuple[dict[Severity, int], tuple[int, int], NDArray[np.int64]]:
    """Give how many alarms there were of each severity; how many of both kinds of nuisances; and
    when people were told of each, ascending.

    The store joins the times to a text: a hundred thousand rows would take longer to hand over.
    """
    rows = await session.execute(
        select(
            IncidentRow.severity,
            func.count(IncidentRow.id),
            func.count(IncidentRow.id).filter(CHATTERED),
            func.count(IncidentRow.id).filter(IncidentRow.fleeting),
            func.aggregate_strings(cast(_seconds(IncidentRow.annunciated_at), String), ","),
        )
        .where(console, _within(since, until))
        .group_by(IncidentRow.severity)
    )
    found = rows.all()
    nuisances = sum(row[2] for row in found), sum(row[3] for row in found)
    texts = [np.fromstring(row[4], np.int64, sep=",") for row in found]
    told = np.sort(np.concatenate([*texts, np.empty(0, np.int64)]))
    return {Severity(row[0]): row[1] for row in found}, nuisances, told


async def _stale(
    session: AsyncSession, console: ColumnElement[bool], since: datetime, until: datetime
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give from when to when alarms that people were told of were active for over a day."""
    raised = _seconds(IncidentRow.raised_at)
    cleared = func.coalesce(_seconds(IncidentRow.cleared_at), int(until.timestamp()))
    rows = await session.execute(
        select(raised + STALE_AFTER, cleared).where(
            console,
            IncidentRow.annunciated_at < until,
            or_(IncidentRow.cleared_at.is_(None), IncidentRow.cleared_at > since),
            cleared - raised > STALE_AFTER,
        )
    )
    found = np.array(rows.all(), np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


async def _frequent(
    session: AsyncSession, console: ColumnElement[bool], since: datetime, until: datetime
) -> list[FrequentOut]:
    """Give the conditions of which people were told most often; shares come later."""
    count = func.count(IncidentRow.id)
    often = (
        select(func.max(IncidentRow.id).label("newest"), count.label("count"))
        .where(console, _within(since, until))
        .group_by(IncidentRow.device, IncidentRow.condition)
        .order_by(count.desc(), func.max(IncidentRow.id).desc())
        .limit(FREQUENT)
        .subquery()
    )
    rows = await session.execute(
        select(IncidentRow, often.c.count)
        .join(often, IncidentRow.id == often.c.newest)
        .order_by(often.c.count.desc(), IncidentRow.id.desc())
    )
    return [
        FrequentOut.model_validate(
            {
                name: getattr(row, name)
                for name in ("device", "condition", "asset", "name", "severity")
            }
            | {"count": times, "share": 0.0}
        )
        for row, times in rows
    ]


async def _causes(
    session: AsyncSession, console: ColumnElement[bool], since: datetime
) -> list[FloodCause]:
    """Say of which troubles people were told lately, the most frequent first."""
    count = func.count(IncidentRow.id)
    rows = await session.execute(
        select(
            IncidentRow.problem,
            count,
            func.min(IncidentRow.case_id).filter(CaseRow.closed_at.is_(None)),
        )
        .outerjoin(CaseRow, IncidentRow.case_id == CaseRow.id)
        .where(console, IncidentRow.annunciated_at > since)
        .group_by(IncidentRow.problem)
        .order_by(count.desc(), IncidentRow.problem)
    )
    return [
        FloodCause(problem=problem, name=dict(CATEGORIES[problem].name), alarms=alarms, case=case)
        for problem, alarms, case in rows
    ]


def _columns(days: Sequence[DayFigures]) -> DaysOut:
    return DaysOut(
        day=[_moment(each.day) for each in days],
        alarms=[each.alarms for each in days],
        flood_minutes=[each.flood_s / 60 for each in days],
        stale=[each.stale for each in days],
    )


def _within(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(IncidentRow.annunciated_at >= since, IncidentRow.annunciated_at < until)


def _seconds(column: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Give a time in the store as whole seconds UTC."""
    return cast(extract("epoch", column), BigInteger)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
