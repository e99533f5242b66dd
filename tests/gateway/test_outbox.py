"""The outbox: in order, nothing twice to the outside, old rows go."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.clock import SystemClock
from gateway.storage.database import Database
from gateway.storage.outbox import Change, OutboxReader, last_seq, publish, trim
from gateway.storage.tables import OutboxRow
from gateway.tasks import Tasks
from tests.gateway.hall import store

pytestmark = pytest.mark.usefixtures("each_store")


async def write(database: Database, *numbers: int) -> None:
    async with database.transaction() as session:
        for number in numbers:
            change = Change(topic="order", place_path="", body={"number": number})
            await publish(session, change)


async def read(database: Database, wanted: int) -> list[int]:
    """Read as the sender of orders does, until so many have come."""
    got: list[int] = []
    enough = asyncio.Event()

    async def take(rows: Sequence[OutboxRow]) -> None:
        got.extend(row.body["number"] for row in rows)
        if len(got) >= wanted:
            enough.set()

    reader = OutboxReader(database, ("order",), take, name="orders")
    await reader.start()
    async with Tasks(enough.set) as tasks:
        tasks.start("reader", reader.run())
        await asyncio.wait_for(enough.wait(), 3)
    return got


def test_a_named_reader_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async def body() -> None:
        async with store(tmp_path) as database:
            await write(database, 1, 2)
            assert await read(database, 2) == [1, 2]
            await write(database, 3)
            assert await read(database, 1) == [3]

    asyncio.run(body())


def test_a_reader_hears_of_a_commit_while_it_waits(tmp_path: Path) -> None:
    async def body() -> None:
        async with store(tmp_path) as database:
            reading = asyncio.create_task(read(database, 2))
            await write(database, 1)
            await write(database, 2)
            assert await reading == [1, 2]

    asyncio.run(body())


def test_a_reader_ends_also_when_something_is_written_at_that_very_moment(tmp_path: Path) -> None:
    has_come = asyncio.Event()

    async def take(_rows: Sequence[OutboxRow]) -> None:
        has_come.set()

    async def body() -> None:
        async with store(tmp_path) as database:
            reader = OutboxReader(database, ("order",), take, name="orders")
            await reader.start()
            reading = asyncio.create_task(reader.run())
            await write(database, 1)
            await has_come.wait()
            await asyncio.sleep(0.2)  # by now it waits; if not, the test proves nothing
            for wake in database.on_published:
                wake()
            reading.cancel()
            assert (await asyncio.wait({reading}, timeout=5))[0] == {reading}

    asyncio.run(body())


def test_old_rows_go_and_their_numbers_are_not_given_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with store(tmp_path) as database:
            await write(database, 1, 2, 3)
            async with database.transaction() as session:
                await trim(session, SystemClock().now() + timedelta(seconds=1))
            assert await _seqs(database) == []
            await write(database, 4)
            assert await _seqs(database) == [4]

    asyncio.run(body())


async def _seqs(database: Database) -> list[int]:
    async with database.reading() as session:
        found = list(await session.scalars(select(OutboxRow.seq)))
        assert await last_seq(session) == max(found, default=0)
        return found
