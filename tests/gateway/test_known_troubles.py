"""What is known at a place is told before it is filed once more, and one press joins it."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.gateway.conftest import Gateway, Scene

HERE = {"latitude": 55.001, "longitude": 37.001}
BENCH = {
    "category": "yard.other",
    "description": "Сломана скамейка у подъезда",
    "place": "lesnaya-5",
}


async def file(browser: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await browser.post("/api/v1/public/appeals", data={**BENCH, **fields})
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def known(browser: httpx.AsyncClient, **where: Any) -> list[dict[str, Any]]:
    answer = await browser.get("/api/v1/public/known", params=where)
    assert answer.status_code == 200, answer.text
    troubles: list[dict[str, Any]] = answer.json()
    return troubles


def test_who_stands_there_is_told_what_is_known_and_by_when(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            receipt = await file(browser, email="anna@mail.example")
            (trouble,) = await known(browser, place="lesnaya-5")
            assert trouble.keys() == {"case", "category", "name", "since", "until", "people"}
            assert (trouble["category"], trouble["people"]) == ("yard.other", 1)
            assert trouble["until"] == receipt["expected_at"]
            assert await known(browser, **HERE) == [trouble]
            assert await known(browser, **HERE, category="yard.other") == [trouble]
            assert await known(browser, **HERE, category="water.none") == []
            assert await known(browser, place="beregovaya") == []

    play(scene)


def test_one_press_joins_what_other_words_would_not(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            await file(browser)
            (trouble,) = await known(browser, place="lesnaya-5")
            other = await file(browser, description="То же самое и у нас", joins=trouble["case"])
            assert other["joined"]
            (again,) = await known(browser, place="lesnaya-5")
            assert (again["case"], again["people"]) == (trouble["case"], 2)

    play(scene)


def test_nobody_joins_a_case_of_another_place(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            await file(browser)
            (trouble,) = await known(browser, place="lesnaya-5")
            far = await file(browser, place="beregovaya", joins=trouble["case"])
            assert not far["joined"]

    play(scene)


def test_words_are_read_before_they_are_filed(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            form = {"description": "Застрял человек в лифте, не может выйти"}
            answer = await browser.post("/api/v1/public/reading", json=form)
            reading = answer.json()
            assert reading["sure"]
            assert reading["suggestions"][0]["category"] == "lift.trapped"

    play(scene)


def test_a_place_that_is_not_there_is_said_so(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            answer = await browser.get("/api/v1/public/known", params={"place": "nowhere"})
            assert answer.status_code == 422
            assert "Choose it on the map" in answer.json()["detail"]

    play(scene)
