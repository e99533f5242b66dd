"""What those do who do the work: their steps, and what they enter at points of the checklist."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import select, update

from core.actor import Actor
from core.case import CaseState, Verb
from core.checklist import Answer, Item, ItemKind, check_answer
from core.errors import DomainError
from core.evidence import EvidenceKind, Grade
from core.text import Text, filled
from core.work_order import ENDED, WorkState, WorkVerb, next_state, state_beside
from gateway.cases.checklists import checklist_of, current_order, refuse_unfinished
from gateway.cases.desk import Desk
from gateway.cases.witness import Witness
from gateway.cases.work import checked, find_case, move
from gateway.storage.case_tables import CaseRow, EvidenceRow
from gateway.storage.work_tables import WorkAnswerRow, WorkOrderRow, WorkStepRow

DID: dict[WorkVerb, Text] = {
    WorkVerb.DECLINE: {"ru": "Исполнитель отказался: {reason}", "en": "Declined: {reason}"},
    WorkVerb.DEPART: {"ru": "Исполнитель выехал", "en": "On the way"},
    WorkVerb.ARRIVE: {"ru": "Исполнитель на месте", "en": "On site"},
    WorkVerb.START: {"ru": "Работа начата", "en": "The work has begun"},
    WorkVerb.PAUSE: {"ru": "Работа приостановлена: {reason}", "en": "The work pauses: {reason}"},
    WorkVerb.RESUME: {"ru": "Работа продолжена", "en": "The work goes on"},
}
HERE: Text = {
    "ru": "Здесь: {state}, {by}, {at} UTC.",
    "en": "Here it is {state}, by {by} at {at} UTC.",
}
YOURS: Text = {"ru": "У вас: {verb}, {at} UTC.", "en": "Yours: {verb} at {at} UTC."}
MEASURED: Text = {"ru": "{label}: {value}", "en": "{label}: {value}"}
BAND: Text = {"ru": "{words}, должно быть {band}", "en": "{words}, wanted {band}"}
BY_INSTRUMENT: Text = {"ru": "{words} ({instrument})", "en": "{words} ({instrument})"}
OUT_OF_BAND: Text = {"ru": "Вне допустимых пределов.", "en": "Outside its band."}
SUPERSEDED: Text = {"ru": "Измерено заново.", "en": "Measured again later."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A step as the phone tells it. id: made by the phone; sent again, it is taken once."""

    id: str
    verb: WorkVerb
    reason: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What was entered at a point, as the phone tells it; id and told_at as of a step."""

    id: str
    item: str
    answer: Answer
    told_at: datetime | None = None


async def take_step(
    desk: Desk, actor: Actor, number: int, pressed: Pressed, witness: Witness
) -> None:
    """Go one step further. DomainError where it is none from here, with both sides; and where the
    work is to be reported done and something is missing, with the list."""
    row = await find_case(desk.session, actor, number)
    if (known := await desk.session.get(WorkStepRow, pressed.id)) is not None:
        await _refuse_other_case(desk, known.order_id, row)
        return
    order = await current_order(desk.session, row)
    state = _state(row, order)
    reason = checked(pressed.reason)
    try:
        after = next_state(state, pressed.verb, reason)
    except DomainError as error:
        if error.code != "work_state":
            raise
        _conflict(error, row, state, order, pressed)
    if pressed.verb is WorkVerb.ACCEPT and row.state == CaseState.ROUTED:
        await move(desk, actor, row, Verb.ACCEPT, witness)
    elif pressed.verb is WorkVerb.FINISH:
        await refuse_unfinished(desk.session, desk.registry, row)
        await move(desk, actor, row, Verb.RESOLVE, witness)
    if pressed.verb in DID:
        desk.say(row, "work", DID[pressed.verb], by=actor.name, reason=reason)
    order = await _kept(desk, row, order, actor)
    order.state, order.changed_at, order.changed_by = after, desk.now, actor.name
    row.touched = True
    desk.session.add(
        WorkStepRow(
            id=pressed.id,
            order_id=order.id,
            verb=pressed.verb,
            state=after,
            reason=reason,
            told_at=pressed.told_at,
            at=desk.now,
            by=actor.name,
        )
    )
    await desk.finish()


async def enter(desk: Desk, actor: Actor, number: int, entered: Entered) -> None:
    """Keep what was entered at a point. A reading is evidence besides. DomainError where it does
    not answer the point, or the work is over."""
    row = await find_case(desk.session, actor, number)
    known = await desk.session.scalar(select(WorkAnswerRow).where(WorkAnswerRow.id == entered.id))
    if known is not None:
        await _refuse_other_case(desk, known.order_id, row)
        return
    item = checklist_of(desk.registry, row).item(entered.item)
    check_answer(item, entered.answer)
    checked(entered.answer.text)
    order = await current_order(desk.session, row)
    if _state(row, order) in ENDED:
        raise DomainError("work_state", f"The work on case {number} is over; nothing can be added.")
    order = await _kept(desk, row, order, actor)
    evidence = None
    if item.kind is ItemKind.READING:
        evidence = await _measured(desk, actor, row, item, entered.answer)
    desk.session.add(
        WorkAnswerRow(
            id=entered.id,
            order_id=order.id,
            item=item.key,
            body=asdict(entered.answer),
            evidence_id=evidence,
            told_at=entered.told_at,
            at=desk.now,
            by=actor.name,
        )
    )
    row.touched = True
    desk.touch(row)
    await desk.finish()


def _state(row: CaseRow, order: WorkOrderRow | None) -> WorkState:
    return state_beside(CaseState(row.state), WorkState(order.state) if order else None)


async def _kept(desk: Desk, row: CaseRow, order: WorkOrderRow | None, actor: Actor) -> WorkOrderRow:
    """Give the order, made now where there was none."""
    if order is None:
        order = WorkOrderRow(
            case_id=row.id,
            executor=row.executor or "",
            hands=row.hands,
            state=_state(row, None),
            changed_at=desk.now,
            changed_by=actor.name,
        )
        desk.session.add(order)
        await desk.session.flush()
    return order


async def _refuse_other_case(desk: Desk, order: int, row: CaseRow) -> None:
    kept = await desk.session.get_one(WorkOrderRow, order)
    if kept.case_id != row.id:
        raise DomainError("id_used", "This was sent to another case before.")


def _conflict(
    error: DomainError,
    row: CaseRow,
    state: WorkState,
    order: WorkOrderRow | None,
    pressed: Pressed,
) -> NoReturn:
    """Tell both sides: what is so here, by whom and since when, and what was asked for."""
    here = filled(
        HERE,
        state=state.value,
        by=order.changed_by if order else row.executor_name,
        at=f"{order.changed_at if order else row.changed_at:%Y-%m-%d %H:%M}",
    )
    told = f"{pressed.told_at:%Y-%m-%d %H:%M}" if pressed.told_at else "?"
    yours = filled(YOURS, verb=pressed.verb.value, at=told)
    raise DomainError(error.code, str(error), (here, yours)) from error


async def _measured(
    desk: Desk, actor: Actor, row: CaseRow, item: Item, answer: Answer
) -> int | None:
    """Put a reading among the evidence; an earlier one of the same point proves nothing more."""
    number = answer.number
    if number is None:
        return None
    await desk.session.execute(
        update(EvidenceRow)
        .where(
            EvidenceRow.case_id == row.id,
            EvidenceRow.kind == EvidenceKind.MEASUREMENT,
            EvidenceRow.item == item.key,
        )
        .values(grade=Grade.D, reasons=[dict(SUPERSEDED)])
    )
    words = filled(MEASURED, label=item.label, value=f"{number:g} {item.unit}".strip())
    if item.band:
        words = filled(BAND, words=words, band=item.band)
    if answer.text:
        words = filled(BY_INSTRUMENT, words=words, instrument=answer.text)
    inside = item.is_inside(number)
    piece = EvidenceRow(
        case=row,
        kind=EvidenceKind.MEASUREMENT,
        grade=Grade.B if inside else Grade.D,
        reasons=[] if inside else [dict(OUT_OF_BAND)],
        item=item.key,
        at=desk.now,
        by=actor.name,
        by_staff=True,
        text=words,
        media_type="",
        sha256="",
        place_path=row.place_path,
    )
    desk.session.add(piece)
    await desk.session.flush()
    return piece.id
