"""The pages it serves, and what happens to the process when a part of it breaks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.tasks import Tasks


def test_unbuilt_pages_say_what_to_run(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            answer = await browser.get("/")
            assert answer.status_code == 503
            assert "make web" in answer.text

    play(scene)


def test_built_pages_are_one_page_for_all_routes(play: Any, tmp_path: Path) -> None:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<p>the page")
    (tmp_path / "dist" / "assets" / "app-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not a page")

    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            page = await browser.get("/control/cases/5")
            assert page.text == "<p>the page"
            assert page.headers["cache-control"] == "no-cache"
            assert "script-src 'self'" in page.headers["content-security-policy"]
            script = await browser.get("/assets/app-1a2b.js")
            assert "immutable" in script.headers["cache-control"]
            assert (await browser.get("/assets/gone.js")).status_code == 404
            assert (await browser.get("/..%2fsecret.txt")).status_code == 404
            assert (await browser.get("/api/v1/nothing")).json()["status"] == 404

    play(scene)


@pytest.mark.parametrize("path", ["/", "/control", "/assets/app-1a2b.js"])
def test_what_only_asks_for_the_headers_gets_them(play: Any, tmp_path: Path, path: str) -> None:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<p>the page")
    (tmp_path / "dist" / "assets" / "app-1a2b.js").write_text("export {}")

    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            whole, head = await browser.get(path), await browser.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == whole.headers["Content-Length"]

    play(scene)


def test_it_says_that_it_is_alive_and_ready(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            assert (await browser.get("/healthz")).json() == {"status": "alive"}
            ready = (await browser.get("/readyz")).json()
            assert (ready["status"], ready["store"]) == ("ready", "sqlite")
            assert ready["series"] == {
                "store": "duckdb",
                "readings_days": 0, "minutes_days": 0, "hours_days": 0, "days_days": 0,
                "bytes": 0, "problem": "",
            }  # fmt: skip

    play(scene)


def test_a_background_task_that_ends_is_told() -> None:
    async def body() -> None:
        told = asyncio.Event()
        async with Tasks(told.set) as tasks:
            tasks.start("breaks", _break())
            await asyncio.wait_for(told.wait(), 3)

    asyncio.run(body())


def test_tasks_are_cancelled_at_the_end_without_a_word() -> None:
    async def body() -> bool:
        told = asyncio.Event()
        async with Tasks(told.set) as tasks:
            tasks.start("waits", asyncio.sleep(60))
            await asyncio.sleep(0)
        return told.is_set()

    assert asyncio.run(body()) is False


async def _break() -> None:
    raise RuntimeError("broken on purpose")
