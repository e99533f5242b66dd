"""What people write in a conversation: a new appeal, or their answer to the one question."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.answer import AnswerState
from core.appeal import MAX_NAME, MIN_DESCRIPTION, Channel, Draft, Origin, plain
from core.case import CaseState
from core.clock import Clock
from core.errors import DomainError
from core.evidence import MAX_PHOTOS, media_type
from core.feedback import may_answer
from core.text import Text
from gateway.cases import feedback
from gateway.cases.desk import Desk, open_desk
from gateway.cases.filing import Filing
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import AppealRow, CaseRow
from gateway.storage.channel_tables import OriginRow, ReceivedRow
from gateway.storage.database import Database
from gateway.storage.delivery_tables import DeliveryRow

YES = re.compile(r"(?:да|исправлено|yes|fixed)\b[\s.,!:;-]*", re.IGNORECASE)
NO = re.compile(r"(?:нет|не\s+исправлено|no|not\s+fixed)\b[\s.,!:;-]*", re.IGNORECASE)
LONGEST_COMMENT = 1000
HINT: Text = {
    "ru": "Здесь можно сообщить о неполадке. Напишите одним сообщением, что случилось и где: улицу "
    "и дом. Можно приложить фотографию.",
    "en": "You can report a problem here. Write in one message what happened and where, the street "
    "and the house. You may attach a photo.",
}
THANKS: Text = {
    "ru": "Спасибо, мы записали ваш ответ.",
    "en": "Thank you, we have noted your answer.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """via, peer, thread: as of a core.appeal.Origin. outside_id: the same for the same message.
    photos, links: what was attached, fetched or not."""

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


class Correspondence:
    """Takes each message once, however often it comes."""

    def __init__(
        self, clock: Clock, database: Database, registry: CurrentRegistry, filing: Filing
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._filing = filing

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
            photos=[each for each in message.photos if _is_photo(each)][:MAX_PHOTOS],
            channel=message.channel,
            outside_id=message.outside_id,
            origin=Origin(
                via=message.via, peer=message.peer, thread=message.thread, links=message.links
            ),
        )
        await self._filing.file(draft)

    async def _is_no_appeal(self, message: Message) -> bool:
        """Keep what is an answer or tells nothing; give False for what is to be filed."""
        key = hashlib.sha256(f"{message.via} {message.outside_id}".encode()).hexdigest()
        async with self._database.transaction() as session:
            if await session.get(ReceivedRow, key) is not None:
                return True
            desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
            if not await _answered(desk, message) and not _tells_nothing(desk, message):
                return False
            session.add(ReceivedRow(key=key, at=desk.now))
            return True


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
    for appeal, case in rows:
        if may_answer(case.closed_at, desk.now):
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


def _is_photo(content: bytes) -> bool:
    try:
        media_type(content)
    except DomainError:
        return False
    return True
