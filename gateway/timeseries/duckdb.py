"""Readings in a DuckDB file, and of days that are over in sealed files beside it.

One process owns them; one thread writes the database, others read beside it. The table `readings`
holds, of days that are not sealed, what came in order: no moment of a series twice. What came
late, or for a day that is sealed, waits in the table `late` until its day is sealed, or sealed
anew. No PRIMARY KEY (series, time) does that: it makes ingest six times slower.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.clock import Clock
from core.errors import ConfigError
from core.quality import BAD, GOOD, QUARANTINE, VERDICT
from core.readings import Readings
from gateway.timeseries.day_files import RAW, Day, DayFiles, Month, block_of, day_of
from gateway.timeseries.gate import Gate
from gateway.timeseries.order import NEVER, Order
from gateway.timeseries.port import Buckets, StoreUnavailable, Taken
from gateway.timeseries.rollup import DAY
from gateway.timeseries.sources import (
    FEW_SERIES,
    Fits,
    Sources,
    choose,
    parquet,
    series_in,
    spans_of,
    within,
)

DATABASE, SERIES = "readings.duckdb", "series"  # names in the folder of data
MEMORY = "400MB"
SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
    series UINTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL, quality UTINYINT NOT NULL
);
CREATE TABLE IF NOT EXISTS late (
    series UINTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL,
    quality UTINYINT NOT NULL, written BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS taken (
    edge VARCHAR NOT NULL, epoch VARCHAR NOT NULL, stream VARCHAR NOT NULL,
    first BIGINT NOT NULL, last BIGINT NOT NULL
);
"""
THINNED = """
WITH point AS (
    SELECT (time - {start}) // {width} AS number, time, value, quality,
        isnan(value) OR quality >= {bad} AS is_bad
    FROM ({points}) WHERE time >= {start} AND time < {end}
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
FROM point GROUP BY number
"""
LATEST = """
SELECT series, max(time) AS time, arg_max(value, time) AS value, arg_max(quality, time) AS quality
FROM ({readings}) GROUP BY series
"""
FIRST_GOOD = """
WITH asked AS (SELECT unnest($1::UINTEGER[]) AS series, unnest($2::BIGINT[]) AS since)
SELECT series, min(time) AS time, arg_min(value, time) AS value, arg_min(quality, time) AS quality
FROM ({readings}) JOIN asked USING (series)
WHERE time >= since AND quality & $3 = $4 GROUP BY series ORDER BY series
"""
BLOCK = 122_880  # readings; a row group of DuckDB
SHORT = 2 * DAY  # of so much time the readings are counted by reading them
END = np.iinfo(np.int64).max
STRETCH = DAY // 24  # of a sealed day, taken out of the database at once: commits go on between


