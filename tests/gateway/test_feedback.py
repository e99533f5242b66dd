"""After the closing those who complained are asked whether it is fixed; enough of "no" count."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from core.case import Verb
from core.errors import DomainError, NotVisible
from gateway.api.appeal_models import AppealStatus
from gateway.api.case_models import CaseDetail
from gateway.cases import feedback
from gateway.cases.appeals import Receipt
from gateway.cases.desk import open_desk
from tests.gateway.hall import JPEG, LEFT, Hall, hall

pytestmark = pytest.mark.usefixtures("each_store")

T = TypeVar("T")


def run(folder: Path, scenario: Callable[[Hall], Awaitable[T]]) -> T:
    async def in_hall() -> T:
        async with hall(folder) as here:
            return await scenario(here)

    return asyncio.run(in_hall())


async def closed(here: Hall, *receipts: Receipt) -> None:
    """Do the work on the only case, and close it on a photo."""
    (case,) = await here.worklist(LEFT)
    await here.attach(LEFT, case.id, JPEG)
    case = await here.detail(LEFT, receipts[0].case)
    for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
        case = await here.act(LEFT, case, verb)


async def say(here: Hall, receipt: Receipt, fixed: bool, comment: str = "") -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        await feedback.answer(desk, receipt.number, receipt.key, fixed=fixed, comment=comment)


async def status(here: Hall, receipt: Receipt) -> AppealStatus:
    rules = here.registry.snapshot.deadlines.rules
    async with here.database.reading() as session:
        return await feedback.status_of(
            session, here.clock.now(), receipt.number, receipt.key, rules
        )


def test_a_no_sends_the_work_back_on_its_old_clock(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[CaseDetail, CaseDetail, AppealStatus]:
        receipt = await here.file()
        before = await here.detail(LEFT, receipt.case)
        await closed(here, receipt)
        here.clock.at += timedelta(hours=1)
        await say(here, receipt, fixed=False, comment="It went dark again")
        return before, await here.detail(LEFT, receipt.case), await status(here, receipt)

    before, after, applicant = run(tmp_path, scenario)
    assert (after.state, applicant.state, applicant.asked) == ("routed", "open", False)
    assert [clock.due_at for clock in after.deadlines if clock.name == "resolve"] == [
        clock.due_at for clock in before.deadlines if clock.name == "resolve"
    ]
    assert [entry.text["en"] for entry in after.timeline][-3:] == [
        f"Applicant {applicant.number}: it is not fixed",
        "It went dark again",
        "Reopened: those who complained say that it is not fixed",
    ]
    assert after.missing_proof != []  # the photo of before proves nothing any more


def test_one_no_among_six_is_noted_and_does_not_reopen(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[CaseDetail, CaseDetail]:
        receipts = [await here.file(phone=f"+7 000 555-00-{number:02}") for number in range(6)]
        await closed(here, *receipts)
        await say(here, receipts[0], fixed=False)
        first = await here.detail(LEFT, receipts[0].case)
        await say(here, receipts[1], fixed=False)
        return first, await here.detail(LEFT, receipts[0].case)

    first, second = run(tmp_path, scenario)
    assert [appeal.fixed for appeal in first.appeal_list].count(False) == 1
    assert (first.state, second.state) == ("closed", "routed")


def test_a_yes_is_kept(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[AppealStatus, AppealStatus]:
        receipt = await here.file()
        await closed(here, receipt)
        asked = await status(here, receipt)
        await say(here, receipt, fixed=True)
        return asked, await status(here, receipt)

    asked, answered = run(tmp_path, scenario)
    assert (asked.asked, asked.fixed) == (True, None)
    assert (answered.state, answered.fixed) == ("closed", True)


@pytest.mark.parametrize("after", [timedelta(), timedelta(hours=49)])
def test_nobody_answers_before_the_closing_or_long_after(tmp_path: Path, after: timedelta) -> None:
    async def scenario(here: Hall) -> str:
        receipt = await here.file()
        if after:
            await closed(here, receipt)
            here.clock.at += after
        with pytest.raises(DomainError) as refusal:
            await say(here, receipt, fixed=False)
        return refusal.value.code

    assert run(tmp_path, scenario) == "not_asked"


def test_a_stranger_does_not_answer(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        receipt = await here.file()
        await closed(here, receipt)
        async with here.database.transaction() as session:
            desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
            with pytest.raises(NotVisible):
                await feedback.answer(desk, receipt.number, "guess", fixed=False, comment="")

    run(tmp_path, scenario)
