"""Acknowledgements: by a person here, told to devices that keep their conditions themselves; and by
a person at the device, told by it.

What is to be told stands in the store until its edge has answered or the time is over. It is sent
at once and again at each birth of the edge, for a device may hear it twice: so it outlives a
restart of either. Whatever becomes of it, the incident stays acknowledged here.
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from adapters.wire import AcknowledgeOrder, CommandResult
from core.clock import Clock, to_nanoseconds
from core.command import REQUESTED, STEPS, TELL_WITHIN, UNKNOWN, CommandState
from core.text import Text
from gateway.cases.desk import Desk, open_desk
from gateway.cases.rows import incident_of, keep_incident, suppressed_of
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage import outbox
from gateway.storage.case_tables import AcknowledgementRow, IncidentRow
from gateway.storage.database import Database
from gateway.storage.failures import patiently

TOPIC = "acknowledgement"  # of the outbox: an edge has something to tell a device
ANSWER_LATE = timedelta(minutes=1)  # after the time is over; then nobody knows
LOOK_EVERY_S = 5.0  # for those whose time is over

HERE: Text = {"ru": "Квитировано: {name}", "en": "Acknowledged: {name}"}
AT_DEVICE: Text = {
    "ru": "Квитировано на самом приборе: {name}",
    "en": "Acknowledged at the device: {name}",
}
SAYS: dict[CommandState, Text] = {
    CommandState.CONFIRMED: {
        "ru": "Прибор принял квитирование: {name}",
        "en": "The device has taken the acknowledgement: {name}",
    },
    CommandState.REFUSED: {
        "ru": "Прибор не принял квитирование: {name}. {why}",
        "en": "The device has not taken the acknowledgement: {name}. {why}",
    },
    CommandState.EXPIRED: {
        "ru": "Квитирование не дошло до прибора: {name}. Квитируйте на его пульте. {why}",
        "en": "The acknowledgement did not reach the device: {name}. Acknowledge it there. {why}",
    },
    CommandState.UNKNOWN: {
        "ru": "Дошло ли квитирование до прибора, неизвестно: {name}. Проверьте на его пульте.",
        "en": "It is not known whether the acknowledgement reached the device: {name}. Look there.",
    },
}


def acknowledge(desk: Desk, row: IncidentRow, by: str, says: Text = HERE) -> None:
    """Take that a person has seen an incident that nobody had acknowledged before."""
    keep_incident(incident_of(row).acknowledge(by, desk.now), row)
    desk.touch_incident(row)
    if row.case is None:
        return
    row.case.unacknowledged -= not suppressed_of(row)
    row.case.touched = True
    desk.say(row.case, "acknowledged", says, by=by, name=row.name)


async def tell_devices(desk: Desk, rows: Sequence[IncidentRow], comment: str) -> None:
    """Have devices told that these of their conditions were acknowledged.

    A device knows only what it raised last: an acknowledgement of what it raised before would
    cover what nobody has seen.
    """
    told = [row for row in rows if row.acknowledgeable and row.device in desk.registry.devices]
    if not told:
        return
    newest = await desk.session.scalars(
        select(func.max(IncidentRow.id))
        .where(IncidentRow.device.in_({row.device for row in told}))
        .group_by(IncidentRow.device, IncidentRow.condition)
    )
    last = set(newest.all())
    edges: dict[str, str] = {}
    for row in told:
        if row.id not in last:
            continue
        edge = desk.registry.edge_of(row.device)
        edges[edge] = row.place_path
        desk.session.add(
            AcknowledgementRow(
                id=secrets.token_hex(8),
                incident_id=row.id,
                edge=edge,
                state=REQUESTED,
                by=row.acknowledged_by or "",
                comment=comment,
                expires_at=desk.now + TELL_WITHIN,
            )
        )
    changes = [
        outbox.Change(topic=TOPIC, place_path=path, body={"edge": edge})
        for edge, path in edges.items()
    ]
    if changes:
        await outbox.publish(desk.session, *changes)


async def orders(session: AsyncSession, edge: str, now: datetime) -> list[AcknowledgeOrder]:
    """Give what an edge is still to tell its devices."""
    rows = await session.scalars(
        select(AcknowledgementRow)
        .where(
            AcknowledgementRow.state == REQUESTED,
            AcknowledgementRow.edge == edge,
            AcknowledgementRow.expires_at > now,
        )
        .options(joinedload(AcknowledgementRow.incident))
        .order_by(AcknowledgementRow.expires_at)
    )
    return [
        AcknowledgeOrder(
            command=row.id,
            device=row.incident.device,
            condition=row.incident.condition,
            raised_at=to_nanoseconds(row.incident.raised_at),
            by=row.by,
            comment=row.comment,
            expires_at=to_nanoseconds(row.expires_at),
        )
        for row in rows
    ]


async def take_result(desk: Desk, edge: str, result: CommandResult) -> None:
    """Take what the edge that got the order says became of it. Twice the same changes nothing."""
    row = await desk.session.get(AcknowledgementRow, result.command)
    if row is not None and row.edge == edge:
        await _settle(desk, row, CommandState(result.state), result.text)


async def _settle(desk: Desk, row: AcknowledgementRow, state: CommandState, why: str = "") -> None:
    if state not in STEPS[CommandState(row.state)]:
        return  # it was answered before
    row.state = state
    incident = await desk.session.get_one(
        IncidentRow, row.incident_id, options=[joinedload(IncidentRow.case)]
    )
    if incident.case is not None:
        desk.say(incident.case, "acknowledged", SAYS[state], name=incident.name, why=why)


async def give_up(desk: Desk) -> None:
    """Tell of those which no edge has answered that nobody knows."""
    rows = await desk.session.scalars(
        select(AcknowledgementRow).where(
            AcknowledgementRow.state == REQUESTED,
            AcknowledgementRow.expires_at < desk.now - ANSWER_LATE,
        )
    )
    for row in rows.all():
        await _settle(desk, row, UNKNOWN)
    await desk.finish()


async def watch(database: Database, clock: Clock, registry: CurrentRegistry) -> None:
    """Look for acknowledgements whose time is over, for ever."""

    async def look() -> None:
        async with database.reading() as session:
            oldest = await session.scalar(
                select(func.min(AcknowledgementRow.expires_at)).where(
                    AcknowledgementRow.state == REQUESTED
                )
            )
        if oldest is not None and oldest < clock.now() - ANSWER_LATE:
            async with database.transaction() as session:
                await give_up(await open_desk(session, clock.now(), registry.snapshot))

    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await patiently(look)