class DuckDbTimeSeries:
    """A time series store in one folder. Use it as `async with`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.files = DayFiles(folder / SERIES)
        self._path = folder / DATABASE
        self._clock = clock
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="duckdb-writer")
        self._gate = Gate()
        self._order = Order()
        self._written = 0  # number of the last commit that had latecomers
        self._table_days: Set[Day] = frozenset()
        self._late_days: Set[Day] = frozenset()
        self._is_broken = False

    async def __aenter__(self) -> Self:
        try:
            await self._write(self._open)
        except (duckdb.Error, OSError) as error:
            raise ConfigError(
                f"{self._path}: cannot be opened: {error}\n"
                "if it is damaged, `kvartal gateway rebuild-series` makes it anew"
            ) from error
        return self

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.shield(self._write(self._connection.close))
        self._writer.shutdown(wait=False)

    def _open(self) -> None:
        self.files.open()
        connection = duckdb.connect(str(self._path), config={"memory_limit": MEMORY, "threads": 2})
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(SCHEMA)
        self._connection = connection
        self._table_days = self._days_in("readings")
        self._late_days = self._days_in("late")
        for day in self._table_days & self.files.days[RAW]:  # killed before they were taken out
            self._delete("readings", day * DAY, (day + 1) * DAY)
        self._table_days = self._table_days - self.files.days[RAW]
        (self._written,) = self._one("SELECT coalesce(max(written), 0) FROM late")
        sealed = set().union(*self.files.days.values())
        self._order.begins = (max(sealed) + 1) * DAY if sealed else NEVER
        for table in ("readings", "late"):
            newest = self._read(
                f"SELECT series, max(time) AS time FROM {table} WHERE time <= $1 GROUP BY series",
                (self._clock.time_ns(),),
            )
            self._order.learn(newest["series"], newest["time"])

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        """Store readings and the numbers under which they came, in one durable transaction."""
        try:
            await self._write(self._append, blocks, taken)
        except duckdb.Error as error:
            self._is_broken = True
            raise StoreUnavailable(f"{self._path}: {error}") from error

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
        one = np.array([series], np.uint32)
        async with self._gate.shared():
            is_thinned = end - start > SHORT and await self._count(one, start, end) > points
            if not is_thinned:
                sources = self._choose(start, end)
                query = f"SELECT * FROM ({sources.extremes(series_in(one))}) ORDER BY time LIMIT $1"
                found = await asyncio.to_thread(self._read, query, (points + 1,))
                is_thinned = len(found["time"]) > points
            if is_thinned:
                width = max(1, -(-(end - start) // max(1, points // 2)))
                sources = self._choose(start, end, lambda level: level <= width)
                query = THINNED.format(
                    points=sources.extremes(series_in(one)), start=start, end=end, width=width,
                    bad=BAD,
                )  # fmt: skip
                found = await asyncio.to_thread(self._read, query, ())
        return _one_a_moment(series, found), is_thinned or bool(sources.rollups)

    async def latest(self, since: int) -> Readings:
        """Give the last reading of each series that has one since then and out of quarantine."""
        async with self._gate.shared():
            believed = self._choose(since, END).readings(f"quality <> {QUARANTINE}")
            found = await asyncio.to_thread(self._read, LATEST.format(readings=believed), ())
        return Readings.of(found["series"], found["time"], found["value"], found["quality"], since)

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one since its moment."""
        asked = (list(since), list(since.values()), VERDICT, GOOD)
        series = np.array(list(since), np.uint32)
        async with self._gate.shared():
            sources = self._choose(min(since.values(), default=END - 1), END)
            query = FIRST_GOOD.format(readings=sources.readings(series_in(series)))
            found = await asyncio.to_thread(self._read, query, asked, series)
        return Readings.of(found["series"], found["time"], found["value"], found["quality"], 0)

    async def aggregate(
        self, series: NDArray[np.uint32], start: int, end: int, width: int
    ) -> Buckets:
        """Give what the series were in each `width` from start on."""
        async with self._gate.shared():
            is_one = width >= end - start
            sources = self._choose(
                start, end, lambda level: is_one or start % level == 0 == width % level
            )
            query = sources.buckets(series_in(series), width)
            found = await asyncio.to_thread(self._read, query, (), series)
        return Buckets(**{name: np.ma.getdata(column) for name, column in found.items()})

    async def rows(
        self, series: NDArray[np.uint32], start: int, end: int
    ) -> AsyncIterator[Readings]:
        """Give all readings that are kept in full, day by day, series by series.

        Whoever reads slowly holds nobody up: files that are replaced meanwhile stay for them.
        """
        days = self.files.days[RAW] | self._table_days | self._late_days
        for day in sorted(day for day in days if day_of(start) <= day <= day_of(end - 1)):
            span = max(start, day * DAY), min(end, (day + 1) * DAY)
            with contextlib.ExitStack() as stack:
                async with self._gate.shared():
                    sources = self._choose(*span)
                    held = stack.enter_context(self.files.held(sources.files))
                    query = replace(sources, files=held).readings(series_in(series))
                    cursor = stack.enter_context(self._connection.cursor())
                    batches = await asyncio.to_thread(_batches, cursor, query, series)
                while (block := await asyncio.to_thread(next, batches, None)) is not None:
                    yield block

    # ---- sealing ---------------------------------------------------------------------------

    def newest_day(self, default: Day) -> Day:
        """Give the last day of which there are readings in order."""
        return max(self._table_days | self.files.days[RAW], default=default)

    async def due(self, day: Day) -> list[Day]:
        """Give the days before this one that are to be sealed, or sealed anew, the oldest first.

        From now on every reading of them is a latecomer.
        """

        def close() -> list[Day]:
            self._order.begins = max(self._order.begins, day * DAY)
            return sorted(each for each in self._table_days | self._late_days if each < day)

        found: list[Day] = await self._write(close)
        return found

    async def seal(self, day: Day) -> None:
        """Put a day that is `due` into files, then take it out of the database.

        Killed at any moment, it can be done again. StoreUnavailable: the disk did not take it.
        """
        written: int = await self._write(lambda: self._written)
        try:
            await asyncio.to_thread(self._write_files, day, written)
        except (duckdb.Error, OSError) as error:
            await asyncio.to_thread(self.files.drop_new, day)
            raise StoreUnavailable(f"{self.files.path(RAW, day)}: {error}") from error
        async with self._gate.alone():
            await asyncio.to_thread(self.files.put_in_force, day)
        for since in range(day * DAY, (day + 1) * DAY, STRETCH):
            await self._write(self._delete, "readings", since, since + STRETCH)
        await self._write(self._forget, day, written)

    async def pack(self, level: str, month: Month) -> None:
        """Put the roll-ups of a month's days into one file. Killed at any moment, nothing is lost.

        StoreUnavailable: the disk did not take it.
        """
        new = self.files.new_month(level, month)
        try:
            days = await asyncio.to_thread(self._write_month, level, month, new)
        except (duckdb.Error, OSError) as error:
            await asyncio.to_thread(new.unlink, missing_ok=True)
            raise StoreUnavailable(f"{new}: {error}") from error
        async with self._gate.alone():
            await asyncio.to_thread(self.files.put_month_in_force, level, month, days)

    def _write_month(self, level: str, month: Month, new: Path) -> Set[Day]:
        parts = self.files.parts(level, month)
        days = sorted(day for its in parts.values() for day in its)
        whole = days[0] * DAY, (days[-1] + 1) * DAY
        stored = " UNION ALL ".join(
            f"SELECT * FROM {parquet([str(path)])} WHERE {within(spans_of(its, whole))}"
            for path, its in parts.items()
        )
        name = str(new).replace("'", "''")
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"COPY (SELECT * FROM ({stored}) ORDER BY series, time) TO '{name}' "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {BLOCK}, "
                f"KV_METADATA {{days: '{' '.join(map(str, days))}'}})"
            )
        return frozenset(days)

    async def remove(self, kind: str, day: Day) -> None:
        """Remove what there is of a day for good."""
        async with self._gate.alone():
            await asyncio.to_thread(self.files.remove, kind, day)

    def _write_files(self, day: Day, written: int) -> None:
        span = day * DAY, (day + 1) * DAY
        is_sealed = day in self.files.days[RAW]
        is_here = day in self._table_days and not is_sealed
        sources = Sources(
            span,
            table=[span] if is_here else [],
            late=[span],
            files=self.files.paths(RAW, [day] if is_sealed else []),
            rollups=(),
            written=written,
        )
        with self._connection.cursor() as cursor:
            self.files.write(day, _batches(cursor, sources.readings("true")))
        if not is_sealed and not is_here:
            self.files.keep_older(day)

    def _forget(self, day: Day, written: int) -> None:
        """Forget a sealed day, but for what came late since its files were written."""
        start, end = day * DAY, (day + 1) * DAY
        self._table_days = self._table_days - {day}
        self._delete("late", start, end, f"AND written <= {written}")
        (left,) = self._one(f"SELECT count(*) FROM late WHERE time >= {start} AND time < {end}")
        if not left:
            self._late_days = self._late_days - {day}

    def _delete(self, table: str, start: int, end: int, also: str = "") -> None:
        self._connection.execute(
            f"DELETE FROM {table} WHERE time >= {start} AND time < {end} {also}"
        )

    # ---- the database ----------------------------------------------------------------------

    async def _write(self, work: Any, *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *values)

    def _append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        if self._is_broken:  # what broke it may have left it unusable
            self._connection.close()
            self._open()
            self._is_broken = False
        write = self._connection
        write.begin()
        try:
            days, late_days = self._insert(Readings.concat(blocks)) if blocks else (set(), set())
            self._record(taken)
            write.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):  # the first error tells more
                write.rollback()
            raise
        self._table_days = self._table_days | days
        self._late_days = self._late_days | late_days

    def _record(self, taken: Sequence[Taken]) -> None:
        """Put the numbers of some streams in place of what was recorded of them."""
        ranges = [
            (each.edge, each.epoch, each.stream, *numbers)
            for each in taken
            for numbers in each.ranges
        ]
        if not ranges:
            return
        columns = map(pa.array, zip(*ranges, strict=True))
        names = ["edge", "epoch", "stream", "first", "last"]
        self._connection.register("ranges", pa.table(list(columns), names=names))
        key = "edge, epoch, stream"
        self._connection.execute(f"DELETE FROM taken WHERE ({key}) IN (SELECT ({key}) FROM ranges)")
        self._connection.execute("INSERT INTO taken SELECT * FROM ranges")
        self._connection.unregister("ranges")

    def _insert(self, rows: Readings) -> tuple[set[Day], set[Day]]:
        """Insert readings; give the days that they belong to, in either table."""
        follows = self._order.follows(rows, self._clock.time_ns())
        if follows.all():
            self._insert_into("readings", rows)
            return _days(rows), set()
        in_order, late = rows.take(follows), rows.take(~follows)
        self._written += 1
        self._insert_into("readings", in_order)
        # Of two of a moment that come together, the later one stands.
        self._insert_into("late", late.take(_last_of_moments(late)), f", {self._written}")
        return _days(in_order), _days(late)

    def _insert_into(self, table: str, rows: Readings, also: str = "") -> None:
        if not len(rows):
            return
        arriving = {"series": rows.signal, "time": rows.time, "value": rows.value,
                    "quality": rows.quality}  # fmt: skip
        self._connection.register("arriving", pa.table(arriving))
        self._connection.execute(f"INSERT INTO {table} SELECT *{also} FROM arriving")
        self._connection.unregister("arriving")

    def _choose(self, start: int, end: int, fits: Fits = lambda _: False) -> Sources:
        return choose(self.files, self._table_days, self._late_days, (start, end), fits)

    async def _count(self, series: NDArray[np.uint32], start: int, end: int) -> int:
        query = self._choose(start, end, lambda _: True).buckets(series_in(series), end - start)
        found = await asyncio.to_thread(self._read, query, ())
        return int(found["count"].sum())

    def _days_in(self, table: str) -> Set[Day]:
        found = self._read(f"SELECT DISTINCT floor(time / {DAY})::BIGINT AS day FROM {table}", ())
        return frozenset(found["day"].tolist())

    def _one(self, query: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._connection.execute(query).fetchall()[0]
        return found

    def _read(
        self, query: str, values: Sequence[object], series: NDArray[np.uint32] | None = None
    ) -> dict[str, Any]:
        with self._connection.cursor() as cursor:
            _register(cursor, series)
            found: dict[str, Any] = cursor.execute(query, values).fetchnumpy()
        return found


def _register(cursor: duckdb.DuckDBPyConnection, series: NDArray[np.uint32] | None) -> None:
    if series is not None and len(series) > FEW_SERIES:
        cursor.register("wanted", pa.table({"series": pa.array(np.unique(series))}))


def _batches(
    cursor: duckdb.DuckDBPyConnection, query: str, series: NDArray[np.uint32] | None = None
) -> Iterator[Readings]:
    """Give what the query finds, by series, then time, as it is read."""
    _register(cursor, series)
    found = cursor.sql(f"SELECT * FROM ({query}) ORDER BY series, time")
    return map(block_of, found.to_arrow_reader(BLOCK))


def _days(rows: Readings) -> set[Day]:
    if not len(rows):
        return set()
    first, last = day_of(int(rows.time.min())), day_of(int(rows.time.max()))
    return {first} if first == last else set(np.unique(rows.time // DAY).tolist())


def _last_of_moments(rows: Readings) -> NDArray[np.intp]:
    """Give the rows that stand: of equal moments of a series the last."""
    order = np.lexsort((rows.time, rows.signal))  # stable
    is_last = np.ones(len(rows), np.bool_)
    is_last[:-1] = (np.diff(rows.signal[order]) != 0) | (np.diff(rows.time[order]) != 0)
    return order[is_last]


def _one_a_moment(series: int, found: dict[str, Any]) -> Readings:
    """Sort by time and keep one of equal moments; rows that the query left empty are masked."""
    there = ~np.ma.getmaskarray(found["time"])
    time = np.ma.getdata(found["time"])[there].astype(np.int64)
    time, rows = np.unique(time, return_index=True)
    value = np.ma.filled(np.ma.asarray(found["value"], dtype=np.float64)[there], np.nan)[rows]
    quality = np.ma.getdata(found["quality"])[there].astype(np.uint8)[rows]
    return Readings.of(np.full(len(rows), series, np.uint32), time, value, quality, 0)
