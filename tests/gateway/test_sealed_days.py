"""Days that are over: sealed into files, merged with latecomers, killed between any two steps."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from core.clock import SystemClock
from core.readings import Readings
from gateway.timeseries.day_files import RAW, day_of
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import Taken
from gateway.timeseries.rollup import LEVELS
from tests.gateway.timeseries_conformance import (
    DAY,
    HOUR,
    LOST,
    START,
    TimeSeriesConformance,
    buckets,
    numbers,
    readings,
    shown,
)

T = TypeVar("T")
FIRST = day_of(START)

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from core.clock import SystemClock
from gateway.timeseries.duckdb import DuckDbTimeSeries

folder, day, left = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def counted(method):
    def call(*values):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*values)
    return call

async def seal():
    async with DuckDbTimeSeries(folder, SystemClock()) as store:
        Path.replace = counted(Path.replace)
        DuckDbTimeSeries._delete = counted(DuckDbTimeSeries._delete)
        await store.due(day + 1)
        await store.seal(day)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(seal())
"""


async def seal_all(store: DuckDbTimeSeries) -> None:
    for day in await store.due(FIRST + 2):
        await store.seal(day)


class Sealing(DuckDbTimeSeries):
    """Seals after each commit what is over."""

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        await super().append(blocks, taken)
        await seal_all(self)


class TestSealed(TimeSeriesConformance):
    def opened(self, folder: Path) -> DuckDbTimeSeries:
        return Sealing(folder, SystemClock())


