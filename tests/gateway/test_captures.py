"""Photos of the work, graded by the number, the position and the tag that come with them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from core.actor import Actor, Role
from core.errors import DomainError
from gateway.cases.captures import Taken
from gateway.cases.signatures import Given, Signatures, signatures_of
from tests.gateway.hall import LEFT, START, Hall, condition, hall
from tests.gateway.photos import photo

pytestmark = pytest.mark.usefixtures("each_store")

T = TypeVar("T")
CREW = replace(LEFT, id="crew", name="The crew", role=Role.EXECUTOR, executor="light")
OTHER_CREW = replace(CREW, id="other crew")
AT_LAMP_9 = (55.0, 37.0 + 9 * 0.000313)
LATER = timedelta(hours=2)


def run(folder: Path, scenario: Callable[[Hall, int], Awaitable[T]]) -> T:
    """Play it with a case of lamp 9."""

    async def in_hall() -> T:
        async with hall(folder) as here:
            await here.take(condition("lamp-9", "lamp_silent"))
            (case,) = await here.worklist(LEFT)
            return await scenario(here, case.id)

    return asyncio.run(in_hall())


async def signatures(here: Hall) -> Signatures:
    async with here.database.reading() as session:
        return await signatures_of(session)


async def given(here: Hall, case: int, actor: Actor = CREW) -> Given:
    return (await signatures(here)).give(case, actor, here.clock.now())


async def taken(here: Hall, case: int, identifier: str = "capture-1") -> Taken:
    nonce = (await given(here, case)).nonce
    return Taken(id=identifier, nonce=nonce, taken_at=START, position=AT_LAMP_9, accuracy_m=6)


def test_a_photo_with_its_number_at_the_asset_gets_an_a(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, str]:
        piece = await here.attach(CREW, case, photo(1), await taken(here, case))
        last = (await here.detail(LEFT, case)).timeline[-1]
        return piece.grade, last.text["en"]

    assert run(tmp_path, scenario) == ("A", "A photo was attached, grade A")


def test_what_was_taken_without_a_connection_gets_a_b(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, list[str]]:
        photographed = await taken(here, case)
        here.clock.at += LATER
        piece = await here.attach(CREW, case, photo(1), photographed)
        return piece.grade, [reason["en"] for reason in piece.reasons]

    assert run(tmp_path, scenario) == ("B", ["Taken without a connection and sent later."])


def test_a_number_counts_once_and_for_whom_and_what_it_was_given(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> list[str]:
        await here.take(condition("cabinet-1", "door_open"))
        other = max(row.id for row in await here.worklist(LEFT))
        first = await taken(here, case)
        pieces = [
            await here.attach(CREW, case, photo(1), first),
            await here.attach(CREW, case, photo(2), replace(first, id="capture-2")),
            await here.attach(
                CREW, case, photo(3),
                replace(first, id="capture-3", nonce=(await given(here, case, OTHER_CREW)).nonce),
            ),
            await here.attach(
                CREW, case, photo(4),
                replace(first, id="capture-4", nonce=(await given(here, other)).nonce),
            ),
            await here.attach(CREW, case, photo(5), replace(first, id="capture-5", nonce="?")),
        ]  # fmt: skip
        return [piece.grade + piece.reasons[0]["en"][:12] for piece in pieces]

    assert run(tmp_path, scenario) == [
        "ATaken in the", "DAnother phot", "DIts number w", "DIts number w", "DIts number w",
    ]  # fmt: skip


def test_what_is_sent_again_is_there_once(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[bool, int]:
        sent = await taken(here, case)
        first = await here.attach(CREW, case, photo(1), sent)
        again = await here.attach(CREW, case, photo(1), sent)
        return first == again, len((await here.detail(LEFT, case)).evidence)

    assert run(tmp_path, scenario) == (True, 1)


def test_an_id_of_another_case_is_refused(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> str:
        await here.take(condition("cabinet-1", "door_open"))
        other = max(row.id for row in await here.worklist(LEFT))
        await here.attach(CREW, case, photo(1), await taken(here, case))
        with pytest.raises(DomainError) as refusal:
            await here.attach(CREW, other, photo(1), await taken(here, other))
        return refusal.value.code

    assert run(tmp_path, scenario) == "id_used"


@pytest.mark.parametrize(
    "copy", [photo(1), photo(1, size=(200, 150), quality=40)], ids=["the file", "a smaller copy"]
)
def test_a_photo_of_another_case_is_found_whoever_brings_it(tmp_path: Path, copy: bytes) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, int | None, int]:
        await here.take(condition("cabinet-1", "door_open"))
        other = max(row.id for row in await here.worklist(LEFT))
        await here.attach(CREW, case, photo(1), await taken(here, case))
        piece = await here.attach(CREW, other, copy, await taken(here, other, "capture-2"))
        return piece.grade, piece.used_in, case

    grade, used_in, case = run(tmp_path, scenario)
    assert (grade, used_in) == ("D", case)


def test_two_views_of_one_work_are_two_photos_and_one_file_is_one(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> list[str]:
        alike = photo(1, quality=60)
        await here.attach(CREW, case, photo(1), await taken(here, case))
        second = await here.attach(CREW, case, alike, await taken(here, case, "capture-2"))
        third = await here.attach(CREW, case, alike, await taken(here, case, "capture-3"))
        return [second.grade, third.grade]

    assert run(tmp_path, scenario) == ["A", "D"]


def test_a_file_of_a_gallery_that_agrees_gets_a_c_and_shows_no_place(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> tuple[str, str, bool]:
        agrees = await here.attach(LEFT, case, photo(1, position=AT_LAMP_9, at=START))
        early = START - timedelta(days=1)
        old = await here.attach(LEFT, case, photo(2, position=AT_LAMP_9, at=early))
        files = [file.read_bytes() for file in (tmp_path / "evidence").rglob("*") if file.is_file()]
        return agrees.grade, old.grade, any(b"Exif" in content for content in files)

    assert run(tmp_path, scenario) == ("C", "D", False)


def test_a_tag_proves_the_place_and_that_of_another_asset_another_one(tmp_path: Path) -> None:
    async def scenario(here: Hall, _case: int) -> list[str]:
        await here.take(condition("lift-1", "stopped"))
        lift = next(row.id for row in await here.worklist(LEFT) if row.asset == "lift-1")
        tags = await signatures(here)
        crew = replace(CREW, executor="lifts")
        at_house = Taken(position=(55.002, 37.0), accuracy_m=5)

        async def grade(seed: int, tag: str) -> str:
            nonce = tags.give(lift, crew, here.clock.now()).nonce
            taken = replace(at_house, id=f"capture-{seed}", nonce=nonce, tag=tag)
            return (await here.attach(crew, lift, photo(seed), taken)).grade

        return [
            await grade(1, ""),
            await grade(2, tags.tag("lift-1")),
            await grade(3, tags.tag("lift-2")),
            await grade(4, "lift-1.made-up"),
        ]

    assert run(tmp_path, scenario) == ["B", "A", "D", "D"]


def test_a_process_that_starts_later_knows_what_was_used(tmp_path: Path) -> None:
    async def scenario(here: Hall, case: int) -> int | None:
        await here.take(condition("cabinet-1", "door_open"))
        other = max(row.id for row in await here.worklist(LEFT))
        await here.attach(CREW, case, photo(1), await taken(here, case))
        here.looks = type(here.looks)()
        copy = photo(1, quality=40)
        return (await here.attach(CREW, other, copy, await taken(here, other, "2"))).used_in

    assert run(tmp_path, scenario) == 1
