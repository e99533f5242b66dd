"""Words become cases: read, joined, marked, and never lost, whatever they are."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from core.appeal import Channel
from core.errors import DomainError
from gateway.api.case_models import CaseDetail
from tests.gateway.hall import LEFT, Hall, condition, hall

on_each_store = pytest.mark.usefixtures("each_store")
HOUSE = {"latitude": None, "longitude": None, "place": "lesnaya-5"}
NOWHERE = {"latitude": None, "longitude": None}


def filed(folder: Path, **fields: object) -> CaseDetail:
    """File one appeal without a category, and give its case."""

    async def scenario() -> CaseDetail:
        async with hall(folder) as here:
            receipt = await here.file(**{"category": ""} | fields)
            return await here.detail(LEFT, receipt.case)

    return asyncio.run(scenario())


@on_each_store
def test_what_it_is_about_is_read_and_routed(tmp_path: Path) -> None:
    case = filed(tmp_path, description="The whole street is dark, no lights at all")
    assert (case.category, case.executor, case.state) == ("lighting.dark", "light", "routed")
    assert case.appeal_list[0].category_by == "kvartal"


def test_what_is_not_sure_waits_for_a_person_while_its_clock_runs(tmp_path: Path) -> None:
    case = filed(tmp_path, description="Something strange happens again and again")
    assert (case.category, case.executor, case.state) == ("unclear.appeal", None, "new")
    assert [clock.name for clock in case.deadlines if clock.met_at is None] == ["route"]
    assert case.sortable


def test_the_likeliest_are_suggested(tmp_path: Path) -> None:
    case = filed(tmp_path, description="Лифт и вода, и отопление, всё плохо")
    best = case.appeal_list[0].suggestions
    assert best[0].confidence < 0.85
    assert {"lift.stopped", "heating.low"} <= {each.category for each in best}


@pytest.mark.parametrize(
    ("said", "kinds", "priority"),
    [
        ("Сильно пахнет газом на лестнице", ["gas"], "critical"),
        ("Someone is trapped in the lift", ["trapped"], "critical"),
        ("Нет отопления, дома грудной ребёнок", ["cold_child"], "high"),
        ("Не стрижен газон", [], "low"),
    ],
)
def test_what_cannot_wait_raises_the_priority(
    tmp_path: Path, said: str, kinds: list[str], priority: str
) -> None:
    case = filed(tmp_path, description=said, category="yard.other")
    assert (case.urgent, case.priority) == (kinds, priority)


def test_a_trapped_passenger_does_not_wait_for_a_person(tmp_path: Path) -> None:
    assert filed(tmp_path, description="Лифт застрял, внутри люди").category == "lift.trapped"


def test_a_house_that_only_the_words_name_is_found(tmp_path: Path) -> None:
    case = filed(tmp_path, description="На lesnaya 5 во 2 подъезде темно", **NOWHERE)
    assert case.place == "lesnaya-5"
    assert case.appeal_list[0].facts == {"entrance": "2"}


def test_several_troubles_in_one_message_are_proposed_apart(tmp_path: Path) -> None:
    said = "Здравствуйте! 1. Не горит фонарь у дома 5. 2. Не вывозят мусор третью неделю."
    (appeal,) = filed(tmp_path, description=said).appeal_list
    assert appeal.parts == ["Не горит фонарь у дома 5.", "Не вывозят мусор третью неделю."]
    assert appeal.description == said


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Im Keller steht seit gestern Wasser, bitte kommen Sie", "in another language"),
        ("Вы все там идиоты и бездельники, сколько можно", "abusive"),
        ("темно " * 20_000, "enormous"),
        ("<b>Dark</b> & <script>alert(1)</script>", "with markup"),
        ("🙂🙂🙂", "without words"),
    ],
)
def test_a_letter_is_never_refused(tmp_path: Path, said: str, why: str) -> None:
    case = filed(tmp_path, description=said, channel=Channel.EMAIL, category="", email="a@b.ru")
    assert case.appeal_list[0].description == said.strip(), why


def test_a_letter_from_outside_the_territory_waits_for_a_person_of_the_region(
    tmp_path: Path,
) -> None:
    async def scenario() -> int:
        async with hall(tmp_path) as here:
            return (await here.file(latitude=10.0, channel=Channel.EMAIL)).case

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"email": "Anna@mail.ru"}, {"email": "anna@mail.ru"}, True),
        ({"phone": "+7 910 1234567"}, {"phone": "+7(910)123-45-67"}, True),
        ({"outside_id": "7"}, {"outside_id": "7", "description": "other words"}, True),
        ({"email": "anna@mail.ru"}, {"email": "boris@mail.ru"}, False),
        ({"email": "anna@mail.ru"}, {"email": "anna@mail.ru", "description": "Dark!"}, False),
        ({"outside_id": "7"}, {"outside_id": "8"}, False),
        ({"outside_id": "7"}, {"outside_id": "7", "channel": Channel.CALL}, False),
        ({}, {}, False),
    ],
)
def test_the_same_message_twice_is_one(
    tmp_path: Path, first: dict[str, object], second: dict[str, object], *, same: bool
) -> None:
    async def scenario() -> tuple[bool, int]:
        async with hall(tmp_path) as here:
            one, other = await here.file(**first), await here.file(**second)
            (case,) = await here.worklist(LEFT)
            return one.number == other.number, case.appeals

    assert asyncio.run(scenario()) == (same, 1 if same else 2)


@on_each_store
def test_a_form_that_is_sent_again_gets_the_same_key(tmp_path: Path) -> None:
    secret = {"outside_id": "0c1f6a2e-5e0c-4a55-9a39-0b6a3f3a1f11"}

    async def scenario() -> bool:
        async with hall(tmp_path) as here:
            one, other = await here.file(**secret), await here.file(**secret)
            return bool(one.key) and (one.number, one.key) == (other.number, other.key)

    assert asyncio.run(scenario())


def test_the_same_words_after_the_case_was_closed_are_a_new_appeal(tmp_path: Path) -> None:
    async def scenario() -> set[str]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            numbers = {(await here.file(email="a@b.ru")).number}
            await here.take(condition("cabinet-1", "mains_lost", active=False, after=9))
            await here.close_all(LEFT)
            return numbers | {(await here.file(email="a@b.ru")).number}

    assert len(asyncio.run(scenario())) == 2


async def joined(here: Hall, *complaints: dict[str, object]) -> list[bool]:
    return [(await here.file(**each)).joined for each in complaints]


def join_all(folder: Path, *complaints: dict[str, object]) -> list[bool]:
    async def scenario() -> list[bool]:
        async with hall(folder) as here:
            return await joined(here, *complaints)

    return asyncio.run(scenario())


def test_what_a_whole_house_has_is_one_in_whatever_words(tmp_path: Path) -> None:
    one = {**HOUSE, "category": "water.none", "description": "Нет воды"}
    other = {**HOUSE, "category": "water.none", "description": "Кран сухой с утра"}
    assert join_all(tmp_path, one, other) == [False, True]


@on_each_store
def test_what_everybody_has_of_their_own_is_one_only_in_like_words(tmp_path: Path) -> None:
    one = {**HOUSE, "category": "yard.other", "description": "Сломана скамейка у подъезда"}
    again = {**HOUSE, "category": "yard.other", "description": "Скамейка у подъезда сломана"}
    other = {**HOUSE, "category": "yard.other", "description": "Спилите сухой тополь"}
    assert join_all(tmp_path, one, again, other) == [False, True, False]


def test_a_street_is_too_long_to_be_one_place(tmp_path: Path) -> None:
    street = {"latitude": None, "longitude": None, "place": "lesnaya"}
    assert join_all(tmp_path, street, street) == [False, False]


def test_complaints_weeks_apart_are_two_troubles(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        async with hall(tmp_path) as here:
            first = await joined(here, HOUSE)
            here.clock.at += timedelta(days=22)
            return first + await joined(here, HOUSE)

    assert asyncio.run(scenario()) == [False, False]


def test_a_complaint_long_after_all_is_back_to_normal_is_a_trouble_of_its_own(
    tmp_path: Path,
) -> None:
    async def scenario() -> list[bool]:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            await here.take(condition("cabinet-1", "mains_lost", active=False, after=9))
            soon = await joined(here, {})
            here.clock.at += timedelta(days=2)
            return soon + await joined(here, {})

    assert asyncio.run(scenario()) == [True, False]


@on_each_store
def test_what_is_filed_at_once_is_kept_together_and_one_fault_spoils_nothing(
    tmp_path: Path,
) -> None:
    async def scenario() -> tuple[int, int, int]:
        async with hall(tmp_path) as here:
            running = asyncio.create_task(here.filing.run())
            drafts = [here.draft(), here.draft(description=""), *[here.draft()] * 20]
            answers = await asyncio.gather(
                *(here.filing.file(draft) for draft in drafts), return_exceptions=True
            )
            running.cancel()
            (case,) = await here.worklist(LEFT)
            refused = sum(isinstance(answer, DomainError) for answer in answers)
            return case.appeals, refused, len({getattr(each, "number", "") for each in answers})

    assert asyncio.run(scenario()) == (21, 1, 22)