class TestWithLatecomers(TimeSeriesConformance):
    """The first commit is sealed, what comes after it waits beside its day's file."""

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[DuckDbTimeSeries]:  # type: ignore[override]
        async with DuckDbTimeSeries(folder, SystemClock()) as store:
            append = store.append

            async def first(blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
                await append(blocks, taken)
                if not store.files.days[RAW]:
                    await seal_all(store)

            store.append = first  # type: ignore[method-assign]
            yield store


def in_store(folder: Path, use: Callable[[DuckDbTimeSeries], Awaitable[T]]) -> T:
    async def run() -> T:
        async with DuckDbTimeSeries(folder, SystemClock()) as store:
            return await use(store)

    return asyncio.run(run())


async def all_of(store: DuckDbTimeSeries, *series: int) -> list[tuple[int, float, float, int]]:
    blocks = [block async for block in store.rows(numbers(*series), START, START + 2 * DAY)]
    return [row for block in blocks for row in shown(block)]


async def hours(store: DuckDbTimeSeries) -> list[tuple[float, ...]]:
    return buckets(await store.aggregate(numbers(7), START, START + DAY, HOUR))


def test_a_sealed_day_lies_in_files_and_no_longer_in_the_database(tmp_path: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> tuple[list[object], object]:
        await store.append([readings((7, 10, 1.0), (8, 5, 2.0), (7, 86_400, 3.0))], [])
        await store.due(FIRST + 1)
        await store.seal(FIRST)
        return await all_of(store, 7, 8), store._one("SELECT count(*) FROM readings")

    rows, left = in_store(tmp_path, use)
    assert rows == [(7, 10.0, 1.0, 0), (8, 5.0, 2.0, 0), (7, 86_400.0, 3.0, 0)]
    assert left == (1,)
    names = sorted(
        str(path.relative_to(tmp_path / "series")) for path in tmp_path.rglob("*.parquet")
    )
    day = np.datetime64(FIRST, "D")
    assert names == sorted([f"{day}.parquet", *(f"{level}/{day}.parquet" for level in LEVELS)])


def test_a_latecomer_is_seen_at_once_and_merged_later(tmp_path: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> tuple[object, object, object]:
        await store.append([readings((7, 10, 1.0), (7, 20, 2.0))], [])
        await seal_all(store)
        await store.append([readings((7, 15, 9.0), (7, 20, 4.0))], [])
        before = await hours(store)
        await seal_all(store)
        return before, await hours(store), store._one("SELECT count(*) FROM late")

    before, after, left = in_store(tmp_path, use)
    assert before == after == [(7, 0.0, 3, pytest.approx(14 / 3), 1.0, 9.0, 1.0, 4.0)]
    assert left == (0,)


def test_roll_ups_outlive_the_readings(tmp_path: Path) -> None:
    block = readings((7, 0, 1.0), (7, 1800, 5.0), (7, 1801, np.nan, LOST), (7, 3600, 3.0))

    async def use(store: DuckDbTimeSeries) -> tuple[object, object]:
        await store.append([block], [])
        await seal_all(store)
        for kind in (RAW, "minutes"):
            await store.remove(kind, FIRST)
        found, _ = await store.range(7, START, START + DAY, 100)
        return await hours(store), (found.value.tolist(), len(await all_of(store, 7)))

    of_hours, of_range = in_store(tmp_path, use)
    assert of_hours == [
        (7, 0.0, 2, 3.0, 1.0, 5.0, 1.0, 5.0),
        (7, 3600.0, 1, 3.0, 3.0, 3.0, 3.0, 3.0),
    ]
    assert of_range == ([1.0, 5.0, pytest.approx(np.nan, nan_ok=True), 3.0], 0)


def test_a_latecomer_of_a_day_without_readings_does_not_spoil_its_roll_ups(tmp_path: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> list[tuple[float, ...]]:
        await store.append([readings((7, 0, 1.0), (7, 60, 5.0))], [])
        await seal_all(store)
        await store.remove(RAW, FIRST)
        await store.append([readings((7, 30, 50.0), (7, 7200, 9.0))], [])
        await seal_all(store)
        await store.remove(RAW, FIRST)
        return await hours(store)

    assert in_store(tmp_path, use) == [
        (7, 0.0, 2, 3.0, 1.0, 5.0, 1.0, 5.0),
        (7, 7200.0, 1, 9.0, 9.0, 9.0, 9.0, 9.0),
    ]


def test_a_reading_far_ahead_does_not_make_its_series_late(tmp_path: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> object:
        await store.append([readings((7, 400 * 86_400, 1.0))], [])
        await store.append([readings((7, 10, 2.0))], [])
        return store._one("SELECT count(*) FROM readings")

    assert in_store(tmp_path, use) == (1,)


def test_whoever_reads_slowly_keeps_their_file_and_nobody_waits(tmp_path: Path) -> None:
    count = 300_000
    time = START + np.arange(count) * (DAY // count)
    block = Readings.of(np.full(count, 7), time, np.arange(count), 0, 0)

    async def use(store: DuckDbTimeSeries) -> int:
        await store.append([block], [])
        await seal_all(store)
        reading = store.rows(numbers(7), START, START + DAY)
        read = len(await anext(reading))
        await store.append([readings((7, 0.0001, 1.0))], [])
        await seal_all(store)
        await store.remove(RAW, FIRST)
        return read + sum([len(each) async for each in reading])

    assert in_store(tmp_path, use) == count
    assert list(tmp_path.rglob("*.new")) == []


def test_killed_between_any_two_steps_a_day_is_whole_and_nothing_twice(tmp_path: Path) -> None:
    steps = (1, 2, 4, 5, 17, 29)  # four files take their places; the rows go by the hour
    fills = [
        readings((7, 10, 1.0), (7, 7200, 2.0), (8, 5, 3.0)),
        readings((7, 5, 9.0), (7, 10, 4.0)),
    ]
    expected = [(7, 5.0, 9.0, 0), (7, 10.0, 4.0, 0), (7, 7200.0, 2.0, 0), (8, 5.0, 3.0, 0)]
    summed = [(7, 0.0, 2, 6.5, 4.0, 9.0, 9.0, 4.0), (7, 7200.0, 1, 2.0, 2.0, 2.0, 2.0, 2.0)]

    async def fill(store: DuckDbTimeSeries) -> None:
        for block in fills:
            await store.append([block], [])

    async def look(store: DuckDbTimeSeries) -> tuple[object, ...]:
        before = await all_of(store, 7, 8), await hours(store)
        await seal_all(store)
        return *before, await all_of(store, 7, 8), await hours(store)

    folders = [tmp_path / str(step) for step in steps]
    for folder in folders:
        folder.mkdir()
        in_store(folder, fill)
    killed = [
        subprocess.Popen([sys.executable, "-c", KILLED, folder, str(FIRST), str(step)])
        for folder, step in zip(folders, steps, strict=True)
    ]
    assert {each.wait() for each in killed} == {-signal.SIGKILL}
    found = [in_store(folder, look) for folder in folders]
    assert found == [(expected, summed) * 2] * len(steps)
