"""Whose hands a case is in: handed over by a dispatcher, contested once by who has it."""

from core.actor import Actor
from core.case import PERMITTED, CaseState, Verb
from core.contest import Contest
from core.errors import DomainError
from core.registry import Executor
from core.routing import Routing
from core.text import Text, filled
from gateway.cases.desk import Desk
from gateway.cases.rows import case_of, keep_case
from gateway.cases.work import checked, find_case, refuse_stale
from gateway.storage.case_tables import CaseRow, ContestRow

BY_HAND: Text = {"ru": "{executor}: передал(а) {by}", "en": "{executor}: handed over by {by}"}
BECAUSE: Text = {"ru": "{words}, потому что: {note}", "en": "{words}, because: {note}"}
CONTESTED: Text = {
    "ru": "{executor} оспаривает направление: {reason}",
    "en": "{executor} contests the routing: {reason}",
}
PROPOSED: Text = {"ru": "{words}. Предлагает: {name}", "en": "{words}. Proposes: {name}"}
SAID: Text = {"ru": "{words}", "en": "{words}"}
REFUSED: Text = {
    "ru": "Остаётся у исполнителя «{executor}»",
    "en": "It stays with {executor}",
}


async def contest(
    desk: Desk, actor: Actor, number: int, *, version: int, reason: str, proposed: str
) -> None:
    """Say that the case is not for who has it. Once a case; a dispatcher decides."""
    row = await find_case(desk.session, actor, number)
    refuse_stale(row, version)
    if await desk.session.get(ContestRow, row.id) is not None:
        raise DomainError("contested", f"The routing of case {number} was contested before.")
    if proposed:
        _executor(desk, proposed)
    raised = Contest.raised(
        CaseState(row.state),
        executor=row.executor or "",
        proposed=proposed,
        reason=checked(reason),
        at=desk.now,
    )
    desk.session.add(
        ContestRow(
            case_id=row.id,
            executor=raised.executor,
            proposed=raised.proposed,
            reason=raised.reason,
            at=raised.at,
            by=actor.name,
        )
    )
    words = filled(CONTESTED, executor=row.executor_name, reason=raised.reason)
    if proposed:
        words = filled(PROPOSED, words=words, name=desk.registry.executor_name(proposed))
    _changed(desk, row, "contested", words, actor)
    await desk.finish()


async def decide(
    desk: Desk, actor: Actor, number: int, *, version: int, executor: str, note: str
) -> None:
    """Decide a contest: the case goes to this executor, or stays where none is given."""
    row = await _dispatched(desk, actor, number, version)
    kept = await desk.session.get(ContestRow, row.id)
    if kept is None:
        raise DomainError("not_contested", f"The routing of case {number} is not contested.")
    granted = executor not in ("", kept.executor)
    _decided(kept, actor, desk, granted=granted)
    if granted:
        _give(desk, actor, row, executor, note)
    else:
        words = _because(filled(REFUSED, executor=row.executor_name), note)
        _changed(desk, row, "contest", words, actor)
    await desk.finish()


async def hand_over(
    desk: Desk, actor: Actor, number: int, *, version: int, executor: str, note: str
) -> None:
    """Give a case to another executor; what they contest is decided with it."""
    row = await _dispatched(desk, actor, number, version)
    if executor == row.executor:
        raise DomainError("same_executor", f"Case {number} is there already. Choose another.")
    kept = await desk.session.get(ContestRow, row.id)
    if kept is not None and kept.granted is None:
        _decided(kept, actor, desk, granted=True)
    _give(desk, actor, row, executor, note)
    await desk.finish()


async def _dispatched(desk: Desk, actor: Actor, number: int, version: int) -> CaseRow:
    row = await find_case(desk.session, actor, number)
    if Verb.CLOSE not in PERMITTED[actor.role]:
        raise DomainError("forbidden", "Cases are handed over by dispatchers. Contest it.")
    refuse_stale(row, version)
    return row


def _decided(kept: ContestRow, actor: Actor, desk: Desk, *, granted: bool) -> None:
    contest = Contest(
        executor=kept.executor,
        proposed=kept.proposed,
        reason=kept.reason,
        at=kept.at,
        granted=kept.granted,
    ).decide(desk.now, granted=granted)
    kept.granted, kept.decided_at, kept.decided_by = granted, contest.decided_at, actor.name


def _give(desk: Desk, actor: Actor, row: CaseRow, executor: str, note: str) -> None:
    known = _executor(desk, executor)
    reason = _because(filled(BY_HAND, executor=known.name, by=actor.name), note)
    case = case_of(row, desk.rules)
    desk.give(case, row, Routing(known, reason))
    keep_case(case, row)
    row.touched = True


def _executor(desk: Desk, identifier: str) -> Executor:
    known = desk.registry.executors.get(identifier)
    if known is None:
        raise DomainError("invalid", f"There is no executor {identifier!r}. Choose one.")
    return known


def _because(words: Text, note: str) -> Text:
    text = checked(note)
    return filled(BECAUSE, words=words, note=text) if text else words


def _changed(desk: Desk, row: CaseRow, kind: str, words: Text, actor: Actor) -> None:
    row.touched = True
    row.version += 1
    desk.say(row, kind, SAID, by=actor.name, words=words)
