"""Blocks of events on their way to cases: in their order, and each exactly once.

The numbers that were taken are written in the transaction that takes the events. A gap waits for
the missing block, unless the edge says that it has no such block any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters import wire
from core.errors import DomainError
from gateway.cases.incidents import Intake
from gateway.ingest.edges import Edges
from gateway.ingest.parked import Parked
from gateway.ingest.ranges import Ranges
from gateway.ingest.telemetry import Acknowledge
from gateway.storage.database import Database
from gateway.storage.failures import StoreAway
from gateway.storage.series_tables import TakenEventsRow

STREAM: wire.Stream = "events"
AT_ONCE = 50  # blocks in one transaction, and no more when they have so many events:
EVENTS_AT_ONCE = 200
NONSENSE = (DomainError, ValueError, LookupError)  # of the content; a store that fails is neither
WAITING = 256  # blocks behind a gap; the edge sends again what is not kept

log = structlog.get_logger()


@dataclass(slots=True)
class Epoch:
    """Where the stream of one epoch of an edge stands."""

    taken: Ranges
    waiting: dict[int, wire.EventBlock] = field(default_factory=dict)

    def ready(self) -> list[wire.EventBlock]:
        """Take the blocks that follow on what was taken, without a gap."""
        found: list[wire.EventBlock] = []
        number, events = self.taken.first_missing(), 0
        while number in self.waiting and len(found) < AT_ONCE and events < EVENTS_AT_ONCE:
            found.append(self.waiting.pop(number))
            events += len(found[-1].events)
            number += 1
        return found


class EventWriter:
    """Takes one block at a time; whoever calls sees to that.

    parked: keeps blocks that make no sense, for a person to look at.
    """

    def __init__(
        self,
        database: Database,
        edges: Edges,
        intake: Intake,
        acknowledge: Acknowledge,
        parked: Parked,
    ) -> None:
        self._parked = parked
        self._database = database
        self._edges = edges
        self._intake = intake
        self._acknowledge = acknowledge
        self._epochs: dict[tuple[str, str], Epoch] = {}

    async def take(self, block: wire.EventBlock) -> None:
        """Take a block, and those that waited for it."""
        epoch = await self._epoch(block.edge, block.epoch)
        if block.seq in epoch.taken:
            self._acknowledge(block.edge, block.epoch, STREAM, [(block.seq, block.seq)])
            return
        # What is below is acknowledged or was dropped by the edge: it never comes again.
        epoch.taken.add(1, block.lowest - 1)
        if block.seq < epoch.taken.first_missing() + WAITING:
            epoch.waiting[block.seq] = block
        while blocks := epoch.ready():
            try:
                await self._commit(block.edge, block.epoch, epoch, blocks)
            except NONSENSE:
                await self._commit_each(block.edge, block.epoch, epoch, blocks)

    async def take_unreadable(
        self, block: wire.EventHead, payload: bytes, error: wire.WireError
    ) -> None:
        """Put a block aside whose events cannot be decoded, and go on as if it had been empty."""
        epoch = await self._epoch(block.edge, block.epoch)
        if block.seq not in epoch.taken:
            await self._put_aside(block, payload, error)
        await self.take(_emptied(block))

    async def _commit_each(
        self, edge: str, name: str, epoch: Epoch, blocks: Sequence[wire.EventBlock]
    ) -> None:
        """Take blocks one by one, and put aside the one that makes no sense.

        It would come again for ever, and hold up every alarm behind it.
        """
        for block in blocks:
            try:
                await self._commit(edge, name, epoch, [block])
            except NONSENSE as error:
                await self._put_aside(block, wire.encode(block), error)
                await self._commit(edge, name, epoch, [_emptied(block)])

    async def _put_aside(
        self, block: wire.EventHead | wire.EventBlock, payload: bytes, error: Exception
    ) -> None:
        if self._parked.has(block.edge, block.epoch, block.seq):
            return  # it came again before what is missing below it
        file = await self._parked.keep(block.edge, block.epoch, block.seq, payload)
        if file is None:
            self._edges.refuse(block.edge, f"events make no sense: {error}")
        log.error(
            "events make no sense, put aside" if file else "events make no sense, dropped",
            edge=block.edge,
            file=str(file or ""),
            error=str(error),
            exc_info=None if isinstance(error, wire.WireError) else error,
        )
        await self._edges.show(block.edge)

    async def _commit(
        self, edge: str, name: str, epoch: Epoch, blocks: Sequence[wire.EventBlock]
    ) -> None:
        after = epoch.taken.copy()
        numbers = (blocks[0].seq, blocks[-1].seq)
        after.add(*numbers)
        events = [event for block in blocks for event in block.events]
        try:
            async with self._database.transaction() as session:
                await self._intake.take_events(session, edge, events)
                apply = await self._edges.take_events(session, edge, events)
                await self._record(session, edge, name, after)
        except StoreAway:
            del self._epochs[edge, name]  # what was taken, the store alone knows now
            raise
        epoch.taken = after
        apply()
        self._acknowledge(edge, name, STREAM, [numbers])

    async def _epoch(self, edge: str, name: str) -> Epoch:
        if (edge, name) not in self._epochs:
            async with self._database.reading() as session:
                rows = await session.scalars(
                    select(TakenEventsRow).where(
                        TakenEventsRow.edge == edge, TakenEventsRow.epoch == name
                    )
                )
                taken = Ranges((row.first, row.last) for row in rows)
            self._epochs[edge, name] = Epoch(taken)
        return self._epochs[edge, name]

    @staticmethod
    async def _record(session: AsyncSession, edge: str, name: str, taken: Ranges) -> None:
        await session.execute(
            delete(TakenEventsRow).where(TakenEventsRow.edge == edge, TakenEventsRow.epoch == name)
        )
        session.add_all(
            TakenEventsRow(edge=edge, epoch=name, first=first, last=last) for first, last in taken
        )


def _emptied(block: wire.EventHead | wire.EventBlock) -> wire.EventBlock:
    """Give a block with the same numbers and nothing in it."""
    return wire.EventBlock(
        edge=block.edge, epoch=block.epoch, seq=block.seq, lowest=block.lowest, events=[]
    )
