"""The work on a case: steps, a checklist, what is missing, and two phones that disagree."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from core.actor import Actor, Role
from core.case import Verb
from core.checklist import Answer
from core.errors import ConfigError, DomainError
from core.work_order import WorkVerb
from gateway.api.work_models import WorkOut
from gateway.cases import orders
from gateway.cases.brought import attach_answer
from gateway.cases.captures import Taken
from gateway.cases.desk import open_desk
from gateway.cases.show_work import show_work
from gateway.cases.work import find_case
from gateway.checklists.rules_file import load_checklists
from tests.gateway.hall import LEFT, START, Hall, condition, hall
from tests.gateway.photos import photo

pytestmark = pytest.mark.usefixtures("each_store")

T = TypeVar("T")
CREW = replace(LEFT, id="crew", name="The crew", role=Role.EXECUTOR, executor="light")


def run(folder: Path, scenario: Callable[[Hall, int], Awaitable[T]]) -> T:
    """Play it with a case of lamp 9."""

    async def in_hall() -> T:
        async with hall(folder) as here:
            await here.take(condition("lamp-9", "lamp_silent"))
            (case,) = await here.worklist(LEFT)
            return await scenario(here, case.id)

    return asyncio.run(in_hall())


async def press(
    here: Hall, case: int, verb: str, *, reason: str = "", step: str = "", actor: Actor = CREW
) -> WorkOut:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        pressed = orders.Pressed(
            id=step or f"step-{verb}-{here.clock.now()}",
            verb=WorkVerb(verb),
            reason=reason,
            told_at=START,
        )
        await orders.take_step(desk, actor, case, pressed, here.witness())
    return await look(here, case)


async def enter(here: Hall, case: int, item: str, answer: Answer, identifier: str = "") -> WorkOut:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        entered = orders.Entered(id=identifier or f"answer-{item}", item=item, answer=answer)
        await orders.enter(desk, CREW, case, entered)
    return await look(here, case)


async def look(here: Hall, case: int) -> WorkOut:
    async with here.database.reading() as session:
        row = await find_case(session, LEFT, case)
        return await show_work(session, here.registry.snapshot, row)


async def photographed(here: Hall, case: int) -> None:
    for seed, item in enumerate(("before", "after")):
        await here.attach(CREW, case, photo(seed), Taken(id=f"photo-{item}", item=item))


def test_a_task_is_done_when_its_checklist_is(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[list[str], list[str], str, list[str]]:
        for verb in ("accept", "depart", "arrive", "start"):
            await press(here, case, verb)
        with pytest.raises(DomainError) as refusal:
            await press(here, case, "finish")
        await photographed(here, case)
        await enter(here, case, "voltage", Answer(number=229, text="Fluke 117"))
        await press(here, case, "finish")
        detail = await here.detail(LEFT, case)
        states = [step.state for step in (await look(here, case)).steps]
        return [text["en"] for text in refusal.value.details], states, detail.state, detail.allowed

    missing, states, state, allowed = run(tmp_path, scenario)
    assert missing == [
        "Take a photo: The street light before.",
        "Enter a reading: Voltage at its supply.",
        "Take a photo: The street light after.",
    ]
    assert sorted(states) == sorted(["done", "working", "on_site", "en_route", "accepted"])
    assert (state, "close" in allowed) == ("resolved", True)


def test_the_old_button_of_an_executor_is_no_way_around_the_checklist(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, str]:
        await press(here, case, "accept")
        with pytest.raises(DomainError) as refusal:
            await here.act(CREW, await here.detail(CREW, case), Verb.RESOLVE)
        told = await here.act(LEFT, await here.detail(LEFT, case), Verb.RESOLVE)
        return refusal.value.code, told.state

    assert run(tmp_path, scenario) == ("work_unfinished", "resolved")


def test_a_step_that_is_sent_twice_is_taken_once(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> int:
        await press(here, case, "accept", step="step-0001")
        return len((await press(here, case, "accept", step="step-0001")).steps)

    assert run(tmp_path, scenario) == 1


def test_a_step_from_a_phone_that_was_away_is_told_both_sides(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, list[str]]:
        for verb in ("accept", "start"):
            await press(here, case, verb)
        here.clock.at += timedelta(hours=1)
        with pytest.raises(DomainError) as refusal:
            await press(here, case, "depart")
        return refusal.value.code, [text["en"] for text in refusal.value.details]

    assert run(tmp_path, scenario) == (
        "work_state",
        [
            "Here it is working, by The crew at 2026-11-22 12:00 UTC.",
            "Yours: depart at 2026-11-22 12:00 UTC.",
        ],
    )


def test_who_declines_says_why_and_the_case_waits_for_a_dispatcher(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, str, str]:
        with pytest.raises(DomainError, match="Say why"):
            await press(here, case, "decline")
        work = await press(here, case, "decline", reason="No lift truck today")
        detail = await here.detail(LEFT, case)
        return work.state, detail.state, detail.timeline[-1].text["en"]

    assert run(tmp_path, scenario) == ("declined", "routed", "Declined: No lift truck today")


def test_work_that_was_sent_back_begins_anew(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, int]:
        for verb in ("accept", "start"):
            await press(here, case, verb)
        await photographed(here, case)
        await enter(here, case, "voltage", Answer(number=229))
        await press(here, case, "finish")
        here.clock.at += timedelta(hours=1)
        await here.act(LEFT, await here.detail(LEFT, case), Verb.REOPEN)
        work = await look(here, case)
        return work.state, len(work.missing)

    assert run(tmp_path, scenario) == ("accepted", 3)


def test_a_reading_is_evidence_and_the_later_one_counts(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> list[tuple[str, str, str]]:
        await press(here, case, "accept")
        await enter(here, case, "voltage", Answer(number=231), "answer-0001")
        work = await enter(here, case, "voltage", Answer(number=190, text="Fluke"), "answer-0002")
        assert [text["en"] for text in work.missing][1:2] == [
            "Voltage at its supply: it is 190 V; wanted is 207–253 V."
        ]
        pieces = (await here.detail(LEFT, case)).evidence
        return [(each.grade, each.text["en"], each.reasons[0]["en"]) for each in pieces]

    assert run(tmp_path, scenario) == [
        ("D", "Voltage at its supply: 231 V, wanted 207–253 V", "Measured again later."),
        ("D", "Voltage at its supply: 190 V, wanted 207–253 V (Fluke)", "Outside its band."),
    ]


def test_a_measurement_proves_that_a_flat_is_warm_again(tmp_path: Path) -> None:
    async def scenario(here: Hall, _case: int) -> tuple[list[str], list[str]]:
        receipt = await here.file(category="heating.low", description="It is cold at home")
        before = (await here.detail(LEFT, receipt.case)).missing_proof
        async with here.database.transaction() as session:
            desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
            warm = orders.Entered(id="answer-0001", item="supply", answer=Answer(number=61))
            await orders.enter(desk, LEFT, receipt.case, warm)
        after = (await here.detail(LEFT, receipt.case)).missing_proof
        return [text["en"] for text in before], [text["en"] for text in after]

    assert run(tmp_path, scenario) == (
        ["Attach a measurement inside its band or a signed act."],
        [],
    )


def test_a_question_is_proved_by_its_answer(tmp_path: Path) -> None:
    async def scenario(here: Hall, _case: int) -> tuple[int, int]:
        receipt = await here.file(category="city.other", description="When is the fair?")
        before = len((await here.detail(LEFT, receipt.case)).missing_proof)
        async with here.database.transaction() as session:
            desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
            await attach_answer(desk, LEFT, receipt.case, "On 5 December, on the square.")
        return before, len((await here.detail(LEFT, receipt.case)).missing_proof)

    assert run(tmp_path, scenario) == (1, 0)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("{key: a, kind: hearsay, label: {ru: А, en: A}}", "0.items.0.kind: Input should be"),
        ("{key: a, kind: photo, unit: V, label: {ru: А, en: A}}", "unit, low and high are for"),
        ("{key: a, kind: reading, low: 9, high: 1, label: {ru: А, en: A}}", "low 9 is not below"),
        ("{key: a, kind: check, grade: B, label: {ru: А, en: A}}", "grade is for photos"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_key(
    tmp_path: Path, item: str, words: str
) -> None:
    file = tmp_path / "checklists.yaml"
    file.write_text(f'- {{of: "", items: [{item}]}}\n')
    with pytest.raises(ConfigError, match=words):
        load_checklists(file)
