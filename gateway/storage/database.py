"""The relational store: one engine, short transactions, SQLite in WAL and FULL or PostgreSQL."""

import asyncio
import secrets
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from sqlite3 import Connection as SqliteConnection
from typing import Any

import asyncpg
import structlog
from sqlalchemy import URL, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneIsFree
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from gateway.storage.failures import StoreAway, failure_of, failure_to_connect

PUBLISHED = "published"  # key in `AsyncSession.info`: this transaction wrote to the outbox
POSTGRESQL = "postgresql"
CHANNEL = "kvartal_outbox"  # on which PostgreSQL tells other processes of its commit
# Keys of advisory locks, any fixed numbers ("kvar"): whose turn it is to write …
WRITERS = 0x6B766172  # what others decide by; one turn for all of it
NUMBERS = WRITERS + 1  # numbers of blocks of readings, which hold up no case
LEASES = WRITERS + 2  # which process may do what only one may
SQLITE_WAITS_MS = 5000  # for another process that writes
log = structlog.get_logger()


class Database:
    """Gives sessions. Writers take turns, on SQLite as on PostgreSQL: see docs/decisions.md.

    on_published: called after the commit of a transaction that wrote to the outbox. fence: raises
    where this process may not write any more; asked in each turn of WRITERS.
    Sessions raise what storage/failures.py has; a store that is lost and found again is logged.
    """

    def __init__(self, url: str | URL, tls: ssl.SSLContext | None = None) -> None:
        self.name = make_url(url).get_backend_name()
        self.sender = secrets.token_hex(8)  # tells our own word on CHANNEL from that of others
        options = _on_postgresql(tls) if self.name == POSTGRESQL else {}
        # Parameters are hidden: they hold what residents say, and errors are logged.
        self.engine: AsyncEngine = create_async_engine(url, hide_parameters=True, **options)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.on_published: list[Callable[[], None]] = []
        self.fence: Callable[[AsyncSession], Awaitable[None]] | None = None
        # So that those who wait hold no connections.
        self._one_writer = defaultdict[int, asyncio.Lock](asyncio.Lock)
        self._is_away = False
        if self.name != POSTGRESQL:
            event.listen(self.engine.sync_engine, "connect", _durable_sqlite)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads."""
        with self._failures():
            async with self._sessions() as session:
                await self._connect(session)
                yield session

    @asynccontextmanager
    async def transaction(self, turn: int = WRITERS) -> AsyncIterator[AsyncSession]:
        """Open a unit of work: all of it is committed at the end, or nothing of it.

        Nobody else writes in the same turn meanwhile, so that what it reads stays so until it is
        committed. SQLite has one turn for everything.
        """
        async with self._one_writer[turn if self.name == POSTGRESQL else WRITERS]:
            with self._failures():
                async with self._sessions.begin() as session:
                    await self._connect(session)
                    if self.name == POSTGRESQL:  # SQLite has such a lock of its own
                        await session.execute(text(f"SELECT pg_advisory_xact_lock({turn})"))
                    if self.fence is not None and turn == WRITERS:
                        await self.fence(session)
                    yield session
                    if PUBLISHED in session.info and self.name == POSTGRESQL:
                        await session.execute(select(func.pg_notify(CHANNEL, self.sender)))
        if PUBLISHED in session.info:
            self.wake()

    def wake(self) -> None:
        """Have read what was published."""
        for wake in self.on_published:
            wake()

    async def close(self) -> None:
        await self.engine.dispose()

    async def _connect(self, session: AsyncSession) -> None:
        try:
            await session.connection()
        except (OSError, NoneIsFree, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise self._lost(failure_to_connect(error)) from error
        if self._is_away:
            self._is_away = False
            log.info("case store is back", store=self.name)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            failure = failure_of(error)
            if failure is None:
                raise
            raise self._lost(failure) if isinstance(failure, StoreAway) else failure from error
        except (ConnectionError, TimeoutError) as error:  # asyncpg's, as they are
            raise self._lost(failure_to_connect(error)) from error

    def _lost(self, failure: StoreAway) -> StoreAway:
        if not self._is_away:
            self._is_away = True
            log.error("case store is away", store=self.name, error=str(failure))
        return failure


def _on_postgresql(tls: ssl.SSLContext | None) -> dict[str, Any]:
    connect: dict[str, Any] = {
        "timeout": 10,  # seconds
        "command_timeout": 120,
        "server_settings": {
            "application_name": "kvartal gateway",
            # A gateway whose machine is gone, or that hangs, keeps its turn for half a minute.
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            "idle_in_transaction_session_timeout": "30s",
        },
    }
    return {
        "isolation_level": "READ COMMITTED",  # what is read after the turn is as it is then
        "pool_pre_ping": True,
        "connect_args": connect | ({"ssl": tls} if tls else {}),
    }


def _durable_sqlite(connection: Any, _record: object) -> None:
    raw: SqliteConnection = connection
    for pragma in (
        f"busy_timeout={SQLITE_WAITS_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        raw.execute(f"PRAGMA {pragma}")
