"""An alarm that chatters is one incident that counts its raises, not an incident for each.

The third raise within a minute makes it so: from then on the last incident comes again as long as
no minute passes between. People are told of it once, and see what would calm it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.case import CaseState
from core.repetition import CHATTERS_WITHIN, FLEETING, chatters
from core.text import Text
from gateway.cases.desk import REPORTED, Desk
from gateway.cases.folding import asset_key, device_key
from gateway.cases.rows import (
    case_of,
    incident_of,
    keep_case,
    keep_incident,
    keep_repetition,
    repetition_of,
    suppressed_of,
)
from gateway.storage.case_tables import CaseRow, IncidentRow

NO_TIME = timedelta()
CHATTERING, FLEETING_ALARM = "chattering", "fleeting"
CHATTERS: Text = {
    "ru": "Дребезжит: {name}. Дальше повторы только считаются",
    "en": "Chatters: {name}. From here on its raises are only counted",
}
REOPENED: Text = {"ru": "Снова открыта: {name} дребезжит", "en": "Reopened: {name} chatters"}


def adds_to(desk: Desk, lately: Sequence[IncidentRow], at: datetime) -> IncidentRow | None:
    """Give the incident that a raise at a moment only adds to.

    lately: those of the same condition that have returned to normal within a minute, in their
    order.
    """
    last = lately[-1] if lately else None
    if last is None or last.cleared_at is None or desk.suppressed(last) != suppressed_of(last):
        return None
    if last.raises > 1:
        goes_on = at - last.cleared_at <= CHATTERS_WITHIN
    else:
        goes_on = chatters([row.raised_at for row in lately], at)
    return last if goes_on else None


def come_again(desk: Desk, row: IncidentRow, at: datetime, value: float | None) -> None:
    """Take that an incident that chatters is active again."""
    begins = row.raises == 1
    gap = at - (row.cleared_at or at)
    keep_repetition(repetition_of(row).came(max(gap, NO_TIME), value), row)
    keep_incident(incident_of(row).came_again(), row)
    row.again_at, row.value = at, value if value is not None else row.value
    desk.touch_incident(row)
    case = row.case
    if case is None:
        return
    case.repeats += 1
    case.nuisance = CHATTERING
    case.active_incidents += 1
    case.proved_at = None
    if case.state == CaseState.CLOSED:
        _reopen(desk, case, row)
    elif case.state in REPORTED:
        desk.came_again(case, row.name)
    if begins:
        desk.say(case, "raised", CHATTERS, name=row.name)
    desk.touch(case)


def go(row: IncidentRow, at: datetime, value: float | None) -> None:
    """Take that its source is back to normal; what was active for seconds is fleeting."""
    active = max(at, row.raised_at) - (row.again_at or row.raised_at)
    keep_repetition(repetition_of(row).went(max(active, NO_TIME), value), row)
    row.fleeting = active < FLEETING
    if row.fleeting and row.case is not None:
        row.case.nuisance = row.case.nuisance or FLEETING_ALARM


def _reopen(desk: Desk, case: CaseRow, row: IncidentRow) -> None:
    """Open the case again: nobody had to do anything, as long as it did not chatter."""
    group = case.group
    key = asset_key(case.asset, group) if case.asset else device_key(row.device, group)
    opened = case_of(case, desk.rules)
    opened.reopen(desk.now)
    keep_case(opened, case)
    case.open_key = key if desk.case_with(key) is None else f"case:{case.id}"
    desk.take(case)
    desk.say(case, "reopened", REOPENED, name=row.name)
