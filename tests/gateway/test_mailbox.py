"""Letters become appeals, answers join their thread, and machines are left alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from gateway.cases.answers import EMAIL
from gateway.channels.accounts import MailAccount
from gateway.channels.correspondence import Correspondence
from gateway.channels.courier import Courier
from gateway.channels.letter import read_letter
from gateway.channels.mail_out import MailCarrier
from gateway.channels.mailbox import Mailbox
from gateway.registry.snapshot import Answering, RegistrySnapshot
from gateway.storage.case_tables import AppealRow, EvidenceRow, TimelineRow
from tests.gateway.hall import JPEG, Hall, hall, town
from tests.gateway.imap_server import PASSWORD, USER, Imap, imap_server
from tests.gateway.mail_server import mail_server
from tests.ports import free_port

T = TypeVar("T")
SAID = "Добрый день! Темно у дома Лесная, 5. Фонари не горят."


@pytest.fixture(scope="module")
def imap() -> Iterator[Imap]:
    with imap_server() as server:
        yield server


@pytest.fixture(autouse=True)
def emptied(imap: Imap) -> None:
    imap.empty()


def letter(identifier: str, text: str = SAID, **headers: str) -> EmailMessage:
    found = EmailMessage()
    found["From"] = "Анна Петрова <Anna@Home.example>"
    found["To"] = USER
    found["Subject"] = "Нет света"
    found["Message-ID"] = identifier
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    found.set_content(text)
    return found


def run(folder: Path, imap: Imap, scenario: Callable[[Hall, Mailbox], Awaitable[T]]) -> T:
    (folder / "password").write_text(PASSWORD)

    async def in_hall() -> T:
        async with hall(folder) as here:
            by_mail = Answering(carriers=frozenset({EMAIL}))
            here.registry.snapshot = RegistrySnapshot(town(), 1, answers=by_mail)
            talk = Correspondence(here.clock, here.database, here.registry, here.filing, here.files)
            return await scenario(here, Mailbox(account(folder, imap.port), talk))

    return asyncio.run(in_hall())


def account(folder: Path, imap_port: int, smtp_port: int = 1) -> MailAccount:
    return MailAccount(
        address=USER,
        smtp=f"smtp://127.0.0.1:{smtp_port}",
        imap=f"imap://127.0.0.1:{imap_port}",
        user=USER,
        password_file=folder / "password",
    )


async def appeals(here: Hall) -> list[AppealRow]:
    async with here.database.reading() as session:
        return list(await session.scalars(select(AppealRow).order_by(AppealRow.id)))


def test_a_letter_is_an_appeal_once_with_its_photo_and_is_seen_only_then(
    tmp_path: Path, imap: Imap
) -> None:
    async def scenario(here: Hall, mailbox: Mailbox) -> tuple[Any, ...]:
        written = letter("<1@home.example>")
        written.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="a.jpg")
        written.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="b.pdf")
        imap.put(written.as_bytes())
        before = imap.flags()
        await mailbox.look()
        after = imap.flags()
        imap.put(written.as_bytes())  # the server was restored from yesterday's copy
        await mailbox.look()
        async with here.database.reading() as session:
            photos = len(list(await session.scalars(select(EvidenceRow))))
        return before, after, await appeals(here), photos

    before, after, rows, photos = run(tmp_path, imap, scenario)
    assert not any("Seen" in flags for flags in before)
    assert all("Seen" in flags for flags in after)
    assert [(row.channel, row.regime, row.email) for row in rows] == [
        ("email", "appeal_59fz", "anna@home.example")
    ]
    assert rows[0].description == f"Нет света\n{SAID}\n[Не приняты вложения: b.pdf]"
    assert (rows[0].name, photos) == ("Анна Петрова", 1)


def test_an_answer_to_our_letter_joins_the_appeal_without_what_it_quotes(
    tmp_path: Path, imap: Imap
) -> None:
    async def scenario(here: Hall, mailbox: Mailbox) -> tuple[list[AppealRow], list[str]]:
        imap.put(letter("<2@home.example>").as_bytes())
        await mailbox.look()
        async with mail_server(free_port()) as sent:
            carrier = MailCarrier(MailAccount(address=USER, smtp=f"smtp://127.0.0.1:{sent.port}"))
            brings = Courier(
                here.clock, here.database, here.registry, {EMAIL: carrier}, origin="http://c"
            )
            await brings.look()
        ours = str(sent.letters[0]["Message-ID"])
        text = "Теперь и подъезд тёмный.\n\n22.11.2026, Город пишет:\n> Ваше обращение"
        imap.put(letter("<3@home.example>", text, In_Reply_To=ours).as_bytes())
        imap.put(
            letter("<4@home.example>", "Ещё.", References=f"<2@home.example> {ours}").as_bytes()
        )
        await mailbox.look()
        async with here.database.reading() as session:
            notes = await session.scalars(
                select(TimelineRow.text).where(TimelineRow.kind == "note")
            )
            return await appeals(here), [note["ru"] for note in notes]

    rows, notes = run(tmp_path, imap, scenario)
    assert len(rows) == 1
    number = rows[0].number
    assert notes == [f"Заявитель {number}: Теперь и подъезд тёмный.", f"Заявитель {number}: Ещё."]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example>"},
        {"Return_Path": "<>"},
    ],
)
def test_what_a_machine_sent_is_seen_and_left_alone(
    tmp_path: Path, imap: Imap, headers: dict[str, str]
) -> None:
    async def scenario(here: Hall, mailbox: Mailbox) -> list[AppealRow]:
        imap.put(letter("<5@home.example>", **headers).as_bytes())
        await mailbox.look()
        return await appeals(here)

    assert run(tmp_path, imap, scenario) == []
    assert all("Seen" in flags for flags in imap.flags())


def test_a_letter_that_cannot_be_kept_now_stays_unseen(tmp_path: Path, imap: Imap) -> None:
    async def scenario(here: Hall, mailbox: Mailbox) -> tuple[list[str], int]:
        imap.put(letter("<6@home.example>").as_bytes())
        talk = mailbox._correspondence
        mailbox._correspondence = Broken()  # type: ignore[assignment]
        with pytest.raises(OSError, match="disk is full"):
            await mailbox.look()
        flags = imap.flags()
        mailbox._correspondence = talk
        await mailbox.look()
        return flags, len(await appeals(here))

    flags, filed = run(tmp_path, imap, scenario)
    assert not any("Seen" in each or "Flagged" in each for each in flags)
    assert filed == 1


class Broken:
    async def take(self, _message: object) -> None:
        raise OSError("the disk is full")


def test_a_page_is_read_as_people_see_it() -> None:
    page = EmailMessage()
    page["From"] = "anna@home.example"
    page.set_content("<style>p {}</style><p>Темно<br>у дома</p>", subtype="html")
    assert read_letter(page.as_bytes()).text == "Темно\nу дома"
