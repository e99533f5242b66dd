"""A clock that stands, for a reason that is not the executor's."""

from core.actor import Actor
from core.case import PERMITTED, Case, Verb
from core.errors import DomainError
from core.text import Text
from gateway.cases.desk import Desk
from gateway.cases.rows import case_of, keep_case
from gateway.cases.work import find_case, refuse_stale, write_note
from gateway.storage.case_tables import CaseRow

PAUSED: Text = {"ru": "Срок «{label}» стоит: {reason}", "en": "“{label}” is paused: {reason}"}
RESUMED: Text = {"ru": "Срок «{label}» снова идёт", "en": "“{label}” runs again"}


async def pause(
    desk: Desk, actor: Actor, number: int, name: str, *, version: int, reason: str, note: str
) -> None:
    """Let a clock stand. DomainError where it does not run, or knows no such reason."""
    row, case = await _found(desk, actor, number, version)
    case.pause(name, desk.now, reason)
    words = desk.registry.deadlines.pauses[reason]
    desk.say(row, "paused", PAUSED, by=actor.name, label=_label(desk, name), reason=words)
    await _keep(desk, actor, row, case, note)


async def resume(
    desk: Desk, actor: Actor, number: int, name: str, *, version: int, note: str
) -> None:
    """Let a paused clock run again. DomainError where it is not paused."""
    row, case = await _found(desk, actor, number, version)
    case.resume(name, desk.now)
    desk.say(row, "resumed", RESUMED, by=actor.name, label=_label(desk, name))
    await _keep(desk, actor, row, case, note)


async def _found(desk: Desk, actor: Actor, number: int, version: int) -> tuple[CaseRow, Case]:
    row = await find_case(desk.session, actor, number)
    if Verb.CLOSE not in PERMITTED[actor.role]:
        raise DomainError("forbidden", "Clocks are paused by dispatchers. Ask yours to do it.")
    refuse_stale(row, version)
    return row, case_of(row, desk.rules)


async def _keep(desk: Desk, actor: Actor, row: CaseRow, case: Case, note: str) -> None:
    keep_case(case, row)
    row.touched = True
    write_note(desk, row, actor, note)
    await desk.finish()


def _label(desk: Desk, name: str) -> Text:
    return desk.rules.rule(name).label
