"""What keeps series in order: retention, a full disk, and beginning anew from the day files."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from core.clock import SystemClock, to_datetime
from core.errors import ConfigError
from gateway.command import run
from gateway.timeseries.day_files import RAW, day_of
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.rollup import LEVELS
from gateway.timeseries.upkeep import Upkeep
from tests.gateway.hall import HandClock
from tests.gateway.timeseries_conformance import DAY, HOUR, START, buckets, numbers, readings

T = TypeVar("T")
FIRST = day_of(START)
KEEP = {RAW: 3, "minutes": 5, "hours": 10, "days": 20}

FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
import numpy as np
from core.clock import SystemClock
from core.readings import Readings
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import StoreUnavailable

def block(start):
    time = np.arange(start, start + 200_000)
    return Readings.of(np.full(200_000, 7), time, np.random.default_rng(1).random(200_000), 0, 0)

def limit(size):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

async def said(work):
    try:
        await work
    except StoreUnavailable:
        return "unavailable"
    return "done"

async def main():
    async with DuckDbTimeSeries(Path(sys.argv[1]), SystemClock()) as store:
        await store.append([block(0)], [])
        limit(200_000)
        full = [await said(store.append([block(200_000)], [])) for _ in range(2)]
        await store.due(1)
        full.append(await said(store.seal(0)))
        limit(resource.RLIM_INFINITY)
        again = await said(store.append([block(200_000)], []))
        await store.due(1)
        again_sealed = await said(store.seal(0))
        series = np.array([7], np.uint32)
        counted = (await store.aggregate(series, 0, 400_000, 400_000)).count.tolist()
        print(full, again, again_sealed, counted, list(Path(sys.argv[1]).rglob("*.new")))

asyncio.run(main())
"""


def in_store(folder: Path, use: Callable[[DuckDbTimeSeries], Awaitable[T]]) -> T:
    async def run() -> T:
        async with DuckDbTimeSeries(folder, SystemClock()) as store:
            return await use(store)

    return asyncio.run(run())


async def fill(store: DuckDbTimeSeries) -> None:
    """Write three hours of yesterday but one, which is sealed, and one reading of the day after."""
    await store.append([readings((7, 0, 1.0), (7, 1800, 5.0), (7, 3600, 3.0))], [])
    await store.due(FIRST + 1)
    await store.seal(FIRST)
    await store.append([readings((7, 86_400, 4.0))], [])


async def hours(store: DuckDbTimeSeries) -> list[tuple[float, ...]]:
    found = buckets(await store.aggregate(numbers(7), START, START + 2 * DAY, HOUR))
    return [(after, count, mean) for _, after, count, mean, *_ in found]


HOURS = [(0.0, 2, 3.0), (3600.0, 1, 3.0), (86_400.0, 1, 4.0)]


def one_a_day(folder: Path, *days: int) -> list[tuple[int | str, ...]]:
    """Write a reading on each of these days; give what files there are after each."""
    clock = HandClock()

    async def run() -> list[tuple[int | str, ...]]:
        kept = []
        async with DuckDbTimeSeries(folder, clock) as store:
            upkeep = Upkeep(store, clock, KEEP)
            for day in days:
                clock.at = to_datetime(START) + timedelta(days=day, hours=3)
                await store.append([readings((7, day * 86_400, 1.0))], [])
                await upkeep.round()
                figures = upkeep.figures()
                kept.append(tuple(figures[f"{kind}_days"] for kind in (RAW, *LEVELS)))
        return kept

    return asyncio.run(run())


def test_a_day_is_sealed_when_it_is_over_and_what_is_too_old_goes(tmp_path: Path) -> None:
    assert one_a_day(tmp_path, 0, 1, 4, 6, 12, 30) == [
        (0, 0, 0, 0),
        (1, 1, 1, 1),
        (1, 2, 2, 2),  # the first is older than 3 days
        (1, 2, 3, 3),
        (0, 0, 2, 4),
        (0, 0, 0, 1),
    ]


def test_a_clock_that_jumps_ahead_removes_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    clock.at = to_datetime(START) + timedelta(days=400)

    async def use(store: DuckDbTimeSeries) -> object:
        await fill(store)
        await Upkeep(store, clock, KEEP).round()
        return await hours(store), store.files.days[RAW]

    assert in_store(tmp_path, use) == (HOURS, {FIRST})


def test_readings_whose_roll_ups_are_missing_are_not_removed(tmp_path: Path) -> None:
    clock = HandClock()
    clock.at = to_datetime(START) + timedelta(days=1, hours=3)

    async def use(store: DuckDbTimeSeries) -> object:
        await fill(store)
        await store.remove("hours", FIRST)
        await Upkeep(store, clock, KEEP | {RAW: 0}).round()
        return store.files.days[RAW]

    assert in_store(tmp_path, use) == {FIRST}


def test_a_full_disk_is_told_and_nothing_is_lost_or_twice_when_there_is_room(
    tmp_path: Path,
) -> None:
    script = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    said = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    assert said.strip() == "['unavailable', 'unavailable', 'unavailable'] done done [400000] []"


def test_roll_ups_come_again_from_the_day_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_store(tmp_path, fill)
    for level in LEVELS:
        for file in (tmp_path / "series" / level).iterdir():
            file.unlink()
    assert run(["rebuild-series", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "1 days are summed up anew; 1 readings of open days are kept\n"
    )
    assert {len(list((tmp_path / "series" / level).iterdir())) for level in LEVELS} == {1}
    assert in_store(tmp_path, hours) == HOURS


def test_a_damaged_database_is_put_aside_and_the_sealed_days_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_store(tmp_path, fill)
    (tmp_path / "readings.duckdb").write_bytes(b"nothing like a database" * 1000)
    with pytest.raises(ConfigError, match="rebuild-series"):
        in_store(tmp_path, hours)
    assert run(["rebuild-series", "--data-dir", str(tmp_path)]) == 0
    assert "readings.broken-1" in capsys.readouterr().out
    assert in_store(tmp_path, hours) == HOURS[:2]


def test_a_database_in_use_is_not_rebuilt(tmp_path: Path) -> None:
    holding = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    path = tmp_path / "readings.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", holding, path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ConfigError, match="stop the gateway"):
            run(["rebuild-series", "--data-dir", str(tmp_path)])
        holder.communicate("\n")
