"""Answers to those who complained: owed when a case is closed, checked, and sent by their channel.

What is owed stands in its row until it was sent. What a carrier is to bring is a delivery of the
same transaction, see channels/courier.py; what no carrier reaches is told by a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from core.actor import Actor
from core.answer import GAP, MEETS, AnswerKind, AnswerState, language_of, shortcomings, unsendable
from core.appeal import Channel, Origin, plain
from core.case import PERMITTED, CaseState, Verb
from core.category import category
from core.deadline_rule import Regime
from core.errors import DomainError, NotVisible
from core.text import Text, filled, in_language
from gateway.cases.appeal_clocks import extend_answer, happened
from gateway.cases.desk import SYSTEM, Desk
from gateway.cases.drafting import draft, has_facts
from gateway.storage.case_tables import AppealRow, CaseRow
from gateway.storage.channel_tables import OriginRow
from gateway.storage.delivery_tables import AnswerRow, DeliveryRow
from gateway.storage.visibility import visible_to

WALL = "wall:"  # begins the address of what everybody can read
PAGE, PHONE, EMAIL = "page", "phone", "email"
PUBLISHED = frozenset({Channel.WEB, Channel.OPEN311, Channel.WEBHOOK})  # these look by themselves
LINK = "{link}"  # in what is to be delivered: a link of its own, made when it is sent

SUBJECT: Text = {"ru": "Обращение {number}", "en": "Your report {number}"}
KINDS: Mapping[AnswerKind, Text] = {
    AnswerKind.RECEIPT: {"ru": "номер", "en": "its number"},
    AnswerKind.INTERIM: {"ru": "промежуточный ответ", "en": "the interim answer"},
    AnswerKind.FORWARDED: {"ru": "уведомление о пересылке", "en": "the notice of forwarding"},
    AnswerKind.EXTENDED: {
        "ru": "уведомление о продлении срока",
        "en": "the notice of an extension",
    },
    AnswerKind.FINAL: {"ru": "итоговый ответ", "en": "the final answer"},
}
SENT: Text = {"ru": "Обращение {number}: отправлен {what}", "en": "Appeal {number} was sent {what}"}
DESPITE: Text = {
    "ru": "Обращение {number}: отправлен {what}, хотя проверка нашла: {missing}",
    "en": "Appeal {number} was sent {what}, although the check found: {missing}",
}
PARKED: Text = {
    "ru": "Обращение {number}: не доставлен {what} ({why}). Сообщите его иначе или отправьте снова",
    "en": "Appeal {number} did not get {what} ({why}). Tell it another way, or send it again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer as a person wants it sent. despite: what the check finds missing."""

    appeal: str
    kind: AnswerKind
    text: str
    despite: bool


# ---- what comes of itself -------------------------------------------------------------------


def keep_origin(desk: Desk, appeal: AppealRow, origin: Origin) -> None:
    """Keep what came with an appeal, and let its sender have its number by the same way."""
    kept = OriginRow(
        appeal=appeal,
        key_id=origin.key,
        token=origin.token,
        attributes=[dict(each) for each in origin.attributes],
        links=list(origin.links),
        via=origin.via,
        peer=origin.peer,
        thread=origin.thread,
    )
    desk.session.add(kept)
    if origin.via not in desk.registry.answers.carriers:
        return
    language = language_of(appeal.description)
    template = desk.registry.answers.templates.text(AnswerKind.RECEIPT, Regime(appeal.regime))
    text = filled(
        template,
        number=appeal.number,
        category=category(appeal.category).name,
        address=appeal.address,
        filed="",
        executor="",
        link=LINK,
    )[language]
    row = _row(desk, appeal, AnswerKind.RECEIPT, text.replace(LINK, GAP), language)
    row.delivery = _delivery(desk, row, kept, text)
    row.via, row.state = origin.via, AnswerState.WAITING


async def answer_all(desk: Desk, case: CaseRow, *, proved: bool) -> None:
    """Owe everybody who complained their final answer, and send what needs no person.

    A person writes where facts are missing, and what the law of appeals wants signed.
    """
    appeals = await desk.session.scalars(select(AppealRow).where(AppealRow.case_id == case.id))
    ready = proved and await has_facts(desk, case)
    for appeal in appeals:
        text = await draft(desk, case, appeal, AnswerKind.FINAL)
        row = await _owed(desk.session, appeal) or _row(desk, appeal, AnswerKind.FINAL, "", "")
        row.language = language_of(appeal.description)
        row.text, row.at, row.by = in_language(text, row.language), desk.now, SYSTEM
        if ready and appeal.regime != Regime.APPEAL_59FZ and not _short(desk, row):
            await _send(desk, case, row)


# ---- what people do -------------------------------------------------------------------------


async def list_answers(session: AsyncSession, actor: Actor, case: CaseRow) -> Sequence[AnswerRow]:
    """Give the answers to the appeals of a case, in the order in which they came about."""
    found = await session.scalars(
        select(AnswerRow)
        .join(AppealRow, AnswerRow.appeal_id == AppealRow.id)
        .where(AppealRow.case_id == case.id, visible_to(actor, AppealRow))
        .options(joinedload(AnswerRow.appeal), joinedload(AnswerRow.delivery))
        .order_by(AnswerRow.id)
    )
    return [row for row in found if not is_void(row, case)]


