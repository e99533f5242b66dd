"""The outbox: what a transaction changed, written in it, shown and sent after it.

Nothing about incidents, cases or commands leaves the gateway but through here. A reader goes by
`seq` and never steps over a gap: numbers become visible in the order in which they are given,
because writers take turns, see `Database.transaction`. It reads when this process has committed,
when another one says so (storage/listening.py), and once a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import SystemClock
from gateway.storage.database import PUBLISHED, Database
from gateway.storage.failures import patiently
from gateway.storage.tables import OutboxReaderRow, OutboxRow

WORK = ("case", "incident", "command")  # topics of which an executor gets only their own
SHOWN = (*WORK, "edge", "device")  # topics that clients get
REGISTRY = "registry"  # topic of an import, after which clients load anew
FLEET = "fleet"  # topic of what an edge was born with and which devices answer, for processes
BATCH = 500  # rows read at once
LOOK_EVERY_S = 1.0  # in case that no word of another process's commit has come
TRIM_EVERY_S = 3600.0

Handler = Callable[[Sequence[OutboxRow]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed.

    topic: one of SHOWN with the body of its model in `gateway.api`, dumped as JSON; or "order",
    "acknowledgement", "registry" or "fleet", which never reach a client. place_path and, for a
    topic of WORK, executor: decide who may see it. former_executor: who could see it before, and is
    told that it is gone.
    """

    topic: str
    place_path: str
    body: dict[str, Any]
    executor: str | None = None
    former_executor: str | None = None


async def publish(session: AsyncSession, *changes: Change) -> None:
    """Write what changed, in its order, in the transaction that changes it."""
    now = SystemClock().now()
    await session.flush()
    await session.execute(
        insert(OutboxRow), [{"at": now, **_columns(change)} for change in changes]
    )
    session.info[PUBLISHED] = True


def _columns(change: Change) -> dict[str, Any]:
    return {field.name: getattr(change, field.name) for field in fields(change)}


async def last_seq(session: AsyncSession) -> int:
    """Give the number of the newest row, 0 where there is none."""
    return await session.scalar(select(func.max(OutboxRow.seq))) or 0


class OutboxReader:
    """Hands rows to a handler in their order, soon after their commit.

    Without a name it starts at the end and every process has its own: it is for showing. With a
    name its place is kept in the database, and moved *before* the rows are handed over: a crash
    in between sends an order not at all rather than twice.
    """

    def __init__(
        self, database: Database, topics: Sequence[str], handler: Handler, name: str = ""
    ) -> None:
        self._database = database
        self._topics = topics
        self._handler = handler
        self._name = name
        self._wake = asyncio.Event()
        self.seq = 0

    async def start(self) -> None:
        """Find the place from which to read."""
        async with self._database.transaction() as session:
            if not self._name:
                self.seq = await last_seq(session)
            elif (place := await session.get(OutboxReaderRow, self._name)) is not None:
                self.seq = place.seq
            else:
                session.add(OutboxReaderRow(name=self._name, seq=0))
        self._database.on_published.append(self._wake.set)

    async def run(self) -> None:
        """Read for ever; an error of the handler ends it, unless it is that the store is away.

        Then the handler gets the same rows again.
        """
        while True:
            self._wake.clear()
            while rows := await patiently(self._next):
                await patiently(partial(self._handler, rows))
            with suppress(TimeoutError):
                # Python 3.11's wait_for forgets that it is cancelled when the event comes, too.
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()

    async def _next(self) -> Sequence[OutboxRow]:
        async with self._database.reading() as session:
            found = await session.scalars(
                select(OutboxRow)
                .where(OutboxRow.seq > self.seq, OutboxRow.topic.in_(self._topics))
                .order_by(OutboxRow.seq)
                .limit(BATCH)
            )
            rows = found.all()
        if rows:
            if self._name:
                await self._move(rows[-1].seq)
            self.seq = rows[-1].seq
        return rows

    async def _move(self, seq: int) -> None:
        async with self._database.transaction() as session:
            await session.merge(OutboxReaderRow(name=self._name, seq=seq))


async def trim(session: AsyncSession, before: datetime) -> None:
    """Delete what was written before a moment."""
    await session.execute(delete(OutboxRow).where(OutboxRow.at < before))


async def keep_trimmed(database: Database, keep: timedelta) -> None:
    """Delete what is older than `keep`, hourly, for ever; by the clock that stamps it."""

    async def trim_now() -> None:
        async with database.transaction() as session:
            await trim(session, SystemClock().now() - keep)

    while True:
        await patiently(trim_now)
        await asyncio.sleep(TRIM_EVERY_S)
