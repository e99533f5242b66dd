"""The numbers of blocks of readings in the relational store, where the readings are in another."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from gateway.storage.database import Database
from gateway.storage.series_tables import TakenReadingsRow
from gateway.timeseries.port import Taken


class TakenTable:
    """A `TakenRecord` for a store that has no transaction over readings and numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, taken: Sequence[Taken]) -> None:
        """Record the numbers in one transaction."""
        async with self._database.transaction() as session:
            for each in taken:
                await session.execute(
                    delete(TakenReadingsRow).where(
                        TakenReadingsRow.edge == each.edge,
                        TakenReadingsRow.epoch == each.epoch,
                        TakenReadingsRow.stream == each.stream,
                    )
                )
                session.add_all(
                    TakenReadingsRow(
                        edge=each.edge,
                        epoch=each.epoch,
                        stream=each.stream,
                        first=first,
                        last=last,
                    )
                    for first, last in each.ranges
                )

    async def of(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of a stream, as closed ranges."""
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(TakenReadingsRow)
                .where(
                    TakenReadingsRow.edge == edge,
                    TakenReadingsRow.epoch == epoch,
                    TakenReadingsRow.stream == stream,
                )
                .order_by(TakenReadingsRow.first)
            )
            return [(row.first, row.last) for row in rows]
