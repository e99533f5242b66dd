"""Who gets in, and what an answer to the others says."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.guards import HostGuard


def test_a_link_signs_in_once(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        token = await gateway.link()
        async with gateway.browser() as first, gateway.browser() as second:
            assert (await first.post("/api/v1/session", json={"token": token})).status_code == 200
            again = await second.post("/api/v1/session", json={"token": token})
            assert again.status_code == 401
            assert again.headers["content-type"] == "application/problem+json"
            assert again.json()["type"] == "urn:kvartal:problem:link_spent"

    play(scene)


def test_a_reusable_link_signs_in_again(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        token = await gateway.link(reusable=True)
        async with gateway.browser() as first, gateway.browser() as second:
            assert (await first.post("/api/v1/session", json={"token": token})).status_code == 200
            assert (await second.post("/api/v1/session", json={"token": token})).status_code == 200

    play(scene)


def test_the_session_says_who_is_signed_in(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("executor", "left") as browser:
            assert (await browser.get("/api/v1/me")).json() == {
                "name": "Anna",
                "role": "executor",
                "place": "left",
                "place_name": {"en": "Left Bank", "ru": "Левобережный"},
                "executor": "light",
            }

    play(scene)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            form = {"token": await gateway.link()}
            answer = await browser.post("/api/v1/session", json=form)
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert "path=/;" in cookie

    play(scene)


def test_signing_out_ends_the_session_on_the_server(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser:
            cookies = dict(browser.cookies)
            assert (await browser.delete("/api/v1/session")).status_code == 204
            async with httpx.AsyncClient(base_url=gateway.url, cookies=cookies) as thief:
                assert (await thief.get("/api/v1/me")).status_code == 401

    play(scene)


def test_another_sites_page_is_refused(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser:
            evil = {"Origin": "http://evil.example"}
            answer = await browser.delete("/api/v1/session", headers=evil)
            assert answer.status_code == 403
            assert (await browser.get("/api/v1/me")).status_code == 200

    play(scene)


def test_a_request_for_another_host_is_refused(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            answer = await browser.get("/healthz", headers={"Host": "evil.example:80"})
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:kvartal:problem:host")
        assert answer.json()["detail"] == (
            "The gateway does not answer under the name evil.example. Whoever runs it adds the "
            "name to its setting hosts."
        )

    play(scene)


@pytest.mark.parametrize("host", ["[::1]", "[::1]:8080", "city.example", "LOCALHOST:8080"])
def test_the_names_of_the_settings_are_answered(host: str) -> None:
    async def scene() -> int:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(status_code=204)(scope, receive, send)

        guard = HostGuard(app, ["::1", "localhost", "*.example"])
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as browser:
            return (await browser.get("/", headers={"Host": host})).status_code

    assert asyncio.run(scene()) == 204


def test_every_bad_field_is_listed(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            answer = await browser.post("/api/v1/session", json={"tokn": "x"})
            assert answer.status_code == 422
            assert [item["field"] for item in answer.json()["errors"]] == [
                "body.token",
                "body.tokn",
            ]

    play(scene)


def test_too_large_a_request_is_refused_by_its_length_and_as_it_streams(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KVARTAL_GATEWAY_REQUEST_MAX_MB", "1")

    async def scene(gateway: Any) -> None:
        async def streaming() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"x" * 100_000

        async with gateway.signed_in("administrator", "prirechye") as browser:
            announced = await browser.put("/api/v1/registry", content=b"x" * 1_000_001)
            assert announced.status_code == 413
            streamed = await browser.put("/api/v1/registry", content=streaming())
            assert streamed.status_code == 413

    play(scene)


def test_only_an_administrator_changes_the_registry(play: Any, town: dict[str, Any]) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "prirechye") as browser:
            answer = await browser.put("/api/v1/registry", json=town)
            assert answer.status_code == 403
            assert answer.json()["type"] == "urn:kvartal:problem:forbidden"

    play(scene)
