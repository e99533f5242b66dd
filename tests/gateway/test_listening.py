"""What one process commits, another one shows at once, and not when it next looks by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.listening import LISTENER
from gateway.storage.outbox import Change, publish
from tests.gateway.conftest import TOWN, Live, started  # type: ignore[import-not-found]
from tests.gateway.hall import store

LISTENERS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = :name AND query NOT LIKE 'SET%'
"""
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = :name
"""
NAMED = {"name": LISTENER}


@pytest.fixture(autouse=True)
def nobody_looks(monkeypatch: pytest.MonkeyPatch, on_postgresql: str) -> None:
    monkeypatch.setattr(outbox, "LOOK_EVERY_S", 3600.0)


@asynccontextmanager
async def page_and_neighbour(folder: Path) -> AsyncIterator[tuple[Live, Database]]:
    """Give a page of one process, and the store as another one has it."""
    async with (
        started(folder, TOWN) as gateway,
        gateway.watching() as page,
        store(folder) as database,
    ):
        await page.next("hello")
        await listener(database)
        yield page, database


async def listener(database: Database, former: int = 0) -> int:
    """Wait until a connection listens that is not the former one, and give its process."""
    async with asyncio.timeout(30):
        while True:
            async with database.reading() as session:
                found = set(await session.scalars(text(LISTENERS), NAMED)) - {former}
            if found:
                return int(found.pop())
            await asyncio.sleep(0.02)


async def change(database: Database, state: str) -> None:
    body = {"id": 1, "state": state}
    async with database.transaction() as session:
        await publish(session, Change(topic="case", place_path="prirechye/left/", body=body))


async def shown(page: Live) -> str:
    return str((await page.next("change"))["case"]["state"])


def test_a_page_shows_what_another_process_has_committed(tmp_path: Path) -> None:
    async def story() -> None:
        async with page_and_neighbour(tmp_path) as (page, database):
            await change(database, "open")
            assert await shown(page) == "open"

    asyncio.run(story())


def test_a_listener_whose_connection_is_cut_listens_anew_and_missed_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with page_and_neighbour(tmp_path) as (page, database):
            former = await listener(database)
            async with database.transaction() as session:
                await session.execute(text(CUT), NAMED)
            await change(database, "accepted")
            assert await shown(page) == "accepted"
            await listener(database, former)
            await change(database, "closed")
            assert await shown(page) == "closed"

    asyncio.run(story())
