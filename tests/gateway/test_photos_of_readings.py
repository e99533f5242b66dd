"""A reading goes with a photo of the dial, which only those see who may see the reading."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from PIL import ExifTags, Image

from tests.gateway.conftest import words  # type: ignore[import-not-found]
from tests.gateway.photos import AT_HOUSE_5, photo

READINGS = "/api/v1/meters/lamp-1/readings"
Played = Callable[[Callable[[Any], Awaitable[None]]], None]


@pytest.fixture
def town(town: dict[str, Any]) -> dict[str, Any]:
    """The town, with a flat whose meter is read by people alone."""
    flats = [
        {"id": f"flat-{n}", "kind": "flat", "parent": "lesnaya-5", "name": words(f"{n}", f"{n}")}
        for n in (1, 2)
    ]
    assets = [
        each | {"place": "flat-1"} if each["id"] == "lamp-1" else each for each in town["assets"]
    ]
    return town | {
        "places": town["places"] + flats,
        "assets": assets,
        "meters": [{"device": "lamp-1-head", "resource": "electricity"}],
    }


async def sent(browser: Any) -> str:
    """Send a reading; give its path."""
    answer = await browser.post(READINGS, json={"value": 5.0})
    assert answer.status_code == 200, answer.text
    return f"{READINGS}/{answer.json()['by_people'][0]['id']}/photo"


def a_dial(seed: int = 1) -> dict[str, tuple[str, bytes, str]]:
    return {"photo": ("dial.jpg", photo(seed, position=AT_HOUSE_5), "image/jpeg")}


def test_who_checks_a_reading_sees_its_dial_and_not_where_it_was_taken(play: Played) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("resident", "flat-1") as browser:
            path = await sent(browser)
            assert (await browser.post(path, files=a_dial())).status_code == 204
            assert (await browser.get(path)).status_code == 200
        async with gateway.signed_in("dispatcher", "left") as browser:
            listed = (await browser.get("/api/v1/places/lesnaya-5/meter-readings")).json()
            picture = await browser.get(path)
        assert [(each["value"], each["role"], each["has_photo"]) for each in listed] == [
            (5.0, "resident", True)
        ]
        assert picture.headers["content-type"] == "image/jpeg"
        exif = Image.open(io.BytesIO(picture.content)).getexif()
        assert exif.get_ifd(ExifTags.IFD.GPSInfo) == {}

    play(scene)


def test_neighbours_and_another_bank_see_no_dial(play: Played) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("resident", "flat-1") as browser:
            path = await sent(browser)
            await browser.post(path, files=a_dial())
        async with gateway.signed_in("resident", "flat-2") as browser:
            neighbour = (await browser.get(path)).status_code
        async with gateway.signed_in("dispatcher", "right") as browser:
            other = (await browser.get(path)).status_code
            places = (await browser.get("/api/v1/places/lesnaya-5/meter-readings")).status_code
        assert (neighbour, other, places) == (404, 404, 404)

    play(scene)


def test_a_photo_is_added_once_and_by_who_sent_the_reading(play: Played) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("resident", "flat-1") as browser:
            path = await sent(browser)
        async with gateway.signed_in("dispatcher", "left") as browser:
            of_another = (await browser.post(path, files=a_dial())).status_code
        async with gateway.signed_in("resident", "flat-1") as browser:
            codes = [(await browser.post(path, files=a_dial(n))).status_code for n in (1, 2)]
        assert (of_another, codes) == (403, [204, 409])

    play(scene)


def test_what_is_no_photo_is_refused_and_the_reading_stays(play: Played) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("resident", "flat-1") as browser:
            path = await sent(browser)
            wrong = await browser.post(path, files={"photo": ("a.jpg", b"no photo", "image/jpeg")})
            (reading,) = (await browser.get(READINGS)).json()["by_people"]
            none = (await browser.get(path)).status_code
        assert wrong.json()["type"].endswith("not_a_photo")
        assert (reading["value"], reading["has_photo"], none) == (5.0, False, 404)

    play(scene)
