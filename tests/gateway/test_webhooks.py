"""Systems outside are told of changes, and tell of troubles, by messages that are signed."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from core.clock import SystemClock
from gateway.channels.carrier import Refused
from gateway.channels.courier import Courier
from gateway.channels.outside import Outside
from gateway.channels.webhooks import WEBHOOK, WebhookCarrier, owe, subscribe, try_again
from gateway.storage.case_tables import IncidentRow
from gateway.storage.delivery_tables import DeliveryRow
from gateway.storage.webhook_tables import WebhookRow
from tests.gateway.conftest import Gateway, started
from tests.gateway.hall import LEFT, Hall, hall
from tests.gateway.hook_server import Hooks, Post, hook_server

T = TypeVar("T")
HERE = ("127.0.0.0/8",)
SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, surely").decode()


def run(folder: Path, scenario: Callable[[Hall, Hooks], Awaitable[T]]) -> T:
    async def in_hall() -> T:
        with hook_server() as hooks:
            async with hall(folder) as here:
                return await scenario(here, hooks)

    return asyncio.run(in_hall())


async def watched(here: Hall, hooks: Hooks, place_path: str = "town/left-bank/") -> WebhookRow:
    row = WebhookRow(name="City", url=hooks.url, secret=SECRET, topics=["case"],
                     place_path=place_path, by="Anna")  # fmt: skip
    async with here.database.transaction() as session:
        await subscribe(session, here.clock.now(), row)
    return row


async def told(here: Hall) -> int:
    """Owe what changed, and bring what is due; give how many that were."""
    await owe(here.database, here.clock)
    carrier = WebhookCarrier(here.clock, here.database, Outside(HERE))
    courier = Courier(here.clock, here.database, here.registry, {WEBHOOK: carrier}, origin="")
    return await courier.look()


def signature(secret: str, identifier: str, timestamp: str, content: bytes) -> str:
    """Sign by hand, as the specification has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    message = f"{identifier}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()


def is_signed(post: Post) -> bool:
    headers = post.headers
    wanted = signature(SECRET, headers["webhook-id"], headers["webhook-timestamp"], post.content)
    return headers["webhook-signature"] == wanted


def test_a_change_is_told_signed_and_again_under_the_same_id_until_it_is_taken(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall, hooks: Hooks) -> list[Post]:
        await watched(here, hooks)
        await here.file()
        hooks.status = 500
        await told(here)
        assert await told(here) == 0  # not before its pause is over
        hooks.status = 204
        here.clock.at += timedelta(seconds=11)
        await told(here)
        assert await told(here) == 0
        return hooks.posts

    first, second = run(tmp_path, scenario)
    assert is_signed(first)
    assert is_signed(second)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    message = json.loads(second.content)
    assert (message["type"], message["data"]["category"]) == ("case.changed", "lighting.dark")


def test_nothing_is_told_of_other_places_and_of_what_was_before(tmp_path: Path) -> None:
    async def scenario(here: Hall, hooks: Hooks) -> int:
        await here.file()
        await watched(here, hooks)
        await watched(here, hooks, "town/right-bank/")
        return await told(here)

    assert run(tmp_path, scenario) == 0


def test_a_webhook_that_takes_nothing_is_an_incident_until_it_takes_again(tmp_path: Path) -> None:
    async def scenario(here: Hall, hooks: Hooks) -> tuple[object, ...]:
        hook = await watched(here, hooks)
        await here.file()
        hooks.status = 410
        await told(here)
        (incident,) = [case for case in await here.worklist(LEFT) if case.incidents]
        hooks.status = 200
        async with here.database.transaction() as session:
            await try_again(session, here.clock.now(), hook)
        await told(here)
        async with here.database.reading() as session:
            cleared = await session.scalar(select(IncidentRow.cleared_at))
            states = set(await session.scalars(select(DeliveryRow.state)))
        return incident.title["en"], cleared is not None, states

    title, is_cleared, states = run(tmp_path, scenario)
    assert (title, is_cleared) == ("Webhook “City” takes nothing", True)
    assert "parked" not in states  # type: ignore[operator]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/",
        "http://localhost/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "ftp://93.184.216.34/",
    ],
)
def test_what_is_not_on_the_internet_is_not_called(url: str) -> None:
    with pytest.raises(Refused):
        asyncio.run(Outside().get(url))


