"""Servers that are killed, away or that refuse: what was acknowledged is there all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from adapters import wire
from core.clock import SECOND, SystemClock
from core.readings import Readings
from gateway.ingest import telemetry
from gateway.ingest.settling import Settling
from gateway.ingest.telemetry import TelemetryWriter
from gateway.timeseries.influx import LineProtocolStore
from gateway.timeseries.influx_server import InfluxServer
from gateway.timeseries.influxql import InfluxQlStore
from gateway.timeseries.port import StoreUnavailable
from gateway.timeseries.promql import PromQlStore
from tests.gateway.series_servers import InfluxDb, SeriesServer, VictoriaMetrics, running
from tests.gateway.test_influx import record_in

CLOCK = SystemClock()
BUCKET = "kvartal"
ROWS = 20
SETTLE_S = 15.0  # VictoriaMetrics 1.79 lost what came in the last 10 s before a kill
WITHIN_S = 100.0
HOUR = 3600 * SECOND


@dataclass
class Ledger:
    """An edge that keeps what it sent until it is acknowledged, and sends it again when asked."""

    start: int = field(default_factory=CLOCK.time_ns)
    sent: int = 0
    acknowledged: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    asked: int = 0

    def acknowledge(
        self, _edge: str, _epoch: str, _stream: wire.Stream, ranges: list[tuple[int, int]]
    ) -> None:
        self.acknowledged |= numbers_in(ranges)

    def hold(self, _edge: str, _epoch: str, ranges: list[tuple[int, int]]) -> None:
        self.held |= numbers_in(ranges)

    def ask_again(self, _edge: str) -> None:
        self.asked += 1
        self.held.clear()

    def readings(self, number: int) -> Readings:
        """Give the block of this number; each has a series of its own, and one that all have."""
        time = self.start + np.arange(number * ROWS, (number + 1) * ROWS) * SECOND // 1000
        series = np.where(np.arange(ROWS) % 2, 1, 1 + number)
        return Readings.of(series, time, np.arange(number * ROWS, (number + 1) * ROWS), 0, 0)

    async def offer(self, writer: TelemetryWriter, number: int) -> None:
        block = wire.TelemetryBlock(
            edge="e", epoch="a", seq=number, lowest=1, numbering=1, read_at=0,
            signal=b"", time=b"", value=b"", quality=b"",
        )  # fmt: skip
        if await writer.is_new(block):
            writer.put([block], self.readings(number))

    async def send(self, writer: TelemetryWriter) -> None:
        """Send a new block and what is neither acknowledged nor held, for ever."""
        while True:
            self.sent += 1
            for number in range(1, self.sent + 1):
                if number not in self.acknowledged and number not in self.held:
                    await self.offer(writer, number)
            await asyncio.sleep(0.05)

    async def missing(self, store: LineProtocolStore, blocks: set[int]) -> set[int]:
        """Give which of the blocks are not in the store with all their readings."""
        series = np.array([1, *(1 + number for number in blocks)], np.uint32)
        found = [rows async for rows in store.rows(series, self.start, self.start + HOUR)]
        values = {int(value) for rows in found for value in rows.value}
        return {
            number
            for number in blocks
            if not values.issuperset(range(number * ROWS, (number + 1) * ROWS))
        }


def numbers_in(ranges: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def sending(writer: TelemetryWriter, ledger: Ledger) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(writer.run()), asyncio.create_task(ledger.send(writer))]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def restart(server: SeriesServer) -> None:
    server.kill()
    await asyncio.to_thread(server.start)


async def lost_by_kills_of_influxdb(folder: Path, rounds: int) -> set[int]:
    """Kill the server amid writing, again and again; give what was acknowledged and is missing."""
    lost: set[int] = set()
    with running(InfluxDb(folder / "server")) as server:
        ledger = Ledger()
        async with (
            record_in(folder) as record,
            InfluxQlStore(InfluxServer(server.account(BUCKET)), record, folder) as store,
            sending(TelemetryWriter(store, CLOCK, ledger.acknowledge), ledger),
        ):
            for _ in range(rounds):
                enough = len(ledger.acknowledged) + 10
                await until(lambda: len(ledger.acknowledged) >= enough)  # noqa: B023 - awaited at once
                acknowledged = set(ledger.acknowledged)
                await restart(server)
                lost |= await ledger.missing(store, acknowledged)
            sent = ledger.sent
            await until(lambda: ledger.acknowledged >= set(range(1, sent + 1)))
    return lost


async def lost_by_a_kill_of_victoria(folder: Path) -> tuple[set[int], set[int]]:
    """Kill the server as soon as something is acknowledged and much is not; give what of the
    acknowledged is missing then, and of all a while later."""
    server = VictoriaMetrics(folder / "server")
    with running(server):
        ledger = Ledger()
        async with (
            record_in(folder) as record,
            PromQlStore(InfluxServer(server.account(BUCKET)), record, folder) as store,
        ):
            settling = Settling(
                store, CLOCK, SETTLE_S, tell=ledger.hold, ask_again=ledger.ask_again
            )
            writer = TelemetryWriter(store, CLOCK, ledger.acknowledge, settling)
            async with sending(writer, ledger):
                await until(lambda: len(ledger.acknowledged) >= 10)
                acknowledged, sent = set(ledger.acknowledged), set(range(1, ledger.sent))
                assert sent - acknowledged
                await restart(server)
                await asyncio.to_thread(server.show_all)
                lost = await ledger.missing(store, acknowledged)
                await until(lambda: ledger.asked > 0)
                await until(lambda: ledger.acknowledged | ledger.held >= sent)
                await asyncio.to_thread(server.show_all)
                return lost, await ledger.missing(store, sent)


def test_a_killed_influxdb_loses_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "TRY_AGAIN_S", 0.1)
    assert asyncio.run(lost_by_kills_of_influxdb(tmp_path, 3)) == set()


def test_a_killed_victoria_loses_nothing_acknowledged_and_the_rest_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "TRY_AGAIN_S", 0.1)
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()

    async def rounds() -> list[tuple[set[int], set[int]]]:
        return await asyncio.gather(*(lost_by_a_kill_of_victoria(folder) for folder in folders))

    assert asyncio.run(rounds()) == [(set(), set())] * 3


def test_while_the_server_is_away_no_more_is_taken_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "TRY_AGAIN_S", 0.1)
    monkeypatch.setattr(telemetry, "WAITING_POINTS", ROWS)

    async def run() -> set[int]:
        ledger = Ledger()
        with running(InfluxDb(tmp_path / "server")) as server:
            account = server.account(BUCKET)
            server.kill()
            async with (
                record_in(tmp_path) as record,
                InfluxQlStore(InfluxServer(account), record, tmp_path) as store,
            ):
                writer = TelemetryWriter(store, CLOCK, ledger.acknowledge)
                async with sending(writer, ledger):
                    await until(lambda: ledger.sent > 5)
                    room = asyncio.create_task(writer.room())
                    await asyncio.sleep(0)
                    assert not room.done()
                    assert ledger.acknowledged == set()
                    await asyncio.to_thread(server.start)
                    await room
                    await until(lambda: ledger.acknowledged >= {1, 2, 3, 4, 5})
                    return await ledger.missing(store, {1, 2, 3, 4, 5})

    assert asyncio.run(run()) == set()


def test_what_a_server_refuses_is_put_aside_once_and_told_and_the_rest_is_stored(
    tmp_path: Path,
) -> None:
    now = CLOCK.time_ns()
    long_ago = now - 60 * 24 * HOUR
    good, refused = Readings.of(7, now, 1.0, 0, 0), Readings.of(8, long_ago, 2.0, 0, 0)

    async def run(server: SeriesServer) -> list[float]:
        influx = InfluxServer(server.account(BUCKET))
        async with (
            record_in(tmp_path) as record,
            InfluxQlStore(influx, record, tmp_path / "aside") as store,
        ):
            # There the value is a text already: a field cannot be both.
            await influx.write(
                "/write", store.target, f'{BUCKET},series=8 v="x" {long_ago}'.encode()
            )
            for _ in range(2):
                await store.append([good, refused], [])
            found, _ = await store.range(7, now, now + 1, 10)
            assert store.figures() == {"refused_files": 1}
            return list(found.value)

    with running(InfluxDb(tmp_path / "server")) as server, capture_logs() as logs:
        assert asyncio.run(run(server)) == [1.0]
    (file,) = (tmp_path / "aside").glob("*.lines")
    assert file.read_text() == f"{BUCKET},series=8 v=2,q=0i {long_ago}\n"
    told = [each for each in logs if each["log_level"] == "error"]
    assert [(each["file"], each["readings"]) for each in told] == [(str(file), 1)] * 2
    assert "field type conflict" in told[0]["error"]


def test_a_database_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    async def run(server: SeriesServer) -> None:
        account = server.account(BUCKET)
        server.ask("/query", {"q": f"DROP DATABASE {BUCKET}"})
        async with (
            record_in(tmp_path) as record,
            InfluxQlStore(InfluxServer(account), record, tmp_path / "aside") as store,
        ):
            with pytest.raises(StoreUnavailable, match="database not found"):
                await store.append([Readings.of(7, CLOCK.time_ns(), 1.0, 0, 0)], [])

    with running(InfluxDb(tmp_path / "server")) as server:
        asyncio.run(run(server))


def test_a_question_that_is_too_much_for_the_server_is_told_as_such(tmp_path: Path) -> None:
    async def run(server: VictoriaMetrics) -> None:
        async with (
            record_in(tmp_path) as record,
            PromQlStore(InfluxServer(server.account(BUCKET)), record, tmp_path) as store,
        ):
            await store.append([Readings.of([7, 8, 9], CLOCK.time_ns(), 1.0, 0, 0)], [])
            await asyncio.to_thread(server.show_all)
            with pytest.raises(StoreUnavailable, match="422"):
                await store.latest(CLOCK.time_ns() - HOUR)

    server = VictoriaMetrics(tmp_path / "server", options=("-search.maxUniqueTimeseries=2",))
    with running(server):
        asyncio.run(run(server))
