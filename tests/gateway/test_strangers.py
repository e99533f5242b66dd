"""What somebody who has not signed in can see of those who complain: nothing that tells who."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import websockets

from tests.gateway.conftest import Gateway, Scene

WHO = {
    "name": "Анна Сергеевна Кузнецова",
    "email": "anna.kuznetsova@mail.example",
    "phone": "+7 910 123-45-67",
}
WORDS = (
    "Темно у подъезда. Меня зовут Анна Сергеевна Кузнецова, кв. 47, звоните 8 (910) 123-45-67 "
    "или anna.kuznetsova@mail.example, машина А123ВС46."
)
TELLS = re.compile(r"Кузнецов|Сергеевн|kuznetsova|910\D*123|123-?45-?67|А123ВС|кв\. ?47")
PUBLIC = ("/api/v1/public/", "/open311/", "/healthz", "/readyz")


def filled(path: str, receipt: dict[str, Any]) -> str:
    """Give a path with something in it for each of its names."""
    known = {"format": "json", "service_code": "lighting.dark", "service_request_id": "number"}
    number = receipt["number"]
    for name in re.findall(r"{(\w+)}", path):
        value = known.get(name, number if name in ("number", "request") else "1")
        path = path.replace(f"{{{name}}}", number if value == "number" else value)
    return path


def reading(document: dict[str, Any]) -> Iterator[str]:
    yield from (path for path, ways in document["paths"].items() if "get" in ways)


async def filed(browser: httpx.AsyncClient) -> dict[str, Any]:
    form = WHO | {"description": WORDS, "category": "lighting.dark", "place": "lesnaya-5"}
    answer = await browser.post("/api/v1/public/appeals", data=form)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def test_no_answer_to_a_stranger_tells_who_complained(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        document = gateway.app.openapi()
        async with gateway.browser() as browser:
            receipt = await filed(browser)
            told, refused = {}, []
            for path in reading(document):
                query = {"place": "lesnaya-5"} if path.endswith("/known") else {}
                answer = await browser.get(filled(path, receipt), params=query)
                if path.startswith(PUBLIC):
                    told[path] = answer.text
                else:
                    refused.append(answer.status_code)
            own = await browser.get(
                f"/api/v1/public/appeals/{receipt['number']}", params={"key": receipt["key"]}
            )
        assert len(told) > 5
        assert {path: text for path, text in told.items() if TELLS.search(text)} == {}
        assert set(refused) <= {401}
        assert not TELLS.search(own.text), "whoever has the link sees no more than how it stands"

    play(scene)


def test_open311_shows_strangers_an_appeal_without_who_it_is(
    play: Callable[[Scene], None],
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            receipt = await filed(browser)
            answers = [
                await browser.get(f"/open311/v2/requests{which}.{form}")
                for which in ("", f"/{receipt['number']}")
                for form in ("json", "xml")
            ]
        assert all("Темно у подъезда" in answer.text for answer in answers)
        assert [answer.text for answer in answers if TELLS.search(answer.text)] == []

    play(scene)


def test_a_stranger_gets_no_live_frames(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        url = f"{gateway.url.replace('http', 'ws')}/api/v1/live"
        with pytest.raises((websockets.InvalidStatus, websockets.ConnectionClosed)):
            async with websockets.connect(url, origin=websockets.Origin(gateway.url)) as socket:
                await socket.recv()

    play(scene)
