"""A letter as it lies in a mailbox: who wrote what, in which thread, and whether a machine did."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser

REFERENCE = re.compile(r"<[^<>\s]{1,300}>")
BULK = frozenset({"bulk", "list", "junk"})
# What stands before the letter that is answered; what follows is known.
QUOTED = re.compile(
    r"^(?:>|-{2,}\s*(?:original message|исходное сообщение|пересылаемое сообщение)|"
    r"on .{6,200} wrote:|.{6,200} (?:пишет|написала?|wrote):\s*$|from: |от: )",
    re.IGNORECASE | re.MULTILINE,
)
BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """refers_to: Message-IDs of the letters that it answers. dropped: names of what was attached
    and is no picture."""

    message_id: str
    refers_to: Sequence[str]
    sender: str
    name: str
    subject: str
    text: str
    pictures: Sequence[bytes]
    dropped: Sequence[str]
    is_automatic: bool


def read_letter(raw: bytes) -> Letter:
    """Understand a letter; its faults are what the library makes of them."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the default policy makes these
    name, sender = parseaddr(str(message.get("From", "")))
    attached = list(_attached(message))
    pictures = [content for kind, _, content in attached if kind == "image"]
    threads = f"{message.get('References', '')} {message.get('In-Reply-To', '')}"
    refers_to = REFERENCE.findall(threads)
    text = _text(message)
    return Letter(
        message_id=str(message.get("Message-ID", "")).strip(),
        refers_to=refers_to,
        sender=sender.lower(),
        name=name,
        subject=" ".join(str(message.get("Subject", "")).split()),
        text=_new_part(text) if refers_to else text.strip(),
        pictures=pictures,
        dropped=[name for kind, name, _ in attached if kind != "image"],
        is_automatic=_is_automatic(message, sender),
    )


def _is_automatic(message: EmailMessage, sender: str) -> bool:
    """Tell whether a machine has sent it: nobody is to be answered (RFC 3834, section 2)."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return (
        submitted != "no"
        or str(message.get("Precedence", "")).strip().lower() in BULK
        or "List-Id" in message
        or "X-Autoreply" in message
        or str(message.get("Return-Path", "")).strip() == "<>"
        or sender.lower().startswith(("mailer-daemon@", "postmaster@"))
        or message.get_content_type() == "multipart/report"
    )


def _attached(message: EmailMessage) -> Iterator[tuple[str, str, bytes]]:
    for part in message.walk():
        name = part.get_filename() or ""
        if part.is_multipart() or not (name or part.get_content_maintype() == "image"):
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield part.get_content_maintype(), name, content


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    content = str(body.get_content())
    if body.get_content_subtype() != "html":
        return content
    reader = _Words()
    reader.feed(content)
    return "".join(reader.words)


def _new_part(text: str) -> str:
    """Give what was written above the letter that is answered."""
    quoted = QUOTED.search(text)
    return (text[: quoted.start()] if quoted else text).strip()


class _Words(HTMLParser):
    """Keeps what people see of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in ("style", "script")
        if tag in BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)
