"""Numbers of blocks of readings in the relational store, where the readings are in another."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.ingest.ranges import Ranges
from gateway.storage.database import NUMBERS, Database
from gateway.storage.series_tables import TakenReadingsRow
from gateway.timeseries.port import Taken

Stream = tuple[str, str, str]  # edge, epoch, stream

AT_ONCE = 1000  # streams of one query; SQLite takes 32,766 parameters


class TakenTable:
    """A `TakenRecord` for a store that has no transaction over readings and numbers.

    Several processes may take blocks of one stream: what each adds is joined in its turn.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, taken: Sequence[Taken]) -> None:
        """Record the numbers in one transaction."""
        async with self._database.transaction(NUMBERS) as session:
            for some in (taken[at : at + AT_ONCE] for at in range(0, len(taken), AT_ONCE)):
                await self._add(session, some)

    async def of(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of a stream, as closed ranges."""
        async with self._database.reading() as session:
            return list((await _recorded(session, [(edge, epoch, stream)]))[edge, epoch, stream])

    @staticmethod
    async def _add(session: AsyncSession, taken: Sequence[Taken]) -> None:
        streams = [(each.edge, each.epoch, each.stream) for each in taken]
        recorded = await _recorded(session, streams)
        for stream, each in zip(streams, taken, strict=True):
            for first, last in each.ranges:
                recorded[stream].add(first, last)
        await session.execute(delete(TakenReadingsRow).where(_IS_OF.in_(streams)))
        entries = [
            {"edge": edge, "epoch": epoch, "stream": name, "first": first, "last": last}
            for (edge, epoch, name), ranges in recorded.items()
            for first, last in ranges
        ]
        if entries:
            await session.execute(insert(TakenReadingsRow), entries)


_IS_OF = tuple_(TakenReadingsRow.edge, TakenReadingsRow.epoch, TakenReadingsRow.stream)


async def _recorded(session: AsyncSession, streams: Sequence[Stream]) -> Mapping[Stream, Ranges]:
    found = {stream: Ranges() for stream in streams}
    rows = await session.scalars(select(TakenReadingsRow).where(_IS_OF.in_(streams)))
    for row in rows:
        found[row.edge, row.epoch, row.stream].add(row.first, row.last)
    return found
