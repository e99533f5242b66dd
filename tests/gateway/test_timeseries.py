"""The DuckDB store: it does what every store does, and what was acknowledged is there."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from core.clock import SystemClock
from core.readings import Readings
from gateway.ingest.ranges import Ranges
from gateway.timeseries.duckdb import DuckDbTimeSeries
from tests.gateway.timeseries_conformance import TimeSeriesConformance

T = TypeVar("T")

WRITER = """
import asyncio, sys
from pathlib import Path
import numpy as np
from core.clock import SystemClock
from core.readings import Readings
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import Taken

async def write(path, start):
    async with DuckDbTimeSeries(path, SystemClock()) as store:
        for number in range(start, start + 10_000):
            time = np.arange(number * 100, number * 100 + 100)
            block = Readings.of(np.full(100, 7), time, time, 0, 0)
            await store.append([block], [Taken("e", "a", "telemetry", [(1, number)])])
            print(number, flush=True)

asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
"""


def in_store(path: Path, use: Callable[[DuckDbTimeSeries], Awaitable[T]]) -> T:
    async def run() -> T:
        async with DuckDbTimeSeries(path, SystemClock()) as store:
            return await use(store)

    return asyncio.run(run())


class TestDuckDb(TimeSeriesConformance):
    def opened(self, folder: Path) -> DuckDbTimeSeries:
        return DuckDbTimeSeries(folder, SystemClock())


def test_nothing_that_was_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    assert [lost_in_a_round(tmp_path, start) for start in (1, 20_000, 40_000)] == [0, 0, 0]


def lost_in_a_round(folder: Path, start: int) -> int:
    """Kill a writer after thirty commits; give how many readings of them are missing."""
    command = [sys.executable, "-c", WRITER, str(folder), str(start)]
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
