"""Stores that take InfluxDB's protocol do what every store does, tried on real servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.clock import SECOND
from gateway.ingest.taken_record import TakenTable
from gateway.storage.database import Database
from gateway.storage.series_tables import TakenReadingsRow
from gateway.timeseries.influx_server import InfluxServer
from gateway.timeseries.influxql import InfluxQlStore
from gateway.timeseries.promql import PromQlStore
from tests.gateway.series_servers import InfluxDb, VictoriaMetrics, running
from tests.gateway.timeseries_conformance import (
    DAY,
    LOST,
    START,
    TimeSeriesConformance,
    nan,
    numbers,
    readings,
    shown,
)


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDb]:
    server = InfluxDb(tmp_path_factory.mktemp("influxdb"))
    with running(server):
        yield server


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    server = VictoriaMetrics(tmp_path_factory.mktemp("victoria"))
    with running(server):
        yield server


@asynccontextmanager
async def record_in(folder: Path) -> AsyncIterator[TakenTable]:
    """Open a table of taken numbers in a file of the folder."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'kvartal.sqlite'}")
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(
                TakenReadingsRow.metadata.create_all, [TakenReadingsRow.__table__]
            )
        yield TakenTable(database)
    finally:
        await database.close()


def bucket_of(folder: Path) -> str:
    return "b" + "".join(each if each.isalnum() else "_" for each in folder.name)


class TestInfluxDb(TimeSeriesConformance):
    @pytest.fixture(autouse=True)
    def _server(self, influxdb: InfluxDb) -> None:
        self.server = influxdb

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[InfluxQlStore]:
        server = InfluxServer(self.server.account(bucket_of(folder)))
        async with (
            record_in(folder) as record,
            InfluxQlStore(server, record, folder / "aside") as store,
        ):
            yield store


class TestVictoriaMetrics(TimeSeriesConformance):
    @pytest.fixture(autouse=True)
    def _server(self, victoria: VictoriaMetrics) -> None:
        self.server = victoria

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[PromQlStore]:
        await asyncio.to_thread(self.server.show_all)
        server = InfluxServer(self.server.account(bucket_of(folder)))
        async with (
            record_in(folder) as record,
            PromQlStore(server, record, folder / "aside") as store,
        ):
            yield store

    def test_the_last_one_written_stands(self, tmp_path: Path) -> None:
        """One of them stands, all the same: the server keeps no order of what it was given."""
        blocks = [readings((7, 10, 1.0)), readings((7, 20, 5.0)), readings((7, 10, 3.0))]
        found, _ = self.in_store(
            tmp_path, blocks, lambda store: store.range(7, START, START + DAY, 10)
        )
        assert found.time.tolist() == [START + 10 * SECOND, START + 20 * SECOND]

    def test_one_moment_counts_once(self, tmp_path: Path) -> None:
        blocks = [readings((7, 0, 1.0), (7, 10, 7.0)), readings((7, 10, 7.0), (7, 5, 5.0))]
        found = self.in_store(
            tmp_path, blocks, lambda store: store.aggregate(numbers(7), START, START + DAY, DAY)
        )
        assert found.count.tolist() == [3]

    def test_all_rows_come_in_the_order_of_time(self, tmp_path: Path) -> None:
        blocks = [
            readings((7, 20, 2.0), (8, 5, 8.0), (7, 10, nan, LOST), (9, 1, 1.0)),
            readings((7, 86_400, 5.0), (7, 20, 2.0)),
        ]
        found = self.in_store(tmp_path, blocks, lambda store: self.all_rows(store, 7, 8))
        rows = [row[:2] for block in found for row in shown(block)]
        assert rows == [(7, 10.0), (7, 20.0), (7, 86_400.0), (8, 5.0)]
