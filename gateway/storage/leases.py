"""Which process of an installation does what only one may do, in PostgreSQL.

A lease is a row with an end. Whoever holds it moves the end; when that is over, another process
takes it and counts the term up. A process that was frozen meanwhile still believes to hold it: so
each of its transactions that write asks for the term, in the turn in which alone a lease is taken.
One that finds another term has written nothing, and its process ends.
"""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import BigInteger, String, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.errors import KvartalError
from gateway.storage.database import LEASES, Database
from gateway.storage.failures import patiently
from gateway.storage.tables import Base

GOOD_FOR_S = 15
RENEW_EVERY_S = 3.0
TRY_EVERY_S = 1.0

# By the clock of the store: those of the machines may differ.
FREE = """
SELECT count(*) = 0 OR bool_or(until < clock_timestamp() OR holder = :holder)
FROM leases WHERE name = :name
"""
TAKE = """
INSERT INTO leases (name, holder, term, until)
VALUES (:name, :holder, 1, clock_timestamp() + make_interval(secs => :good_for))
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, term = leases.term + 1, until = excluded.until
WHERE leases.until < clock_timestamp() OR leases.holder = :holder
RETURNING term
"""
RENEW = """
UPDATE leases SET until = clock_timestamp() + make_interval(secs => :good_for)
WHERE name = :name AND term = :term RETURNING term
"""
LOOK = "SELECT term FROM leases WHERE name = :name"

log = structlog.get_logger()


class LeaseRow(Base):
    """Who does something alone. term: how often it went to another holder."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    term: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]


class Deposed(KvartalError):
    """Tell that another process does now what was ours alone; this one must end."""


class Lease:
    """holder: the same after a restart, so that nobody waits for a process that was killed."""

    def __init__(self, database: Database, name: str, holder: str) -> None:
        self._database = database
        self._name = name
        self._holder = holder[:200]
        self._term = 0
        self.is_held = False

    async def taken(self) -> bool:
        """Take it if it is free; tell whether it is ours. From then on it fences the database."""
        wanted = {"name": self._name, "holder": self._holder}
        async with self._database.reading() as session:
            if not await session.scalar(text(FREE), wanted):
                return False
        async with self._database.transaction() as session:
            term = await session.scalar(text(TAKE), {**wanted, "good_for": GOOD_FOR_S})
        if term is None:
            return False
        self._term, self.is_held = term, True
        self._database.fence = self._check
        log.info("lease taken", lease=self._name, term=term)
        return True

    async def until_taken(self) -> None:
        """Wait for it, as one that stands by."""
        while True:
            if await patiently(self.taken):
                return
            await asyncio.sleep(TRY_EVERY_S)

    async def keep(self) -> None:
        """Hold it for ever. Deposed where another process has it."""
        try:
            while True:
                await asyncio.sleep(RENEW_EVERY_S)
                await patiently(self._renew)
        finally:
            if self.is_held:
                await self._renew(for_s=0)

    async def _renew(self, for_s: int = GOOD_FOR_S) -> None:
        mine = {"name": self._name, "term": self._term, "good_for": for_s}
        async with self._database.transaction(LEASES) as session:
            if await session.scalar(text(RENEW), mine) is None:
                raise self._deposed()

    async def _check(self, session: AsyncSession) -> None:
        if await session.scalar(text(LOOK), {"name": self._name}) != self._term:
            raise self._deposed()

    def _deposed(self) -> Deposed:
        self.is_held = False
        return Deposed(f"lease {self._name}: another process has taken it; this one ends")
