"""Readings in a DuckDB file. One process owns it; one thread writes, others read beside it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import ConfigError
from core.quality import BAD, GOOD, VERDICT
from core.readings import COLUMNS, Readings
from gateway.timeseries.port import Buckets, Taken

MEMORY = "400MB"
# No PRIMARY KEY (series, time): it makes ingest six times slower. Whoever reads takes the last of
# equal moments; blocks that come twice are kept out by `taken`.
SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
    series UINTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL, quality UTINYINT NOT NULL
);
CREATE TABLE IF NOT EXISTS taken (
    edge VARCHAR NOT NULL, epoch VARCHAR NOT NULL, stream VARCHAR NOT NULL,
    first BIGINT NOT NULL, last BIGINT NOT NULL
);
"""
# One a moment: the last one written, for rows are numbered in the order in which they came.
RAW = """
SELECT time, arg_max(value, rowid) AS value, arg_max(quality, rowid) AS quality
FROM readings WHERE series = $1 AND time >= $2 AND time < $3
GROUP BY time ORDER BY time LIMIT $4
"""
# The value of a bad reading may be NaN, which DuckDB sorts above all numbers.
THINNED = f"""
WITH part AS (
    SELECT (time - $2) // $4 AS number, time, value, quality,
        isnan(value) OR quality >= {BAD} AS is_bad
    FROM readings WHERE series = $1 AND time >= $2 AND time < $3
)
SELECT
    unnest([arg_min(time, value) FILTER (NOT is_bad),
            arg_max(time, value) FILTER (NOT is_bad),
            min(time) FILTER (is_bad)]) AS time,
    unnest([min(value) FILTER (NOT is_bad), max(value) FILTER (NOT is_bad),
            arg_min(value, time) FILTER (is_bad)]) AS value,
    unnest([arg_min(quality, value) FILTER (NOT is_bad),
            arg_max(quality, value) FILTER (NOT is_bad),
            arg_min(quality, time) FILTER (is_bad)]) AS quality
FROM part GROUP BY number
"""  # noqa: S608 - BAD is a constant
LATEST = """
SELECT series, max(time) AS time, arg_max(value, time) AS value, arg_max(quality, time) AS quality
FROM readings WHERE time >= $1 GROUP BY series
"""
FIRST_GOOD = """
WITH asked AS (SELECT unnest($1::UINTEGER[]) AS series, unnest($2::BIGINT[]) AS since)
SELECT series, min(time) AS time, arg_min(value, time) AS value, arg_min(quality, time) AS quality
FROM readings JOIN asked USING (series)
WHERE time >= since AND quality & $3 = $4 GROUP BY series ORDER BY series
"""
CHOSEN = """
SELECT series, time, arg_max(value, readings.rowid) AS value,
    arg_max(quality, readings.rowid) AS quality
FROM readings SEMI JOIN wanted USING (series) WHERE time >= $1 AND time < $2
GROUP BY series, time
"""
BUCKETS = f"""
SELECT series, $1 + (time - $1) // $3 * $3 AS "time", count(*) AS count, avg(value) AS mean,
    min(value) AS minimum, max(value) AS maximum,
    arg_min(value, time) AS first, arg_max(value, time) AS last
FROM ({CHOSEN}) WHERE quality < {BAD} AND NOT isnan(value)
GROUP BY ALL ORDER BY series, "time"
"""  # noqa: S608 - both parts are constants
ROWS = f"{CHOSEN} ORDER BY series, time"
BLOCK = 122_880  # readings; a row group of DuckDB