# ---- through the API ------------------------------------------------------------------------


def at_the_door(
    folder: Path, town: dict[str, Any], scenario: Callable[[Gateway], Awaitable[T]]
) -> T:
    async def in_town() -> T:
        async with started(folder, town, outside_networks=HERE) as gateway:
            return await scenario(gateway)

    return asyncio.run(in_town())


async def post(
    gateway: Gateway, made: dict[str, Any], body: object, identifier: str = "m1", age_s: int = 0
) -> tuple[int, dict[str, Any]]:
    content = json.dumps(body).encode()
    at = str(int((SystemClock().now() - timedelta(seconds=age_s)).timestamp()))
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": at,
        "webhook-signature": signature(made["secret"], identifier, at, content),
    }
    path = made["url"].partition("/api/")[2]
    async with gateway.browser() as browser:
        answer = await browser.post(f"/api/{path}", content=content, headers=headers)
        return answer.status_code, answer.json()


SAID = {"description": "It is dark here", "category": "lighting.dark", "place": "lesnaya-5"}


def test_an_administrator_makes_a_webhook_and_it_is_told_of_an_appeal(
    tmp_path: Path, town: dict[str, Any]
) -> None:
    async def scenario(gateway: Gateway) -> tuple[dict[str, Any], list[dict[str, Any]], Post]:
        with hook_server() as hooks:
            async with gateway.signed_in("administrator", "left") as admin:
                form = {"name": "City", "url": hooks.url, "topics": ["case"], "place": "left"}
                made = (await admin.post("/api/v1/webhooks", json=form)).json()
                await admin.post("/api/v1/public/appeals", data=SAID)
                async with asyncio.timeout(20):
                    while not hooks.posts:
                        await asyncio.sleep(0.05)
                listed = (await admin.get("/api/v1/webhooks")).json()
        return made, listed, hooks.posts[0]

    made, listed, got = at_the_door(tmp_path, town, scenario)
    headers = got.headers
    assert headers["webhook-signature"] == signature(
        made["secret"], headers["webhook-id"], headers["webhook-timestamp"], got.content
    )
    assert "secret" not in listed[0]
    assert (listed[0]["name"], listed[0]["place"]) == ("City", "left")


def test_a_webhook_into_our_own_network_and_by_a_dispatcher_is_refused(
    play: Callable[[Callable[[Gateway], Awaitable[None]]], None],
) -> None:
    form = {"name": "City", "url": "http://127.0.0.1:1/", "topics": ["case"], "place": "left"}

    async def scene(gateway: Gateway) -> None:
        async with gateway.signed_in("administrator") as admin:
            refused = await admin.post("/api/v1/webhooks", json=form)
        async with gateway.signed_in("dispatcher") as dispatcher:
            forbidden = await dispatcher.post("/api/v1/webhooks", json=form)
        assert (refused.status_code, forbidden.status_code) == (422, 403)
        assert "which is not on the Internet" in refused.json()["detail"]

    play(scene)


def test_a_signed_message_files_an_appeal_once(
    play: Callable[[Callable[[Gateway], Awaitable[None]]], None],
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.signed_in("administrator") as admin:
            form = {"name": "Portal", "place": "left"}
            made = (await admin.post("/api/v1/webhook-sources", json=form)).json()
        status, first = await post(gateway, made, SAID)
        _, again = await post(gateway, made, SAID)
        assert status == 200
        assert (first["number"], first["joined"]) == (again["number"], False)
        forged = made | {"secret": SECRET}
        elsewhere = SAID | {"place": "beregovaya"}
        assert [
            (await post(gateway, forged, SAID))[0],
            (await post(gateway, made, SAID, "m2", age_s=400))[0],
            (await post(gateway, made, elsewhere, "m3"))[0],
            (await post(gateway, made, {"text": "dark"}, "m4"))[0],
            (await post(gateway, made, {"description": ""}, "m5"))[0],
        ] == [403, 403, 403, 422, 422]

    play(scene)
