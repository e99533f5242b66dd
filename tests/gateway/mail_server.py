"""A mail server that keeps what it is sent, and refuses what a test wants refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """port: where the server listens. refusal: what it answers to every letter, if not empty."""

    port: int
    refusal: str = ""
    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        return "250 taken"


@asynccontextmanager
async def mail_server(port: int, mailbox: Mailbox | None = None) -> AsyncIterator[Mailbox]:
    mailbox = mailbox or Mailbox(port)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname="mail.example"), "127.0.0.1", port
    )
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()
