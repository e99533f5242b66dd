"""Stores that take InfluxDB's protocol do what every store does, tried on real servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters import wire
from core.clock import SECOND
from gateway.ingest.taken_record import TakenTable
from gateway.storage.database import Database
from gateway.storage.series_tables import TakenReadingsRow
from gateway.timeseries.influx_server import Account, InfluxServer
from gateway.timeseries.influxql import InfluxQlStore
from gateway.timeseries.port import StoreUnavailable
from gateway.timeseries.promql import PromQlStore
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import Edge, play
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


def test_a_gateway_keeps_readings_in_influxdb(
    tmp_path: Path, broker: str, influxdb: InfluxDb
) -> None:
    bucket = influxdb.account("town").bucket

    async def first(_gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)

    async def second(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 99.0)  # it was taken before the restart
        await edge.until_acknowledged("telemetry", 1)
        async with gateway.signed_in() as browser:
            answer = await browser.get("/api/v1/devices/lamp-1-head/signals/power/series")
            assert answer.json()["value"] == [40.0]

    for story in (first, second):
        play(
            tmp_path, broker, story,
            series_store="influxql", series_url=influxdb.url, series_bucket=bucket,
        )  # fmt: skip


def test_a_gateway_holds_what_victoria_may_forget_and_acknowledges_it_later(
    tmp_path: Path, broker: str, victoria: VictoriaMetrics
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        acks = [wire.decode(each, wire.Ack) for kind, each in edge.heard if kind == "ack"]
        assert [(each.held, each.ranges) for each in acks] == [([(1, 1)], []), ([], [(1, 1)])]
        await asyncio.to_thread(victoria.show_all)
        async with gateway.signed_in() as browser:
            answer = await browser.get("/api/v1/devices/lamp-1-head/signals/power/series")
            assert answer.json()["value"] == [40.0]

    play(
        tmp_path, broker, story,
        series_store="promql", series_url=victoria.url, series_bucket="town", series_settle_s=1,
    )  # fmt: skip


def test_without_its_server_a_gateway_starts_and_says_what_is_missing(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        async with gateway.signed_in() as browser:
            path = "/api/v1/devices/lamp-1-head/signals/power/series"
            async with asyncio.timeout(10):
                while (answer := await browser.get(path)).status_code == 404:  # not born yet
                    await asyncio.sleep(0.02)
            ready = (await browser.get("/readyz")).json()
        assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
        assert ready["series"] == {"store": "influxql", "refused_files": 0}
        assert edge.acknowledged("telemetry") == set()

    play(tmp_path, broker, story, series_store="influxql", series_url="http://127.0.0.1:1")


def test_a_server_asks_for_the_secret_in_the_file(tmp_path: Path) -> None:
    server = InfluxDb(tmp_path / "server", asks_for_accounts=True)
    user = "CREATE USER kvartal WITH PASSWORD 'secret' WITH ALL PRIVILEGES"

    async def ping(secret: str) -> bytes:
        client = InfluxServer(Account(server.url, "kvartal", secret))
        answer: bytes = await client.get("/query", {"q": "SHOW DATABASES"})
        client.close()
        return answer

    with running(server):
        server.ask("/query", {"q": user})
        assert b"databases" in asyncio.run(ping("kvartal:secret"))
        with pytest.raises(StoreUnavailable, match="401"):
            asyncio.run(ping("kvartal:wrong"))
