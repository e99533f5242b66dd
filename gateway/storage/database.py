"""The relational store: one engine, short transactions, SQLite in WAL and FULL or PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

PUBLISHED = "published"  # key in `AsyncSession.info`: this transaction wrote to the outbox


class Database:
    """Gives sessions. Writers go one at a time on SQLite, so that none waits inside the engine.

    on_published: called after the commit of a transaction that wrote to the outbox.
    """

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = create_async_engine(url)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.on_published: list[Callable[[], None]] = []
        self._one_writer = asyncio.Lock() if url.startswith("sqlite") else None
        if url.startswith("sqlite"):
            event.listen(self.engine.sync_engine, "connect", _durable_sqlite)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads."""
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a unit of work: all of it is committed at the end, or nothing of it."""
        async with self._one_writer or nullcontext(), self._sessions.begin() as session:
            yield session
        if PUBLISHED in session.info:
            for wake in self.on_published:
                wake()

    async def close(self) -> None:
        await self.engine.dispose()


def _durable_sqlite(connection: Any, _record: object) -> None:
    raw: SqliteConnection = connection
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        raw.execute(f"PRAGMA {pragma}")