async def draft_for(
    desk: Desk, actor: Actor, case: CaseRow, number: str, kind: AnswerKind
) -> tuple[str, Sequence[Text]]:
    """Give a draft in the language of the appeal, and what is missing in it."""
    appeal = await _appeal(desk, actor, case, number)
    language = language_of(appeal.description)
    text = in_language(await draft(desk, case, appeal, kind), language)
    return text, _shortcomings(desk, text, kind, language)


async def send(desk: Desk, actor: Actor, case: CaseRow, written: Written) -> AnswerRow:
    """Send what a person wrote. DomainError says what is missing in it."""
    appeal = await _appeal(desk, actor, case, written.appeal)
    if written.kind is AnswerKind.RECEIPT:
        raise DomainError("invalid", "A receipt is sent by itself.")
    text, language = plain(written.text), language_of(appeal.description)
    if wrong := unsendable(text):
        raise _refusal("answer_unsendable", wrong)
    missing = _shortcomings(desk, text, written.kind, language)
    if missing and not written.despite:
        raise _refusal("answer_poor", missing)
    if written.kind is AnswerKind.EXTENDED:
        extend_answer(appeal, desk.rules)
    owed = await _owed(desk.session, appeal) if written.kind is AnswerKind.FINAL else None
    row = owed or _row(desk, appeal, written.kind, "", language)
    row.text, row.language, row.by, row.at = text, language, actor.name, desk.now
    row.despite = [dict(each) for each in missing]
    await _send(desk, case, row)
    await desk.finish()
    return row


async def told(desk: Desk, actor: Actor, number: int) -> AnswerRow:
    """Take that a person has told the answer by telephone, or in another way."""
    row, case = await _answer(desk, actor, number)
    if row.state not in (AnswerState.OWED, AnswerState.PARKED):
        raise DomainError("answer_state", f"The answer is {row.state}; there is nothing to tell.")
    row.via, row.by = PHONE, actor.name
    _arrived(desk, case, row)
    await desk.finish()
    return row


async def send_again(desk: Desk, actor: Actor, number: int) -> AnswerRow:
    """Try once more what a carrier did not take."""
    row, case = await _answer(desk, actor, number)
    if row.state != AnswerState.PARKED or row.delivery is None:
        raise DomainError("answer_state", f"The answer is {row.state}; it is not to be sent again.")
    row.state = AnswerState.WAITING
    row.delivery.state, row.delivery.next_at = AnswerState.WAITING, desk.now
    row.delivery.tries, row.delivery.trouble, row.delivery.ended_at = 0, "", None
    desk.touch(case)
    await desk.finish()
    return row


# ---- what becomes of a delivery -------------------------------------------------------------


async def settle(desk: Desk, delivery: DeliveryRow) -> None:
    """Take what became of the delivery of an answer, if it is one."""
    found = await desk.session.execute(
        select(AnswerRow, AppealRow, CaseRow)
        .join(AppealRow, AnswerRow.appeal_id == AppealRow.id)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .where(AnswerRow.delivery_id == delivery.id)
        .options(joinedload(AnswerRow.appeal))
    )
    for row, appeal, case in found:
        if row.state != AnswerState.WAITING:
            continue  # it stands on the page all the while
        if delivery.state == AnswerState.SENT:
            _arrived(desk, case, row)
            continue
        row.state = AnswerState.PARKED
        desk.say(
            case,
            "answer",
            PARKED,
            number=appeal.number,
            what=KINDS[AnswerKind(row.kind)],
            why=delivery.trouble,
        )


async def is_withdrawn(session: AsyncSession, delivery: DeliveryRow) -> bool:
    """Tell whether what is to be delivered says of an open case that it is done."""
    found = await session.execute(
        select(AnswerRow, CaseRow)
        .join(AppealRow, AnswerRow.appeal_id == AppealRow.id)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .where(AnswerRow.delivery_id == delivery.id)
    )
    return any(is_void(row, case) for row, case in found)


def is_void(row: AnswerRow, case: CaseRow) -> bool:
    """Tell whether it was drafted for a closing that did not last, and nobody has it."""
    drafted = row.kind == AnswerKind.FINAL and row.by == SYSTEM and row.state != AnswerState.SENT
    return drafted and case.state != CaseState.CLOSED


def missing_in(desk: Desk, row: AnswerRow) -> Sequence[Text]:
    """Say what is missing in an answer that waits for a person."""
    return _short(desk, row) if row.state == AnswerState.OWED else ()


# ---- how it is sent -------------------------------------------------------------------------


