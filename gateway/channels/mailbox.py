"""A mailbox that people write to: each letter is taken, and only then marked as seen."""

import asyncio
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import structlog

from core.answer import language_of
from core.appeal import MAX_LETTER, Channel
from core.errors import ConfigError, DomainError
from gateway.cases.answers import EMAIL
from gateway.channels.accounts import MailAccount
from gateway.channels.correspondence import Correspondence, Message
from gateway.channels.letter import Letter, read_letter
from gateway.storage.failures import StoreAway

log = structlog.get_logger()

IMAP_PORT, IMAPS_PORT = 143, 993
LOOK_EVERY_S = 15.0
TIMEOUT_S = 30.0
AT_ONCE = 20  # letters of a look
LARGEST = 40 * 1024 * 1024  # bytes of a letter that is fetched
NOT_TAKEN: dict[str, str] = {
    "ru": "[Не приняты вложения: {names}]",
    "en": "[Attachments that were not taken: {names}]",
}
SIZE = re.compile(rb"RFC822\.SIZE (\d{1,18})")
# What malformed letters make the library raise.
MALFORMED = (ValueError, LookupError, AttributeError, TypeError)


class Mailbox:
    """What is not understood is flagged and left unseen, for a person to read there."""

    def __init__(self, account: MailAccount, correspondence: Correspondence) -> None:
        self._account = account
        self._correspondence = correspondence
        self._is_lost = False

    async def watch(self) -> None:
        """Look every 15 seconds, for as long as the gateway runs."""
        while True:
            try:
                while await self.look() == AT_ONCE:
                    pass
                if self._is_lost:
                    log.info("mailbox is back", mailbox=self._account.address)
                self._is_lost = False
            except (OSError, imaplib.IMAP4.error, ConfigError) as error:
                if not self._is_lost:
                    log.warning("mailbox lost", mailbox=self._account.address, error=str(error))
                self._is_lost = True
            except StoreAway:
                log.debug("letters wait for the store")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> int:
        """Take what nobody has seen; give how many letters that were."""
        letters = await asyncio.to_thread(self._fetch)
        for number, raw in letters.items():
            understood = await self._take(raw)
            await asyncio.to_thread(self._mark, number, r"\Seen" if understood else r"\Flagged")
        return len(letters)

    async def _take(self, raw: bytes | None) -> bool:
        """Tell whether the letter was understood, and is kept if it is for us."""
        if raw is None:
            log.warning("letter is too large", mailbox=self._account.address)
            return False
        try:
            letter = read_letter(raw)
        except MALFORMED as error:
            log.warning("letter not understood", error=type(error).__name__)
            return False
        if letter.is_automatic or "@" not in letter.sender:
            log.info("letter of a machine left alone", mailbox=self._account.address)
            return True
        try:
            await self._correspondence.take(message_of(letter))
        except DomainError as refusal:
            log.warning("letter not taken", code=refusal.code)
            return False
        return True

    def _fetch(self) -> dict[str, bytes | None]:
        with self._opened() as box:
            _, found = box.uid("SEARCH", "UNSEEN", "UNFLAGGED")
            numbers = (found[0] or b"").decode().split()[:AT_ONCE]
            return {number: _content(box, number) for number in numbers}

    def _mark(self, number: str, flag: str) -> None:
        with self._opened() as box:
            box.uid("STORE", number, "+FLAGS", f"({flag})")

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        server = urlsplit(self._account.imap)
        host, context = server.hostname or "", ssl.create_default_context()
        box: imaplib.IMAP4
        if server.scheme == "imaps":
            box = imaplib.IMAP4_SSL(
                host, server.port or IMAPS_PORT, ssl_context=context, timeout=TIMEOUT_S
            )
        else:
            box = imaplib.IMAP4(host, server.port or IMAP_PORT, timeout=TIMEOUT_S)
            if "STARTTLS" in box.capabilities:
                box.starttls(context)
        try:
            box.login(self._account.user, self._account.password)
            box.select(self._account.folder)
            yield box
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                box.logout()


def message_of(letter: Letter) -> Message:
    """Give a letter as a message of a conversation."""
    language = language_of(f"{letter.subject} {letter.text}")
    # The subject of an answer is ours.
    words = letter.text if letter.refers_to else f"{letter.subject}\n{letter.text}".strip()
    if letter.dropped:
        words += "\n" + NOT_TAKEN[language].format(names=", ".join(letter.dropped))
    message = Message(
        via=EMAIL,
        peer=letter.sender,
        thread=letter.message_id,
        outside_id=letter.message_id,
        text=words[:MAX_LETTER],
        language=language,
        name=letter.name,
        photos=letter.pictures,
        channel=Channel.EMAIL,
        refers_to=letter.refers_to,
    )
    # Without an id the words and their sender are what tells letters from one another.
    return message if letter.message_id else replace(message, outside_id=f"{letter.sender} {words}")


def _content(box: imaplib.IMAP4, number: str) -> bytes | None:
    """Give a letter without marking it; None where it is too large."""
    _, sizes = box.uid("FETCH", number, "(RFC822.SIZE)")
    size = SIZE.search(bytes(sizes[0] or b""))
    if size is None:
        raise imaplib.IMAP4.error(f"letter {number} has no size")
    if int(size[1]) > LARGEST:
        return None
    _, parts = box.uid("FETCH", number, "(BODY.PEEK[])")
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")
