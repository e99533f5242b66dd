"""The latest still of a camera: kept once, shown to those who may see its place."""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.wire import STILL, Condition
from gateway.cases.stills import keep_still
from tests.gateway.conftest import Gateway, Scene
from tests.gateway.test_case_routes import COMPLAINT

FIRST, SECOND = b"\xff\xd8 first", b"\xff\xd8 second"
NOON = 1_790_000_000_000_000_000


@pytest.fixture
def town(town: dict[str, Any]) -> dict[str, Any]:
    name = {"en": "Camera", "ru": "Камера"}
    town["endpoints"].append(
        {"id": "yard", "edge": "edge-1", "protocol": "camera", "address": "http://127.0.0.1:1/"}
    )
    town["devices"].append(
        {"id": "camera-1-d1", "profile": "generic-yard-camera", "endpoint": "yard", "unit": "1",
         "name": name, "place": "lesnaya-5"}
    )  # fmt: skip
    town["bindings"].append({"asset": "camera-1", "device": "camera-1-d1"})
    return town


async def send(
    gateway: Gateway, still: bytes, time: int = NOON, device: str = "camera-1-d1"
) -> None:
    event = Condition(
        device=device, condition=STILL, active=True, time=time, number=1, still=still,
        transient=True,
    )  # fmt: skip
    async with gateway.parts.database.transaction() as session:
        await keep_still(session, gateway.parts.registry.snapshot, event)


def test_the_latest_still_is_shown(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        await send(gateway, FIRST)
        await send(gateway, SECOND, NOON + 60_000_000_000)
        async with gateway.signed_in() as browser:
            answer = await browser.get("/api/v1/assets/camera-1/still")
        assert (answer.status_code, answer.content) == (200, SECOND)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Last-Modified"] == "Mon, 21 Sep 2026 14:14:20 GMT"

    play(scene)


def test_an_older_still_that_comes_late_replaces_nothing(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        await send(gateway, SECOND, NOON + 1)
        await send(gateway, FIRST, NOON)
        async with gateway.signed_in() as browser:
            answer = await browser.get("/api/v1/assets/camera-1/still")
        assert answer.content == SECOND

    play(scene)


@pytest.mark.parametrize(
    ("still", "device"),
    [(b"MZ no picture", "camera-1-d1"), (b"\xff\xd8" * 200_000, "camera-1-d1"), (FIRST, "ghost")],
    ids=["no JPEG", "too large", "unknown device"],
)
def test_what_is_no_still_is_passed_over(
    play: Callable[[Scene], None], still: bytes, device: str
) -> None:
    async def scene(gateway: Gateway) -> None:
        await send(gateway, still, device=device)
        async with gateway.signed_in() as browser:
            answer = await browser.get("/api/v1/assets/camera-1/still")
        assert answer.status_code == 404

    play(scene)


def test_an_executor_sees_it_only_while_their_work_is_there(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        await send(gateway, FIRST)
        async with gateway.signed_in("executor", "left") as browser:
            seen = [await browser.get("/api/v1/assets/camera-1/still")]
            far = COMPLAINT | {"latitude": "55.0003", "longitude": "37.008"}
            for complaint in (far, COMPLAINT | {"latitude": "55.001", "longitude": "37.0012"}):
                await browser.post("/api/v1/public/appeals", data=complaint)
                seen.append(await browser.get("/api/v1/assets/camera-1/still"))
        assert [answer.status_code for answer in seen] == [404, 404, 200]

    play(scene)


def test_the_other_bank_does_not_see_it(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        await send(gateway, FIRST)
        async with gateway.signed_in("dispatcher", "right") as browser:
            answer = await browser.get("/api/v1/assets/camera-1/still")
        assert answer.status_code == 404

    play(scene)


def test_nobody_sees_it_without_signing_in(play: Callable[[Scene], None]) -> None:
    async def scene(gateway: Gateway) -> None:
        await send(gateway, FIRST)
        async with gateway.browser() as browser:
            answer = await browser.get("/api/v1/assets/camera-1/still")
        assert answer.status_code == 401

    play(scene)
