"""Who complained is answered from facts, through their own channel, and nothing owed is lost."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.answer import AnswerKind
from core.appeal import Channel, Origin
from core.case import Verb
from core.errors import ConfigError, DomainError
from gateway.answers.templates_file import BUNDLED, load_templates
from gateway.api.case_models import CaseDetail
from gateway.cases import answers, feedback, work
from gateway.cases.answers import EMAIL, Written
from gateway.cases.appeals import Receipt
from gateway.cases.desk import open_desk
from gateway.channels.accounts import MailAccount
from gateway.channels.courier import Courier
from gateway.channels.mail_out import MailCarrier
from gateway.registry.snapshot import Answering, RegistrySnapshot
from gateway.storage.case_tables import AppealClockRow, TimelineRow
from gateway.storage.delivery_tables import AnswerRow
from tests.gateway.hall import JPEG, LEFT, Hall, hall, town
from tests.gateway.mail_server import Mailbox, mail_server
from tests.ports import free_port

T = TypeVar("T")
LETTER = "<1@home.example>"
GOOD = "The cable was replaced on 2026-11-23."


def run(folder: Path, scenario: Callable[[Hall], Awaitable[T]]) -> T:
    async def in_hall() -> T:
        async with hall(folder) as here:
            carriers = frozenset({EMAIL})
            here.registry.snapshot = RegistrySnapshot(
                town(), 1, answers=Answering(carriers=carriers)
            )
            return await scenario(here)

    return asyncio.run(in_hall())


async def written_by_mail(here: Hall, **fields: object) -> Receipt:
    """File what came into the mailbox."""
    origin = Origin(via=EMAIL, peer="anna@home.example", thread=LETTER)
    return await here.file(channel=Channel.EMAIL, origin=origin, outside_id=LETTER, **fields)


async def close(here: Hall, number: int) -> None:
    await here.attach(LEFT, number, JPEG)
    for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
        await here.act(LEFT, await here.detail(LEFT, number), verb)


async def send(
    here: Hall, receipt: Receipt, text: str, *, kind: AnswerKind = AnswerKind.FINAL,
    despite: bool = False,
) -> None:  # fmt: skip
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        case = await work.find_case(session, LEFT, receipt.case)
        written = Written(appeal=receipt.number, kind=kind, text=text, despite=despite)
        await answers.send(desk, LEFT, case, written)


async def owed(here: Hall) -> Sequence[tuple[str, str, str]]:
    """Give kind, state and carrier of every answer."""
    async with here.database.reading() as session:
        rows = await session.scalars(select(AnswerRow).order_by(AnswerRow.id))
        return [(row.kind, row.state, row.via) for row in rows]


async def answered(here: Hall, name: str) -> bool:
    async with here.database.reading() as session:
        clock = await session.scalar(select(AppealClockRow).where(AppealClockRow.name == name))
        return clock is not None and clock.met_at is not None


async def told(here: Hall) -> Sequence[str]:
    async with here.database.reading() as session:
        found = await session.scalars(
            select(TimelineRow.text).where(TimelineRow.kind == "answer").order_by(TimelineRow.id)
        )
        return [text["en"] for text in found]


def courier(here: Hall, port: int) -> Courier:
    account = MailAccount(address="help@city.example", smtp=f"smtp://127.0.0.1:{port}")
    return Courier(
        here.clock, here.database, here.registry, {EMAIL: MailCarrier(account)}, origin="http://c"
    )


def test_who_used_the_form_reads_on_the_page_what_was_done_when_and_by_whom(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[str, Sequence[tuple[str, str, str]], bool]:
        receipt = await here.file()
        await close(here, receipt.case)
        async with here.database.reading() as session:
            rules = here.registry.snapshot.deadlines.rules
            status = await feedback.status_of(
                session, here.clock.now(), receipt.number, receipt.key, rules
            )
        return status.answer["en"], await owed(here), await answered(here, "portal_answer")

    text, rows, is_met = run(tmp_path, scenario)
    assert re.sub(r"\d{6}-\d{6}", "N", text) == (
        "Your report N (The street is dark, lesnaya, left-bank). The lighting was restored on "
        "2026-11-22 15:00 by Light Ltd. This is proved by: a photo of the work done."
    )
    assert (rows, is_met) == ([("final", "sent", "page")], True)


def test_a_caller_is_owed_the_answer_until_a_person_has_told_it(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[object, ...]:
        receipt = await here.file(channel=Channel.CALL, phone="+7 000 555-00-01")
        await close(here, receipt.case)
        before = await owed(here), await answered(here, "portal_answer")
        async with here.database.transaction() as session:
            desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
            await answers.told(desk, LEFT, 1)
        return *before, await owed(here), await answered(here, "portal_answer")

    assert run(tmp_path, scenario) == (
        [("final", "owed", "phone")], False, [("final", "sent", "phone")], True,
    )  # fmt: skip


def test_a_poor_answer_is_refused_with_what_is_missing_unless_a_person_insists(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall) -> tuple[Sequence[str], Sequence[str]]:
        receipt = await here.file()
        with pytest.raises(DomainError) as refusal:
            await send(here, receipt, "Everything is under control")
        await send(here, receipt, "Everything is under control", despite=True)
        return [each["en"] for each in refusal.value.details], await told(here)

    missing, timeline = run(tmp_path, scenario)
    assert missing == [
        "“under control” says nothing. Write what exactly, and when.",
        "There is no date: say when it was done.",
        "There is no measure: say what was done (replaced, restored, repaired…).",
    ]
    assert len(timeline) == 1
    assert "although the check found: “under control” says nothing." in timeline[0]


def test_a_letter_waits_for_its_server_and_comes_once_in_its_thread(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall) -> tuple[object, ...]:
        receipt = await written_by_mail(here)
        port = free_port()
        brings = courier(here, port)
        await brings.look()  # nobody listens
        waiting = await owed(here)
        async with mail_server(port) as mailbox:
            none_yet = await brings.look()
            here.clock.at += timedelta(seconds=11)
            await brings.look()
            await send(here, receipt, GOOD, kind=AnswerKind.INTERIM)
            while await brings.look():
                pass
        return waiting, none_yet, mailbox.letters, await answered(here, "legal_answer")

    waiting, none_yet, letters, is_met = run(tmp_path, scenario)
    assert (waiting, none_yet) == ([("receipt", "waiting", "email")], 0)
    receipt, interim = letters
    assert (receipt["To"], receipt["In-Reply-To"]) == ("anna@home.example", LETTER)
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert interim.get_content().strip() == GOOD
    assert interim["Message-ID"].endswith("@city.example>")
    assert is_met is False  # an interim answer is not the final one


def test_a_legal_appeal_waits_for_a_person_and_asks_with_a_link(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall) -> tuple[object, ...]:
        receipt = await written_by_mail(here, description="Темно на улице, фонари не горят")
        await close(here, receipt.case)
        before = await owed(here)
        async with here.database.reading() as session:
            drafted = await session.scalar(select(AnswerRow.text).where(AnswerRow.kind == "final"))
        await send(here, receipt, drafted or "")
        async with mail_server(free_port()) as mailbox:
            await courier(here, mailbox.port).look()
        link = re.search(r"http\S+", mailbox.letters[-1].get_content())
        query = parse_qs(urlsplit(link[0] if link else "").query)
        async with here.database.transaction() as session:
            desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
            await feedback.answer(
                desk, query["number"][0], query["key"][0], fixed=False, comment=""
            )
        case = await here.detail(LEFT, receipt.case)
        return before[-1], drafted, await answered(here, "legal_answer"), case.state

    before, drafted, is_met, state = run(tmp_path, scenario)
    assert before == ("final", "owed", "")
    assert "в порядке, установленном статьёй 5" in str(drafted)
    assert "Освещение восстановлено: 22.11.2026 15:00" in str(drafted)
    assert (is_met, state) == (True, "routed")  # answered, and sent back by the applicant's no


def test_a_notice_of_extension_moves_the_legal_answer_on_once(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[str, datetime, datetime, str, str]:
        legal = await written_by_mail(here)
        portal = await here.file()
        case = await here.detail(LEFT, legal.case)
        before = due(case, legal)
        async with here.database.reading() as session:
            desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
            row = await work.find_case(session, LEFT, legal.case)
            text, _ = await answers.draft_for(desk, LEFT, row, legal.number, AnswerKind.EXTENDED)
        text = text.replace("…", "the pipe is on its way")
        await send(here, legal, text, kind=AnswerKind.EXTENDED)
        after = due(await here.detail(LEFT, legal.case), legal)
        with pytest.raises(DomainError) as again:
            await send(here, legal, text, kind=AnswerKind.EXTENDED)
        with pytest.raises(DomainError) as never:
            await send(here, portal, text, kind=AnswerKind.EXTENDED)
        return text, before, after, again.value.code, never.value.code

    text, before, after, again, never = run(tmp_path, scenario)
    assert (after - before).days == 30
    assert f"was extended until {after.astimezone(ZoneInfo('Europe/Moscow')):%Y-%m-%d}" in text
    assert (again, never) == ("clock_extended", "clock_not_extendable")


def due(case: CaseDetail, receipt: Receipt) -> datetime:
    (appeal,) = [each for each in case.appeal_list if each.number == receipt.number]
    return next(clock.due_at for clock in appeal.deadlines if clock.name == "legal_answer")


def test_what_the_server_refuses_for_good_is_told_and_can_be_told_otherwise(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[object, ...]:
        receipt = await written_by_mail(here)
        await send(here, receipt, GOOD)
        port = free_port()
        async with mail_server(port, Mailbox(port, refusal="550 no such mailbox")) as mailbox:
            await courier(here, port).look()
            parked = (await owed(here))[-1], await told(here)
            mailbox.refusal = ""
            async with here.database.transaction() as session:
                desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
                await answers.send_again(desk, LEFT, 2)
            await courier(here, port).look()
        return *parked, (await owed(here))[-1], len(mailbox.letters)

    row, timeline, after, letters = run(tmp_path, scenario)
    assert row == ("final", "parked", "email")
    assert isinstance(timeline, list)
    assert timeline[-1].endswith(
        "did not get the final answer (550 no such mailbox). Tell it another way, or send it again"
    )
    assert (after, letters) == (("final", "sent", "email"), 1)


def test_what_no_server_takes_for_three_days_is_parked(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[str, str, str]:
        receipt = await written_by_mail(here)
        await send(here, receipt, GOOD)
        here.clock.at += timedelta(days=3)
        await courier(here, free_port()).look()
        return (await owed(here))[-1]

    assert run(tmp_path, scenario) == ("final", "parked", "email")


def test_nobody_is_told_that_it_is_done_once_the_work_went_on(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[int, Sequence[tuple[str, str, str]]]:
        receipt = await here.file(channel=Channel.SOCIAL, email="anna@home.example")
        await close(here, receipt.case)
        before = await owed(here)
        await here.act(LEFT, await here.detail(LEFT, receipt.case), Verb.REOPEN)
        async with mail_server(free_port()) as mailbox:
            await courier(here, mailbox.port).look()
        return len(mailbox.letters), before

    assert run(tmp_path, scenario) == (0, [("final", "waiting", "email")])


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("{due}", "{until}", "interim has no field 'until'"),
        (", {address}) в работе. Исполнитель: {executor}. Срок: {due}.", ") в рабочем порядке.",
         "interim, ru: “в рабочем порядке” says nothing."),
        ("Подача воды восстановлена", "Вода", "measures_of water.none: final, ru: There is no mea"),
        ("{of: lighting.,", "{of: lights.,", "'lights.' is no category"),
        ("kind: interim", "kind: final", "final has no field 'due'"),
    ],
)  # fmt: skip
def test_the_file_of_answers_is_checked_whole(
    tmp_path: Path, old: str, new: str, wrong: str
) -> None:
    text = BUNDLED.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "answers.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(wrong)):
        load_templates(file)
