"""Roll-ups of months that are over: packed into one file each, killed between any two steps."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from core.clock import SystemClock
from core.readings import Readings
from gateway.timeseries.day_files import RAW, Day
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import Buckets
from gateway.timeseries.rebuild import rebuild
from gateway.timeseries.upkeep import Upkeep
from tests.gateway.timeseries_conformance import DAY

T = TypeVar("T")
FIRST: Day = 20_454  # 2026-01-01
DAYS = 40  # the whole of January, and some of February
START, END = FIRST * DAY, (FIRST + DAYS) * DAY
SERIES = np.array([7, 8], np.uint32)
KEEP = {RAW: 10, "minutes": 10, "hours": 3700, "days": 3700}
LEFT = {f"2026-01-{day:02}" for day in range(1, 32)}

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from core.clock import SystemClock
from gateway.timeseries.duckdb import DuckDbTimeSeries

folder, left = Path(sys.argv[1]), int(sys.argv[2])

def counted(method):
    def call(*values, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*values, **more)
    return call

async def pack():
    async with DuckDbTimeSeries(folder, SystemClock()) as store:
        Path.replace, Path.unlink = counted(Path.replace), counted(Path.unlink)
        await store.pack("days", "2026-01")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(pack())
"""


def in_store(folder: Path, use: Callable[[DuckDbTimeSeries], Awaitable[T]]) -> T:
    async def run() -> T:
        async with DuckDbTimeSeries(folder, SystemClock()) as store:
            return await use(store)

    return asyncio.run(run())


async def fill(store: DuckDbTimeSeries) -> None:
    """Store a reading of both series every six hours, and seal all days."""
    time = np.repeat(np.arange(START, END, DAY // 4), 2)
    value = np.arange(len(time), dtype=np.float64)
    await store.append([Readings.of(np.tile(SERIES, len(time) // 2), time, value, 0, 0)], [])
    for day in await store.due(FIRST + DAYS):
        await store.seal(day)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    in_store(folder, fill)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """Give a folder with forty sealed days."""
    return Path(shutil.copytree(filled, tmp_path / "data"))


async def summed(store: DuckDbTimeSeries, width: int = DAY) -> list[tuple[float, ...]]:
    found: Buckets = await store.aggregate(SERIES, START, END, width)
    columns = (found.series, found.time, found.count, found.mean, found.minimum, found.last)
    return [tuple(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def names(folder: Path, level: str) -> set[str]:
    return {file.stem for file in (folder / "series" / level).glob("*.parquet")}


async def keep_up(store: DuckDbTimeSeries) -> None:
    await Upkeep(store, SystemClock(), KEEP).round()


def test_a_month_that_is_over_is_one_file_and_says_the_same(folder: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> None:
        before = (
            await summed(store),
            await summed(store, DAY // 4),
            await summed(store, END - START),
        )
        await keep_up(store)
        after = await summed(store), await summed(store, DAY // 4), await summed(store, END - START)
        assert before == after

    in_store(folder, use)
    expected = {"2026-01", *(f"2026-02-{day:02}" for day in range(1, 10))}
    assert names(folder, "days") == names(folder, "hours") == expected
    assert len(in_store(folder, summed)) == 2 * DAYS


def test_latecomers_of_a_packed_month_count_at_once_and_after_the_next_packing(
    folder: Path,
) -> None:
    async def use(store: DuckDbTimeSeries) -> list[list[float]]:
        await keep_up(store)  # the readings of January are gone now
        days = range(FIRST, FIRST + 8)
        late = [Readings.of([9], day * DAY + 5, [50.0], 0, 0) for day in days]
        await store.append(late, [])
        found = []
        for _ in range(2):
            await keep_up(store)
            nine = await store.aggregate(np.array([9], np.uint32), START, END, DAY)
            found.append(nine.mean.tolist())
            assert len(await summed(store)) == 2 * DAYS
        return found

    assert in_store(folder, use) == [[50.0] * 8] * 2
    assert "2026-01-01" not in names(folder, "days")


def test_roll_ups_are_made_anew_over_those_of_a_month(folder: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> list[tuple[float, ...]]:
        await store.pack("days", "2026-01")
        return await summed(store)

    before = in_store(folder, use)
    assert rebuild(folder).days == DAYS
    assert in_store(folder, summed) == before


def test_a_month_goes_with_the_last_of_its_days(folder: Path) -> None:
    async def use(store: DuckDbTimeSeries) -> None:
        await store.pack("days", "2026-01")
        for day in range(FIRST, FIRST + 31):
            assert "2026-01" in names(folder, "days")
            await store.remove("days", day)

    in_store(folder, use)
    assert "2026-01" not in names(folder, "days")


@pytest.mark.parametrize("step", [1, 2, 3, 17, 33])
def test_killed_between_any_two_steps_a_month_is_whole_and_nothing_twice(
    folder: Path, step: int
) -> None:
    async def look(store: DuckDbTimeSeries) -> object:
        before = await summed(store)
        await keep_up(store)
        return before, await summed(store)

    expected = in_store(folder, summed)
    killed = subprocess.run([sys.executable, "-c", KILLED, folder, str(step)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert in_store(folder, look) == (expected, expected)
    assert not names(folder, "days") & LEFT
