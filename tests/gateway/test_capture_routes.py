"""Photos of the work and the tags of assets, through HTTP."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.gateway.photos import photo
from tests.gateway.test_case_routes import Gateway, dark, take

Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]
AT_LAMP_1 = {"latitude": "55.0", "longitude": "37.002", "accuracy_m": "7"}


async def send(crew: httpx.AsyncClient, content: bytes, **fields: str) -> httpx.Response:
    form = {"id": "capture-1"} | AT_LAMP_1 | fields
    return await crew.post(
        "/api/v1/cases/1/captures", data=form, files={"photo": ("a.jpg", content)}
    )


def test_an_executor_takes_a_photo_and_is_told_its_grade(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await take(gateway, dark("lamp-1-head"))
        async with gateway.signed_in("executor") as crew:
            (given,) = (await crew.post("/api/v1/cases/1/nonces", json={})).json()
            answer = await send(crew, photo(1), nonce=given["nonce"])
            assert (answer.status_code, answer.json()["grade"]) == (200, "A")
            shown = await crew.get(f"/api/v1/evidence/{answer.json()['id']}")
            assert shown.headers["content-type"] == "image/jpeg"

    play(scene)


def test_what_is_no_photo_is_refused_in_words(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await take(gateway, dark("lamp-1-head"))
        async with gateway.signed_in("executor") as crew:
            refused = await send(crew, b"\x00\x00\x00\x18ftypheic" + bytes(40))
            assert (refused.status_code, "HEIC" in refused.json()["detail"]) == (415, True)
            huge = await send(crew, b"\xff\xd8\xff" + bytes(40_000_000))
            assert huge.status_code == 413
            nowhere = await send(crew, photo(1), latitude="91")
            assert nowhere.status_code == 422

    play(scene)


def test_a_tag_is_printed_by_an_administrator_and_opens_the_field_page(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await take(gateway, dark("lamp-1-head"))
        async with gateway.signed_in("administrator") as administrator:
            told = (await administrator.get("/api/v1/assets/lamp-1/tag")).json()
            link = urlsplit(told["link"])
            assert (link.path, parse_qs(link.query)) == ("/field", {"tag": [told["tag"]]})
            drawn = await administrator.get("/api/v1/assets/lamp-1/tag.svg")
            assert drawn.headers["content-type"].startswith("image/svg+xml")
        async with gateway.signed_in("executor") as crew:
            assert (await crew.get("/api/v1/assets/lamp-1/tag")).status_code == 403
            (given,) = (await crew.post("/api/v1/cases/1/nonces", json={})).json()
            fields = {"nonce": given["nonce"], "tag": told["tag"], "accuracy_m": "900"}
            assert (await send(crew, photo(1), **fields)).json()["grade"] == "A"

    play(scene)


def test_numbers_for_later_are_as_many_as_are_asked_for(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await take(gateway, dark("lamp-1-head"))
        async with gateway.signed_in("executor") as crew:
            given = (await crew.post("/api/v1/cases/1/nonces", json={"count": 20})).json()
            assert len({each["nonce"] for each in given}) == 20

    play(scene)
