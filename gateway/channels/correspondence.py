"""What people write in a conversation: a new appeal, or their answer to the one question."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from core.answer import AnswerState
from core.appeal import MAX_NAME, MIN_DESCRIPTION, Channel, Draft, Origin, plain
from core.case import CaseState
from core.clock import Clock
from core.errors import DomainError
from core.evidence import MAX_PHOTOS, EvidenceKind, grade, media_type
from core.feedback import may_answer
from core.text import Text
from gateway.cases import feedback
from gateway.cases.appeals import APPLICANT
from gateway.cases.desk import Desk, open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.filing import Filing
from gateway.cases.pictures import fit_to_show
from gateway.channels.courier import delivery_of
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow
from gateway.storage.channel_tables import OriginRow, ReceivedRow
from gateway.storage.database import Database
from gateway.storage.delivery_tables import AnswerRow, DeliveryRow

YES = re.compile(r"(?:да|исправлено|yes|fixed)\b[\s.,!:;-]*", re.IGNORECASE)
NO = re.compile(r"(?:нет|не\s+исправлено|no|not\s+fixed)\b[\s.,!:;-]*", re.IGNORECASE)
LONGEST_COMMENT = 1000
HINT: Text = {
    "ru": "Здесь можно сообщить о неполадке. Напишите одним сообщением, что случилось и где: улицу "
    "и дом. Можно приложить фотографию.",
    "en": "You can report a problem here. Write in one message what happened and where, the street "
    "and the house. You may attach a photo.",
}
ADDED: Text = {"ru": "Заявитель {number}: {said}", "en": "Applicant {number}: {said}"}
THANKS: Text = {
    "ru": "Спасибо, мы записали ваш ответ.",
    "en": "Thank you, we have noted your answer.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """via, peer, thread: as of a core.appeal.Origin. outside_id: the same for the same message.
    photos, links: what was attached, fetched or not. refers_to: ids of what it answers."""

    via: str
    peer: str
    thread: str
    outside_id: str
    text: str
    language: str
    name: str = ""
    position: tuple[float, float] | None = None
    photos: Sequence[bytes] = ()
    links: Sequence[str] = ()
    channel: Channel = Channel.SOCIAL
    refers_to: Sequence[str] = ()


class Correspondence:
    """Takes each message once, however often it comes."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        filing: Filing,
        evidence: EvidenceFiles,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._filing = filing
        self._evidence = evidence

    async def take(self, message: Message) -> None:
        """Return once it is kept."""
        if await self._is_no_appeal(message):
            return
        latitude, longitude = message.position or (None, None)
        draft = Draft(
            description=message.text,
            latitude=latitude,
            longitude=longitude,
            name=message.name[:MAX_NAME],
            email=message.peer if message.channel is Channel.EMAIL else "",
            photos=photos_of(message),
            channel=message.channel,
            outside_id=message.outside_id,
            origin=Origin(
                via=message.via, peer=message.peer, thread=message.thread, links=message.links
            ),
        )
        await self._filing.file_all([draft])

    async def _is_no_appeal(self, message: Message) -> bool:
        """Keep what is an answer or tells nothing; give False for what is to be filed."""
        key = hashlib.sha256(f"{message.via} {message.outside_id}".encode()).hexdigest()
        async with self._database.transaction() as session:
            if await session.get(ReceivedRow, key) is not None:
                return True
            desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
            if not (
                await _answered(desk, message)
                or await self._continued(desk, message)
                or _tells_nothing(desk, message)
            ):
                return False
            session.add(ReceivedRow(key=key, at=desk.now))
            return True

    async def _continued(self, desk: Desk, message: Message) -> bool:
        """Put what belongs to an open case on its timeline, with its photos."""
        found = await appeal_of(desk, message)
        if found is None or found[1].state == CaseState.CLOSED:
            return False
        appeal, case = found
        desk.say(case, "note", ADDED, by=APPLICANT, number=appeal.number, said=message.text)
        for content in photos_of(message):
            desk.session.add(
                EvidenceRow(
                    case=case,
                    appeal=appeal,
                    kind=EvidenceKind.PHOTO,
                    grade=grade(EvidenceKind.PHOTO),
                    at=desk.now,
                    by=APPLICANT,
                    by_staff=False,
                    text={},
                    media_type=media_type(content),
                    sha256=await self._evidence.put(await asyncio.to_thread(fit_to_show, content)),
                    place_path=appeal.place_path,
                )
            )
        await desk.finish()
        return True


async def appeal_of(desk: Desk, message: Message) -> tuple[AppealRow, CaseRow] | None:
    """Give the appeal of the thread to which a message belongs, if its sender is the applicant."""
    ours = [found for each in message.refers_to if (found := delivery_of(each)) is not None]
    if not message.refers_to:
        return None
    rows = await desk.session.execute(
        select(AppealRow, CaseRow)
        .join(OriginRow, OriginRow.appeal_id == AppealRow.id)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .outerjoin(AnswerRow, AnswerRow.appeal_id == AppealRow.id)
        .where(
            OriginRow.via == message.via,
            OriginRow.peer == message.peer,
            or_(OriginRow.thread.in_(message.refers_to), AnswerRow.delivery_id.in_(ours)),
        )
        .order_by(AppealRow.id.desc())
        .limit(1)
    )
    row = rows.first()
    return (row[0], row[1]) if row is not None else None


async def _answered(desk: Desk, message: Message) -> bool:
    """Take it for an answer to the question, where that was asked."""
    yes, no = YES.match(message.text), NO.match(message.text)
    if not (said := yes or no):
        return False
    rows = await desk.session.execute(
        select(AppealRow, CaseRow)
        .join(OriginRow, OriginRow.appeal_id == AppealRow.id)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .where(
            OriginRow.via == message.via,
            OriginRow.peer == message.peer,
            CaseRow.state == CaseState.CLOSED,
        )
        .order_by(CaseRow.closed_at.desc())
    )
    thread = await appeal_of(desk, message)
    for appeal, case in rows:
        is_meant = thread is None or thread[0] is appeal
        if is_meant and may_answer(case.closed_at, desk.now):
            comment = plain(message.text[said.end() :])[:LONGEST_COMMENT]
            await feedback.take_answer(desk, appeal, fixed=yes is not None, comment=comment)
            _reply(desk, message, THANKS)
            return True
    return False


def _tells_nothing(desk: Desk, message: Message) -> bool:
    """Say what to write, to who has written nothing that could be filed."""
    if len(plain(message.text)) >= MIN_DESCRIPTION and not message.text.startswith("/"):
        return False
    _reply(desk, message, HINT)
    return True


def _reply(desk: Desk, message: Message, text: Text) -> None:
    desk.session.add(
        DeliveryRow(
            via=message.via,
            address=message.peer,
            body={"subject": "", "text": text[message.language], "thread": message.thread,
                  "is_receipt": True},
            state=AnswerState.WAITING,
            tries=0,
            made_at=desk.now,
            next_at=desk.now,
            trouble="",
        )
    )  # fmt: skip


def photos_of(message: Message) -> list[bytes]:
    """Give what was attached and is a photo."""
    return [each for each in message.photos if _is_photo(each)][:MAX_PHOTOS]


def _is_photo(content: bytes) -> bool:
    try:
        media_type(content)
    except DomainError:
        return False
    return True