class DuckDbTimeSeries:
    """A time series store in one file. Use it as `async with`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="duckdb-writer")

    async def __aenter__(self) -> Self:
        try:
            self._connection = await self._write(self._open)
        except duckdb.IOException as error:
            raise ConfigError(f"{self._path}: cannot be opened: {error}") from error
        return self

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.shield(self._write(self._connection.close))
        self._writer.shutdown(wait=False)

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(self._path), config={"memory_limit": MEMORY, "threads": 2})
        connection.execute(SCHEMA)
        return connection

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        """Store readings and the numbers under which they came, in one durable transaction."""
        await self._write(self._append, blocks, taken)

    async def taken(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of blocks that are committed, as closed ranges."""
        found = await asyncio.to_thread(
            self._read,
            "SELECT first, last FROM taken WHERE edge = $1 AND epoch = $2 AND stream = $3 "
            "ORDER BY first",
            (edge, epoch, stream),
        )
        return list(zip(found["first"].tolist(), found["last"].tolist(), strict=True))

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        """Give readings with start <= time < end, thinned out where there are too many."""
        found = await asyncio.to_thread(self._read, RAW, (series, start, end, points + 1))
        is_thinned = len(found["time"]) > points
        if is_thinned:
            width = max(1, -(-(end - start) // max(1, points // 2)))
            found = await asyncio.to_thread(self._read, THINNED, (series, start, end, width))
        return _one_a_moment(series, found), is_thinned

    async def latest(self, since: int) -> Readings:
        """Give the last reading of each series that has one since then."""
        found = await asyncio.to_thread(self._read, LATEST, (since,))
        return Readings.of(found["series"], found["time"], found["value"], found["quality"], since)

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one since its moment."""
        asked = (list(since), list(since.values()), VERDICT, GOOD)
        found = await asyncio.to_thread(self._read, FIRST_GOOD, asked)
        return Readings.of(found["series"], found["time"], found["value"], found["quality"], 0)

    async def aggregate(
        self, series: NDArray[np.uint32], start: int, end: int, width: int
    ) -> Buckets:
        """Give what the series were in each `width` from start on."""
        found = await asyncio.to_thread(self._read, BUCKETS, (start, end, width), series)
        return Buckets(**{name: np.ma.getdata(column) for name, column in found.items()})

    async def rows(
        self, series: NDArray[np.uint32], start: int, end: int
    ) -> AsyncIterator[Readings]:
        """Give all readings of the time, series by series."""
        with self._connection.cursor() as cursor:
            cursor.register("wanted", _wanted(series))
            found = cursor.sql(ROWS, params=(start, end))
            batches = await asyncio.to_thread(found.to_arrow_reader, BLOCK)
            while batch := await asyncio.to_thread(next, batches, None):
                series, time, value, code = (column.to_numpy() for column in batch.columns)
                yield Readings.of(series, time, value, code, 0)

    async def _write(self, work: Any, *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *values)

    def _append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        write = self._connection
        write.begin()
        try:
            if blocks:
                rows = Readings.concat(blocks)
                columns = [pa.array(getattr(rows, name)) for name in COLUMNS]
                write.register("arriving", pa.table(columns, names=list(COLUMNS)))
                write.execute(
                    "INSERT INTO readings SELECT signal, time, value, quality FROM arriving"
                )
                write.unregister("arriving")
            for numbers in taken:
                key = (numbers.edge, numbers.epoch, numbers.stream)
                write.execute(
                    "DELETE FROM taken WHERE edge = $1 AND epoch = $2 AND stream = $3", key
                )
                for given in numbers.ranges:
                    write.execute("INSERT INTO taken VALUES ($1, $2, $3, $4, $5)", (*key, *given))
            write.commit()
        except BaseException:
            write.rollback()
            raise

    def _read(
        self, query: str, values: Sequence[object], series: NDArray[np.uint32] | None = None
    ) -> dict[str, Any]:
        with self._connection.cursor() as cursor:
            if series is not None:
                cursor.register("wanted", _wanted(series))
            found: dict[str, Any] = cursor.execute(query, values).fetchnumpy()
        return found


def _wanted(series: NDArray[np.uint32]) -> pa.Table:
    return pa.table({"series": pa.array(np.unique(series))})


def _one_a_moment(series: int, found: dict[str, Any]) -> Readings:
    """Sort by time and keep one of equal moments; rows that the query left empty are masked."""
    there = ~np.ma.getmaskarray(found["time"])
    time = np.ma.getdata(found["time"])[there].astype(np.int64)
    time, rows = np.unique(time, return_index=True)
    value = np.ma.filled(np.ma.asarray(found["value"], dtype=np.float64)[there], np.nan)[rows]
    quality = np.ma.getdata(found["quality"])[there].astype(np.uint8)[rows]
    return Readings.of(np.full(len(rows), series, np.uint32), time, value, quality, 0)
