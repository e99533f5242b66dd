"""What residents say joins the case of its problem, or opens one; nonsense is refused whole."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.errors import DomainError, NotVisible
from gateway.api.case_models import CaseDetail, CaseRow
from gateway.cases import appeals, feedback
from gateway.storage.case_tables import AppealRow, EvidenceRow
from gateway.storage.tables import OutboxRow
from tests.gateway.hall import JPEG, LEFT, START, condition, hall

pytestmark = pytest.mark.usefixtures("each_store")


def test_a_complaint_beside_a_dark_lamp_joins_the_case_of_the_cabinet(tmp_path: Path) -> None:
    async def scenario() -> tuple[appeals.Receipt, Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            receipt = await here.file(photos=[JPEG])
            return receipt, await here.worklist(LEFT)

    receipt, (case,) = asyncio.run(scenario())
    assert (receipt.joined, case.appeals, case.incidents) == (True, 1, 1)


def test_a_complaint_that_came_first_is_taken_over_by_the_cabinet(tmp_path: Path) -> None:
    async def scenario() -> tuple[appeals.Receipt, Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            receipt = await here.file()
            await here.take(condition("cabinet-1", "mains_lost"))
            return receipt, await here.worklist(LEFT)

    receipt, (case,) = asyncio.run(scenario())
    assert (receipt.joined, case.asset, case.appeals) == (False, "cabinet-1", 1)


def test_two_complaints_within_sixty_metres_are_one_case(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        async with hall(tmp_path) as here:
            first = await here.file()
            near = await here.file(latitude=55.0005)  # 56 m
            far = await here.file(latitude=55.0006)  # 67 m from the first
            return [first.joined, near.joined, far.joined]

    assert asyncio.run(scenario()) == [False, True, False]


def test_a_number_is_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr(appeals.secrets, "randbelow", lambda _below: next(drawn))

    async def scenario() -> list[str]:
        async with hall(tmp_path) as here:
            return [(await here.file()).number for _ in range(2)]

    assert asyncio.run(scenario()) == ["261122-000007", "261122-000008"]


def test_a_complaint_about_something_else_opens_its_own_case(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            await here.file(category="yard.other")
            return await here.worklist(LEFT)

    assert len(asyncio.run(scenario())) == 2


def test_what_nobody_is_responsible_for_goes_to_the_duty_service(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            receipt = await here.file(category="yard.other")
            return await here.detail(LEFT, receipt.case)

    detail = asyncio.run(scenario())
    assert (detail.executor, detail.state) == ("duty-service", "routed")
    assert "no row" in detail.reason["en"]


def test_complaints_at_the_same_moment_open_one_case(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await asyncio.gather(*(here.file() for _ in range(8)))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert case.appeals == 8


def test_an_applicant_follows_the_appeal_with_its_key(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            receipt = await here.file()
            rules = here.registry.snapshot.deadlines.rules
            async with here.database.reading() as session:
                with pytest.raises(NotVisible):
                    await feedback.status_of(session, START, receipt.number, "guess", rules)
                mine = receipt.number, receipt.key
                status = await feedback.status_of(session, START, *mine, rules)
            return status.state

    assert asyncio.run(scenario()) == "open"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"latitude": None}, "no_place"),
        ({"latitude": 10.0}, "outside"),
        ({"latitude": float("nan")}, "outside"),
        ({"place": "nowhere"}, "unknown_place"),
        ({"latitude": None, "address": "Nowhere street 7"}, "unknown_address"),
        ({"description": "x" * 10_000}, "too_long"),
        ({"description": "  \n "}, "too_short"),
        ({"description": "dark <script>alert(1)</script>"}, "markup"),
        ({"description": "dark <img src=x onerror=alert(1)"}, "markup"),
        ({"photos": [b"MZ\x90\x00" + bytes(100)]}, "not_a_photo"),
        ({"photos": [b"\x7fELF" + bytes(100)]}, "not_a_photo"),
        ({"photos": [JPEG] * 6}, "too_many"),
        ({"category": "device.silent"}, "unknown_category"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_a_bad_complaint_is_refused_and_nothing_of_it_is_kept(
    tmp_path: Path, fields: dict[str, object], code: str
) -> None:
    async def scenario() -> tuple[list[str], int]:
        async with hall(tmp_path) as here:
            with pytest.raises(DomainError) as refusal:
                await here.file(**fields)
            async with here.database.reading() as session:
                counts = [
                    await session.scalar(select(func.count()).select_from(table)) or 0
                    for table in (AppealRow, EvidenceRow, OutboxRow)
                ]
            return [detail["code"] for detail in refusal.value.details], sum(counts)

    assert asyncio.run(scenario()) == ([code], 0)
    assert not (tmp_path / "evidence").exists()


def test_words_with_a_less_than_sign_are_not_markup(tmp_path: Path) -> None:
    async def scenario() -> appeals.Receipt:
        async with hall(tmp_path) as here:
            return await here.file(description="Warmth < 18 °C, we are <3 weeks without lamps")

    assert asyncio.run(scenario()).number
