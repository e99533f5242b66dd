"""Alarms that a person must reset: their source may be normal again, and they are still active."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core.actor import Actor
from core.errors import NotVisible
from core.text import Text, filled
from gateway.cases.desk import Desk
from gateway.cases.rows import incident_of, keep_incident
from gateway.storage.case_tables import IncidentRow
from gateway.storage.visibility import visible_to

RETURNED: Text = {
    "ru": "Источник снова в норме, тревога ждёт сброса: {name}",
    "en": "Its source is normal again, the alarm waits for a reset: {name}",
}
CAME_AGAIN: Text = {"ru": "Снова сработало до сброса: {name}", "en": "Came before a reset: {name}"}
RESET: Text = {"ru": "Сброшено: {name}", "en": "Reset: {name}"}


def say_returned(desk: Desk, row: IncidentRow) -> None:
    """Show that only a reset is missing."""
    desk.touch_incident(row)
    if row.case is not None:
        desk.say(row.case, "cleared", RETURNED, name=row.name)


def come_again(desk: Desk, row: IncidentRow) -> None:
    """Take that the source is not normal any more."""
    keep_incident(incident_of(row).came_again(), row)
    desk.touch_incident(row)
    if row.case is not None:
        desk.say(row.case, "raised", CAME_AGAIN, name=row.name)


async def reset(desk: Desk, actor: Actor, number: int) -> IncidentRow:
    """Let a latched alarm be over. DomainError where its source is not normal, or nobody saw it."""
    row = await find_incident(desk, actor, number)
    keep_incident(incident_of(row).reset(desk.now), row)
    if row.case is not None:
        desk.say(row.case, "reset", RESET, by=actor.name, name=row.name)
    desk.clear_incident(row, filled(RESET, name=row.name), desk.now)
    await desk.finish()
    return row


async def find_incident(desk: Desk, actor: Actor, number: int) -> IncidentRow:
    """Give an incident that the actor may see, with its case. NotVisible otherwise."""
    row = await desk.session.scalar(
        select(IncidentRow)
        .where(IncidentRow.id == number, visible_to(actor, IncidentRow))
        .options(joinedload(IncidentRow.case))
    )
    if row is None:
        raise NotVisible("incident", number)
    if row.case is not None:
        desk.take(row.case)
    return row
