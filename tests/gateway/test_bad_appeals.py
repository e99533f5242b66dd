"""What docs/appeals.md says of bad input: stated, and nothing legal is refused in silence."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from core.appeal import Channel
from core.errors import DomainError
from gateway.api.case_models import CaseDetail
from tests.gateway.conftest import Gateway, Scene
from tests.gateway.hall import LEFT, Hall, hall

HOUSE = {"place": "lesnaya-5", "latitude": None, "longitude": None}


def run(folder: Path, scenario: Callable[[Hall], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with hall(folder) as here:
            return await scenario(here)

    return asyncio.run(whole())


def kept(folder: Path, **fields: Any) -> CaseDetail:
    """File an appeal without a category and give the case that it made."""

    async def scenario(here: Hall) -> CaseDetail:
        receipt = await here.file(**{"category": "", **HOUSE, **fields})
        assert receipt.number
        return await here.detail(LEFT, receipt.case)

    case: CaseDetail = run(folder, scenario)
    return case


@pytest.mark.parametrize(
    "words",
    [
        "Сволочи и бездельники, идите вы все лесом",
        "?!?!?! ... !!!",
        "😡😡😡🔥",
        "Die Straßenlaterne vor dem Haus ist seit gestern kaputt",
        "路灯坏了，晚上很黑",
        "\u202eмотоборот \u0000\u0007 текст",
    ],
    ids=["abusive", "signs", "pictures", "German", "Chinese", "control characters"],
)
def test_strange_words_are_taken_and_a_person_says_what_they_are_about(
    tmp_path: Path, words: str
) -> None:
    case = kept(tmp_path, description=words)
    assert case.category == "unclear.appeal"
    assert case.state == "new"
    assert case.due_at is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"place": "nowhere"},
        {"place": "", "latitude": 10.0, "longitude": 10.0},
        {"place": "", "address": "Бейкер-стрит, 221Б"},
        {"description": "<b>Темно</b> <script>alert(1)</script>"},
        {"description": "Темно и страшно. " * 10_000},
        {"category": "no.such"},
    ],
    ids=["no place", "outside", "strange address", "markup", "enormous", "no category"],
)
def test_what_a_letter_cannot_mend_is_taken_as_it_is(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    async def scenario(here: Hall) -> str:
        region = LEFT.__class__(id="r", name="R", role=LEFT.role, place="town", place_path="town/")
        letter = {"category": "", "description": "Темно и страшно", **HOUSE, **fields}
        receipt = await here.file(**letter, channel=Channel.EMAIL)
        case = await here.detail(region, receipt.case)
        return case.appeal_list[0].description

    said = str(fields.get("description", "Темно и страшно")).strip()
    assert run(tmp_path, scenario) == said


@pytest.mark.parametrize("words", ["", "  \n ", "\x00\x01\x02", "a"])
def test_nothing_is_no_appeal_and_is_said_so(tmp_path: Path, words: str) -> None:
    async def scenario(here: Hall) -> None:
        await here.file(description=words, channel=Channel.EMAIL)

    with pytest.raises(DomainError, match="Say what happened"):
        run(tmp_path, scenario)


def test_of_a_thousand_letters_of_one_sender_each_has_its_number(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[int, int]:
        filing = asyncio.create_task(here.filing.run())
        letters = [
            here.draft(
                description=f"Письмо {at}: опять темно у дома",
                email="one@mail.example",
                channel=Channel.EMAIL,
                outside_id=f"letter-{at}",
            )
            for at in range(1000)
        ]
        receipts = await asyncio.gather(*map(here.filing.file, letters))
        filing.cancel()
        cases = await here.worklist(LEFT)
        return len({receipt.number for receipt in receipts}), sum(case.appeals for case in cases)

    assert run(tmp_path, scenario) == (1000, 1000)


def test_who_files_too_much_by_the_page_is_told_to_wait_and_loses_nothing(
    play: Callable[[Scene], None],
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            form = {"category": "yard.other", "place": "lesnaya-5"}
            answers = [
                await browser.post(
                    "/api/v1/public/appeals", data=form | {"description": f"Скамейка {at}"}
                )
                for at in range(40)
            ]
            taken = [answer.json()["number"] for answer in answers if answer.status_code == 201]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert len(taken) + len(refused) == 40
            assert len(set(taken)) == len(taken) >= 20
            assert "Try again in a minute" in refused[0].json()["detail"]

    play(scene)


def test_an_attachment_that_is_not_what_it_says_is_refused_with_every_other_fault(
    play: Callable[[Scene], None],
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            answer = await browser.post(
                "/api/v1/public/appeals",
                data={"category": "no.such", "description": "", "place": "lesnaya-5"},
                files={"photo": ("yard.jpg", b"MZ\x90\x00" * 64, "image/jpeg")},
            )
            assert answer.status_code == 422
            faults = {each["field"]: each for each in answer.json()["errors"]}
            assert faults.keys() == {"category", "description", "photo"}
            assert all(each["ru"] and each["en"] for each in faults.values())

    play(scene)
