"""The DuckDB store: what was acknowledged is there, and a chart keeps its extremes."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.readings import Readings
from gateway.ingest.ranges import Ranges
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import Taken

T = TypeVar("T")

WRITER = """
import asyncio, sys
from pathlib import Path
import numpy as np
from core.readings import Readings
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import Taken

async def write(path, start):
    async with DuckDbTimeSeries(path) as store:
        for number in range(start, start + 10_000):
            time = np.arange(number * 100, number * 100 + 100)
            block = Readings.of(np.full(100, 7), time, time, 0, 0)
            await store.append([block], [Taken("e", "a", "telemetry", [(1, number)])])
            print(number, flush=True)

asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
"""


def in_store(path: Path, use: Callable[[DuckDbTimeSeries], Awaitable[T]]) -> T:
    async def run() -> T:
        async with DuckDbTimeSeries(path / "readings.duckdb") as store:
            return await use(store)

    return asyncio.run(run())


def test_readings_come_back_sorted_and_one_a_moment(tmp_path: Path) -> None:
    block = Readings.of([7, 7, 8, 7], [20, 10, 10, 20], [2.0, 1.0, 9.0, 2.0], [0, 64, 0, 0], 0)

    async def use(store: DuckDbTimeSeries) -> tuple[Readings, bool]:
        await store.append([block], [])
        return await store.range(7, 0, 100, 10)

    found, thinned = in_store(tmp_path, use)
    assert found.time.tolist() == [10, 20]
    assert found.value.tolist() == [1.0, 2.0]
    assert found.quality.tolist() == [64, 0]
    assert not thinned


def test_thinning_keeps_the_extremes_and_the_gaps(tmp_path: Path) -> None:
    value = np.zeros(10_000)
    value[1234], value[5678], value[9000] = 50.0, -50.0, np.nan
    code = np.where(np.isnan(value), 128, 0)
    block = Readings.of(np.full(10_000, 7), np.arange(10_000), value, code, 0)

    async def use(store: DuckDbTimeSeries) -> tuple[Readings, bool]:
        await store.append([block], [])
        return await store.range(7, 0, 10_000, 100)

    found, thinned = in_store(tmp_path, use)
    assert thinned
    assert len(found) <= 101
    assert dict(zip(found.time.tolist(), found.value.tolist(), strict=True))[1234] == 50.0
    assert dict(zip(found.time.tolist(), found.value.tolist(), strict=True))[5678] == -50.0
    assert found.quality[found.time == 9000].tolist() == [128]
    assert np.isnan(found.value[found.time == 9000]).all()


def test_the_latest_of_each_series_is_found(tmp_path: Path) -> None:
    block = Readings.of([7, 8, 7], [10, 11, 12], [1.0, 2.0, 3.0], 0, 0)

    async def use(store: DuckDbTimeSeries) -> Readings:
        await store.append([block], [])
        return await store.latest(11)

    found = in_store(tmp_path, use)
    assert sorted(zip(found.signal.tolist(), found.value.tolist(), strict=True)) == [(7, 3), (8, 2)]


def test_the_first_good_reading_of_each_series_is_found_from_its_own_moment(tmp_path: Path) -> None:
    bad, uncertain = 130, 64
    block = Readings.of(
        [7, 7, 7, 8, 8, 9, 6],
        [30, 10, 20, 10, 40, 10, 10],
        [3.0, np.nan, 2.0, 1.0, 4.0, 9.0, 6.0],
        [0, bad, 0, 0, 0, uncertain, 0],
        0,
    )

    async def use(store: DuckDbTimeSeries) -> Readings:
        await store.append([block], [])
        return await store.first_good({7: 0, 8: 11, 9: 0, 5: 0})

    found = in_store(tmp_path, use)
    rows = zip(found.signal.tolist(), found.time.tolist(), found.value.tolist(), strict=True)
    assert list(rows) == [(7, 20, 2.0), (8, 40, 4.0)]


def test_taken_numbers_are_replaced_with_each_commit(tmp_path: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> list[tuple[int, int]]:
        await store.append([], [Taken("e", "a", "telemetry", [(1, 3), (5, 5)])])
        await store.append([], [Taken("e", "a", "telemetry", [(1, 6)])])
        return await store.taken("e", "a", "telemetry")

    assert in_store(tmp_path, use) == [(1, 6)]


def test_nothing_that_was_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    assert [lost_in_a_round(tmp_path, start) for start in (1, 20_000, 40_000)] == [0, 0, 0]


def lost_in_a_round(folder: Path, start: int) -> int:
    """Kill a writer after thirty commits; give how many readings of them are missing."""
    path = folder / "readings.duckdb"
    command = [sys.executable, "-c", WRITER, str(path), str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = max(int(writer.stdout.readline()) for _ in range(30))
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().splitlines()
    acknowledged = max([acknowledged, *(int(line) for line in rest if line)])

    async def use(store: DuckDbTimeSeries) -> tuple[Readings, list[tuple[int, int]]]:
        found, _ = await store.range(7, start * 100, (acknowledged + 1) * 100, 10_000_000)
        return found, await store.taken("e", "a", "telemetry")

    found, taken = in_store(folder, use)
    assert acknowledged in Ranges(taken)
    return (acknowledged + 1 - start) * 100 - len(found)
