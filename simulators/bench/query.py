"""How soon a month of fifty thousand series answers, beside DuckDB alone.

A hundred series are read every minute, the others about every three quarters of an hour. The
store gets them as they would have come, seals each day and answers; today is not sealed. DuckDB
alone is asked the same by plain SQL, both of one table in the order of time and of the store's own
files of readings; the faster of the two is the ceiling.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.clock import SECOND, SystemClock
from core.readings import Readings
from gateway.ingest.latest import LatestValues
from gateway.timeseries.day_files import RAW, day_of
from gateway.timeseries.duckdb import DuckDbTimeSeries
from simulators.bench.measure import Result
from simulators.bench.stand import say

SERIES, FAST = 50_000, 100
HOUSES = 2_500
DAYS = 30
TOP = 20
ROUNDS = 5
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
BARE = "CREATE TABLE readings (series UINTEGER, time BIGINT, value DOUBLE, quality UTINYINT)"

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """ours gives the same numbers as the SQL, in the same order. {readings}: where they are."""

    name: str
    ours: Callable[[], Awaitable[Values]]
    sql: str


async def measure(folder: Path, points: int) -> Result:
    """Fill the store and a plain table, and ask both. folder: an empty one."""
    clock = SystemClock()
    now = clock.time_ns()
    today = now // DAY * DAY
    start = today - (DAYS - 1) * DAY
    bare = duckdb.connect(str(folder / "bare.duckdb"), config={"threads": 2})
    bare.execute(BARE)
    async with DuckDbTimeSeries(folder, clock) as store:
        latest = LatestValues()
        written = 0
        for block in _blocks(start, now, points):
            await store.append([block], [])
            _insert(bare, block)
            latest.take(block, now)
            written += len(block)
        bare.execute("CHECKPOINT")
        say(f"{written:,} readings are stored")
        began = clock.monotonic()
        for day in await store.due(day_of(today)):
            await store.seal(day)
        sealed_s = clock.monotonic() - began
        say(f"{DAYS - 1} days are sealed after {sealed_s:.0f} s")
        files = store.files.paths(RAW, store.files.days[RAW])
        sources = ["readings", _of_files(bare, files, today)]
        more: dict[str, float | int | str] = {"points": written, "sealing_s": sealed_s}
        ratios = []
        for question in _questions(store, start, today, now):
            ours, ceiling = await _compare(bare, question, sources)
            say(f"{question.name}: {ours:.1f} ms, DuckDB alone {ceiling:.1f} ms")
            ratios.append((ceiling / ours, ours, ceiling))
            more |= {f"{question.name}_ms": ours, f"{question.name}_bare_ms": ceiling}
        more["latest_ms"] = await _timed(lambda: _latest(latest))
        counted = await store.aggregate(np.arange(SERIES, dtype=np.uint32), start, now, now - start)
    bare.close()
    ratio, ours, ceiling = min(ratios)
    return Result(
        bench="query",
        unit="ms of the question that compares worst",
        ours=ours,
        ceiling=ceiling,
        ratio=ratio,
        lost=written - int(counted.count.sum()),
        more=more,
    )


def _questions(store: DuckDbTimeSeries, start: int, today: int, now: int) -> list[Question]:
    all_ = np.arange(SERIES, dtype=np.uint32)
    week = today - 6 * DAY

    async def a_day() -> Values:
        return (await store.range(7, today - DAY, today, 10_000))[0].value

    async def hourly_means() -> Values:
        return (await store.aggregate(all_[:FAST], start, now, HOUR)).mean

    async def top() -> Values:
        found = await store.aggregate(all_, week, now, now - week + 1)
        highest: Values = np.sort(found.mean)[: -TOP - 1 : -1]
        return highest

    async def sums() -> Values:
        found = await store.aggregate(all_, start, now, DAY)
        place = found.series % HOUSES * DAYS + (found.time - start) // DAY
        return np.asarray(np.bincount(place, found.mean, HOUSES * DAYS), np.float64)

    counted = "quality < 128 AND NOT isnan(value)"
    return [
        Question(
            "a_day_of_one_series",
            a_day,
            "SELECT value FROM {readings} "
            f"WHERE series = 7 AND time >= {today - DAY} AND time < {today} ORDER BY time",
        ),
        Question(
            "hourly_means_of_100",
            hourly_means,
            "SELECT avg(value) AS value FROM {readings} "
            f"WHERE series < {FAST} AND time >= {start} AND time < {now} AND {counted} "
            f"GROUP BY series, (time - {start}) // {HOUR} "
            f"ORDER BY series, (time - {start}) // {HOUR}",
        ),
        Question(
            "top_20_of_50000",
            top,
            "SELECT avg(value) AS value FROM {readings} "
            f"WHERE time >= {week} AND time < {now} AND {counted} "
            f"GROUP BY series ORDER BY value DESC LIMIT {TOP}",
        ),
        Question(
            "sums_of_2500_houses",
            sums,
            "SELECT sum(mean) AS value FROM (SELECT series, "
            f"(time - {start}) // {DAY} AS day, avg(value) AS mean FROM {{readings}} "
            f"WHERE time >= {start} AND time < {now} AND {counted} GROUP BY ALL) "
            f"GROUP BY series % {HOUSES}, day ORDER BY series % {HOUSES}, day",
        ),
    ]


async def _compare(
    bare: duckdb.DuckDBPyConnection, question: Question, sources: list[str]
) -> tuple[float, float]:
    """Give the milliseconds of ours and of the faster plain query; ValueError where they differ."""

    async def plain(query: str) -> Values:
        found = await asyncio.to_thread(lambda: bare.execute(query).fetchnumpy())
        return np.asarray(found["value"])

    queries = [question.sql.format(readings=source) for source in sources]
    for query in queries:
        if not np.allclose(await question.ours(), await plain(query)):
            raise ValueError(f"{question.name}: the store and DuckDB alone do not agree")
    ours = await _timed(question.ours)
    return ours, min([await _timed(partial(plain, query)) for query in queries])


async def _timed(ask: Callable[[], Awaitable[Any]]) -> float:
    """Give the median of some rounds, milliseconds."""
    clock = SystemClock()
    took = []
    for _ in range(ROUNDS):
        began = clock.monotonic()
        await ask()
        took.append((clock.monotonic() - began) * 1000)
    return median(took)


async def _latest(latest: LatestValues) -> Readings:
    return latest.latest(np.arange(SERIES, dtype=np.uint32))


def _blocks(start: int, now: int, points: int) -> Iterator[Readings]:
    """Give the readings of each hour, in the order of time."""
    random = np.random.default_rng(1)
    minutes = (now - start) // MINUTE
    fast_every = max(MINUTE, FAST * minutes * 10 // points * MINUTE)
    slow = max(1, points - FAST * ((now - start) // fast_every))
    slow_every = (SERIES - FAST) * (now - start) // slow
    every = np.where(np.arange(SERIES) < FAST, fast_every, slow_every)
    phase = np.arange(SERIES) * (every // SERIES)
    level = random.normal(100, 20, SERIES)
    for since in range(start, now, HOUR):
        until = min(since + HOUR, now)
        first = -((phase - (since - start)) // every)
        count = -((phase - (until - start)) // every) - first
        series = np.repeat(np.arange(SERIES), count)
        nth = np.arange(len(series)) - np.repeat(np.cumsum(count) - count, count)
        time = start + phase[series] + (first[series] + nth) * every[series]
        order = np.argsort(time, kind="stable")
        value = level[series] + random.normal(0, 5, len(series))
        yield Readings.of(series[order], time[order], value[order].round(2), 0, 0)


def _insert(bare: duckdb.DuckDBPyConnection, block: Readings) -> None:
    columns = [block.signal, block.time, block.value, block.quality]
    arriving = pa.table(columns, names=["series", "time", "value", "quality"])
    bare.register("arriving", arriving)
    bare.execute("INSERT INTO readings SELECT * FROM arriving")
    bare.unregister("arriving")


def _of_files(bare: duckdb.DuckDBPyConnection, files: list[str], today: int) -> str:
    """Give what is read in SQL as the store's files, and today's readings as a table."""
    bare.execute(f"CREATE TABLE today AS SELECT * FROM readings WHERE time >= {today}")
    names = ", ".join(f"'{file}'" for file in files)
    return f"(SELECT * FROM read_parquet([{names}]) UNION ALL SELECT * FROM today)"
