"""Conditions of which nobody is told: shelved, suppressed by design, out of service.

They are still recorded. What begins and what ends is settled with the incidents that are active
just then: the first lose their voice, the others get it back, with a case where they have none.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from core.actor import Actor
from core.alarm import Severity
from core.category import category
from core.clock import Clock
from core.errors import NotVisible, refused
from core.incident import Suppressed
from core.suppression import Suppression, refuse_ending, shelve, suppress
from core.text import Text
from gateway.api.suppression_models import Shelve, Suppress
from gateway.cases.desk import SYSTEM, Desk, open_desk
from gateway.cases.folding import case_for, device_key, fold_below
from gateway.cases.latching import find_incident
from gateway.cases.reach import Reach
from gateway.cases.rows import suppressed_of, suppression_of
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import IncidentRow, SuppressionRow
from gateway.storage.database import Database
from gateway.storage.failures import patiently
from gateway.storage.visibility import visible_to

LOOK_EVERY_S = 1.0
_WAITS = and_(SuppressionRow.confirm_until.is_not(None), SuppressionRow.confirmed_by == "")
SHOWN_FOR = timedelta(days=30)  # of what has ended: the log of who did it, when and why

ALREADY: Text = {
    "ru": "Тревога уже отложена. Сначала верните её.",
    "en": "The alarm is shelved already. Bring it back first.",
}
QUIET: dict[Suppressed, Text] = {
    Suppressed.SHELVED: {"ru": "Отложено: {name}. {reason}", "en": "Shelved: {name}. {reason}"},
    Suppressed.BY_DESIGN: {
        "ru": "Подавлено планом: {name}. {reason}",
        "en": "Suppressed by design: {name}. {reason}",
    },
    Suppressed.OUT_OF_SERVICE: {
        "ru": "Выведено из работы: {name}. {reason}",
        "en": "Out of service: {name}. {reason}",
    },
}
HEARD: Text = {
    "ru": "Тревога возвращена и ещё активна: {name}",
    "en": "Told of again, and still active: {name}",
}


async def list_suppressions(
    session: AsyncSession, actor: Actor, now: datetime
) -> Sequence[SuppressionRow]:
    """Give what is in force or to come, and what has ended lately; the newest first."""
    rows = await session.scalars(
        select(SuppressionRow)
        .where(
            visible_to(actor, SuppressionRow),
            or_(SuppressionRow.ended_at.is_(None), SuppressionRow.ended_at > now - SHOWN_FOR),
        )
        .order_by(SuppressionRow.id.desc())
    )
    return rows.all()


async def put_aside(desk: Desk, actor: Actor, number: int, form: Shelve) -> SuppressionRow:
    """Shelve the condition of an incident. DomainError where that is not allowed."""
    incident = await find_incident(desk, actor, number)
    if incident.shelved or await _is_asked_for(desk, incident):
        raise refused("shelved", ALREADY)
    wanted = shelve(
        actor.role,
        Severity(incident.severity),
        device=incident.device,
        condition=incident.condition,
        by=actor.name,
        by_id=actor.id,
        reason=form.reason,
        at=desk.now,
        until=form.until,
    )
    row = await begin_one(desk, wanted, incident.name, incident.place_path)
    await desk.finish()
    return row


async def _is_asked_for(desk: Desk, incident: IncidentRow) -> bool:
    """Tell whether somebody has asked to shelve it, and nobody has confirmed that yet."""
    found = await desk.session.scalar(
        select(SuppressionRow.id).where(
            SuppressionRow.device == incident.device,
            SuppressionRow.condition == incident.condition,
            SuppressionRow.ended_at.is_(None),
            _WAITS,
        )
    )
    return found is not None


async def confirm(desk: Desk, actor: Actor, number: int) -> SuppressionRow:
    """Let what another person has asked for begin. DomainError where that is not for this one."""
    row = await _find(desk, actor, number)
    confirmed = suppression_of(row).confirm(actor.role, actor.id, actor.name, desk.now)
    row.confirmed_by, row.since = confirmed.confirmed_by, confirmed.since
    await _settle(desk, row)
    await desk.finish()
    return row


async def silence(desk: Desk, actor: Actor, form: Suppress) -> SuppressionRow:
    """Take a device or an asset out of service, or suppress it by design."""
    wanted = suppress(
        actor.role,
        Suppression(
            why=Suppressed(form.why),
            device=form.device,
            asset=form.asset,
            below=form.below,
            since=form.since or desk.now,
            until=form.until,
            reason=form.reason,
            order=form.order,
            by=actor.name,
        ),
        desk.now,
    )
    devices, assets = desk.registry.devices, desk.registry.assets
    subject = devices.get(form.device) or assets.get(form.asset)
    if subject is None or not actor.can_see(path := desk.registry.path_of(subject.place)):
        raise NotVisible("device" if form.device else "asset", form.device or form.asset)
    row = await begin_one(desk, wanted, subject.name, path)
    await desk.finish()
    return row


async def end(desk: Desk, actor: Actor, number: int) -> SuppressionRow:
    """End a suppression before its time."""
    row = await _find(desk, actor, number)
    refuse_ending(Suppressed(row.why), actor.role)
    await end_one(desk, row, actor.name)
    await desk.finish()
    return row


async def _find(desk: Desk, actor: Actor, number: int) -> SuppressionRow:
    row = await desk.session.scalar(
        select(SuppressionRow).where(SuppressionRow.id == number, visible_to(actor, SuppressionRow))
    )
    if row is None:
        raise NotVisible("suppression", number)
    return row


async def begin_one(desk: Desk, wanted: Suppression, name: Text, path: str) -> SuppressionRow:
    """Have a suppression in force from its time on. Whoever asks finishes the desk."""
    row = SuppressionRow(
        why=wanted.why,
        device=wanted.device,
        condition=wanted.condition,
        asset=wanted.asset,
        below=wanted.below,
        name=dict(name),
        since=wanted.since,
        until=wanted.until,
        reason=wanted.reason,
        order=wanted.order,
        by=wanted.by,
        asked_by=wanted.asked_by,
        confirm_until=wanted.confirm_until,
        confirmed_by="",
        begun=False,
        ended_at=None,
        ended_by="",
        place_path=path,
    )
    desk.session.add(row)
    if wanted.since <= desk.now and not wanted.waits:
        await _settle(desk, row)
    else:
        await desk.session.flush()
    return row


async def end_one(desk: Desk, row: SuppressionRow, by: str) -> None:
    """End a suppression, by a person or because its time is over."""
    ended = suppression_of(row).end(desk.now, by)
    row.ended_at, row.ended_by = ended.ended_at, ended.ended_by
    await _settle(desk, row)


async def _settle(desk: Desk, row: SuppressionRow) -> None:
    """Let what is active and this is about lose its voice, or get it back."""
    row.begun = True
    await desk.session.flush()
    rows = await desk.session.scalars(
        select(IncidentRow)
        .where(IncidentRow.active_key.is_not(None), _is_about(desk, row))
        .options(joinedload(IncidentRow.case))
        .order_by(IncidentRow.id)
    )
    found = rows.all()
    reach = Reach(desk.registry, desk.now)
    for incident in found:
        if asset := desk.registry.assets.get(incident.asset):
            reach.add(asset)
        else:
            reach.keys.add(device_key(incident.device, category(incident.problem).group))
    await desk.load(reach)
    for incident in found:
        before, after = suppressed_of(incident), desk.suppressed(incident)
        for why in Suppressed:
            setattr(incident, why, why in after)
        if before != after:
            desk.touch_incident(incident)
        if after and not before:
            _hush(desk, incident, row)
        elif before and not after:
            await _tell(desk, incident)


def _is_about(desk: Desk, row: SuppressionRow) -> ColumnElement[bool]:
    if row.condition:
        return and_(IncidentRow.device == row.device, IncidentRow.condition == row.condition)
    if row.device:
        return IncidentRow.device == row.device
    assets = desk.registry.feeds.affected(row.asset, desk.now) if row.below else {row.asset}
    return IncidentRow.asset.in_(assets)


def _hush(desk: Desk, incident: IncidentRow, row: SuppressionRow) -> None:
    if incident.case is None:
        return
    incident.case.unacknowledged -= incident.acknowledged_at is None
    text = QUIET[Suppressed(row.why)]
    desk.say(incident.case, row.why, text, by=row.by, name=incident.name, reason=row.reason)


async def _tell(desk: Desk, incident: IncidentRow) -> None:
    """Tell of an incident that is active, as if it came now."""
    if incident.case is not None:
        incident.case.unacknowledged += incident.acknowledged_at is None
        incident.annunciated_at = desk.now
        desk.say(incident.case, "raised", HEARD, name=incident.name)
        return
    asset = desk.registry.assets.get(incident.asset)
    place = asset.place if asset else incident.place_path.rstrip("/").rpartition("/")[2]
    case = case_for(desk, incident, asset, place)
    desk.add_incident(case, incident)
    await fold_below(desk, case, incident, asset)


async def settle_due(desk: Desk) -> None:
    """Begin and end what is due by now."""
    rows = await desk.session.scalars(select(SuppressionRow).where(_is_due(desk.now)))
    for row in rows.all():
        if suppression_of(row).is_over(desk.now):
            await end_one(desk, row, SYSTEM)
        else:
            await _settle(desk, row)
    await desk.finish()


def _is_due(now: datetime) -> ColumnElement[bool]:
    begins = and_(~SuppressionRow.begun, SuppressionRow.since <= now, ~_WAITS)
    lapses = and_(_WAITS, SuppressionRow.confirm_until <= now)
    ends = or_(begins, SuppressionRow.until <= now, lapses)
    return and_(SuppressionRow.ended_at.is_(None), ends)


async def watch(database: Database, clock: Clock, registry: CurrentRegistry) -> None:
    """Look for what begins and what ends, for ever."""

    async def look() -> None:
        async with database.reading() as session:
            due = await session.scalar(select(SuppressionRow.id).where(_is_due(clock.now())))
        if due is not None:
            async with database.transaction() as session:
                await settle_due(await open_desk(session, clock.now(), registry.snapshot))

    while True:
        await patiently(look)
        await asyncio.sleep(LOOK_EVERY_S)