async def _send(desk: Desk, case: CaseRow, row: AnswerRow) -> None:
    """Send it by the channel of its appeal, by mail where there is an address, else by a person."""
    await desk.session.flush()
    origin = await desk.session.get(OriginRow, row.appeal.id)
    channel = Channel(row.appeal.channel)
    if row.delivery is None and (reached := _reached(desk, row.appeal, origin)) is not None:
        row.delivery = _delivery(desk, row, reached, row.text + _question(desk, case, row))
        row.via, row.state = reached.via, AnswerState.WAITING
    if channel in PUBLISHED:
        row.via = row.via or PAGE
        _arrived(desk, case, row)
    elif row.delivery is None:
        row.via, row.state = PHONE, AnswerState.OWED
        desk.touch(case)


def _reached(desk: Desk, appeal: AppealRow, origin: OriginRow | None) -> OriginRow | None:
    carriers = desk.registry.answers.carriers
    if origin is not None and origin.via in carriers:
        return origin
    if appeal.email and EMAIL in carriers:
        return OriginRow(via=EMAIL, peer=appeal.email, thread="")
    return None


def _arrived(desk: Desk, case: CaseRow, row: AnswerRow) -> None:
    kind = AnswerKind(row.kind)
    row.state, row.sent_at = AnswerState.SENT, desk.now
    happened(row.appeal, MEETS[kind], desk.now, desk.rules)
    if kind is AnswerKind.RECEIPT:
        return
    desk.say(
        case,
        "answer",
        DESPITE if row.despite else SENT,
        by=row.by,
        number=row.appeal.number,
        what=KINDS[kind],
        missing={
            language: " ".join(each[language] for each in row.despite) for language in ("ru", "en")
        },
    )


def _question(desk: Desk, case: CaseRow, row: AnswerRow) -> str:
    """Give the one question, where the work is closed."""
    if row.kind != AnswerKind.FINAL or case.state != CaseState.CLOSED:
        return ""
    return "\n\n" + in_language(desk.registry.answers.templates.question, row.language)


def _delivery(desk: Desk, row: AnswerRow, to: OriginRow, text: str) -> DeliveryRow:
    subject = in_language(SUBJECT, row.language).format(number=row.appeal.number)
    return DeliveryRow(
        via=to.via,
        address=to.peer,
        body={
            "number": row.appeal.number,
            "subject": subject,
            "text": text,
            "thread": to.thread,
            "is_receipt": row.kind == AnswerKind.RECEIPT,
            "is_public": to.peer.startswith(WALL),
        },
        state=AnswerState.WAITING,
        tries=0,
        made_at=desk.now,
        next_at=desk.now,
        trouble="",
    )


def _row(desk: Desk, appeal: AppealRow, kind: AnswerKind, text: str, language: str) -> AnswerRow:
    row = AnswerRow(
        appeal=appeal,
        delivery=None,
        kind=kind,
        state=AnswerState.OWED,
        via="",
        language=language,
        text=text,
        by=SYSTEM,
        at=desk.now,
        despite=[],
    )
    desk.session.add(row)
    return row


async def _owed(session: AsyncSession, appeal: AppealRow) -> AnswerRow | None:
    """Give the final answer that waits for a person."""
    found: AnswerRow | None = await session.scalar(
        select(AnswerRow)
        .where(
            AnswerRow.appeal_id == appeal.id,
            AnswerRow.kind == AnswerKind.FINAL,
            AnswerRow.state == AnswerState.OWED,
        )
        .options(joinedload(AnswerRow.appeal), joinedload(AnswerRow.delivery))
    )
    return found


async def _appeal(desk: Desk, actor: Actor, case: CaseRow, number: str) -> AppealRow:
    _refuse_others(actor)
    row = await desk.session.scalar(
        select(AppealRow).where(
            AppealRow.number == number, AppealRow.case_id == case.id, visible_to(actor, AppealRow)
        )
    )
    if row is None:
        raise NotVisible("appeal", number)
    return row


async def _answer(desk: Desk, actor: Actor, number: int) -> tuple[AnswerRow, CaseRow]:
    _refuse_others(actor)
    row = await desk.session.scalar(
        select(AnswerRow)
        .join(AppealRow, AnswerRow.appeal_id == AppealRow.id)
        .where(AnswerRow.id == number, visible_to(actor, AppealRow))
        .options(joinedload(AnswerRow.appeal), joinedload(AnswerRow.delivery))
    )
    if row is None:
        raise NotVisible("answer", number)
    case = await desk.session.get_one(CaseRow, row.appeal.case_id)
    if is_void(row, case):
        raise DomainError("answer_state", "The case is open again; nothing is answered yet.")
    return row, case


def _refuse_others(actor: Actor) -> None:
    if Verb.CLOSE not in PERMITTED.get(actor.role, frozenset()):
        raise DomainError("forbidden", "Dispatchers answer those who complained.")


def _short(desk: Desk, row: AnswerRow) -> Sequence[Text]:
    return _shortcomings(desk, row.text, AnswerKind(row.kind), row.language)


def _shortcomings(desk: Desk, text: str, kind: AnswerKind, language: str) -> Sequence[Text]:
    return shortcomings(text, kind, desk.registry.answers.templates.wordings[language])


def _refusal(code: str, missing: Sequence[Text]) -> DomainError:
    words = " ".join(each["en"] for each in missing)
    return DomainError(code, words, tuple(dict(each) for each in missing))
