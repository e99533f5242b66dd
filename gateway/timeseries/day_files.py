"""Sealed days on disk: one Parquet file of readings a day, and one of each roll-up.

    series/2026-11-26.parquet            readings, by series, then time, one a moment
    series/minutes/2026-11-26.parquet    its roll-ups; likewise hours and days
    series/days/2026-10.parquet          those of a month that is over, packed; likewise hours

They are enough to begin anew without the database. The file of a day stands over its month's.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.readings import Readings
from gateway.timeseries.rollup import COLUMNS, DAY, LEVELS, Columns, summed_up

RAW = "readings"
EPOCH = date(1970, 1, 1)
ROW_GROUP = 122_880
SCHEMA = pa.schema(
    [("series", pa.uint32()), ("time", pa.int64()), ("value", pa.float64()),
     ("quality", pa.uint8())]
)  # fmt: skip
ROLLUP_SCHEMA = pa.schema(
    [(name, pa.from_numpy_dtype(np.dtype(dtype))) for name, dtype in COLUMNS.items()]
)
NEW = ".new"  # ends the name of a file that is not yet in force
PACKED = ("hours", "days")  # what is kept for years, so that questions read few files
PACK_FROM = 7  # files of days of one month and level
DAYS_KEY = b"days"  # metadata of a month's file: the days that it holds

Day = int  # since 1970-01-01, UTC
Month = str  # 2026-10


def day_of(time: int) -> Day:
    return time // DAY


def name_of(day: Day) -> str:
    """Give the day as 2026-11-26."""
    return (EPOCH + timedelta(days=day)).isoformat()


def month_of(day: Day) -> Month:
    """Give the month as 2026-11."""
    return name_of(day)[:7]


class DayFiles:
    """The files of one folder, and which of them there are; one process changes them.

    days: by kind (`readings`, or a level of roll-ups), the days of which there is something.
    """

    def __init__(self, folder: Path) -> None:
        self._folders = {RAW: folder, **{level: folder / level for level in LEVELS}}
        self.days: dict[str, Set[Day]] = {}
        self._single: dict[str, Set[Day]] = {}  # days that have a file of their own
        self._months: dict[str, dict[Month, Set[Day]]] = {}  # what those of months hold

    def open(self) -> None:
        """Make the folders, remove what a killed process left half done, see what is there."""
        for kind, folder in self._folders.items():
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(f"*{NEW}"):
                left.unlink()
            files = {file.stem: file for file in folder.glob("*.parquet")}
            self._months[kind] = {
                name: _days_of(file) for name, file in files.items() if _is_month(name)
            }
            self._single[kind] = frozenset(
                (date.fromisoformat(name) - EPOCH).days for name in files if not _is_month(name)
            )
            self.days[kind] = set().union(self._single[kind], *self._months[kind].values())

    def path(self, kind: str, day: Day) -> Path:
        """Give the file in which the day is, or will be."""
        month = month_of(day)
        is_packed = day not in self._single[kind] and day in self._months[kind].get(month, ())
        return self._file(kind, month if is_packed else name_of(day))

    def paths(self, kind: str, days: Iterable[Day]) -> list[str]:
        return sorted({str(self.path(kind, day)) for day in days})

    def split(self, kind: str, days: Iterable[Day]) -> list[Sequence[Day]]:
        """Part days that have files of their own from those that their months' files tell of.

        Together they would say some days twice: a month's file has all of it.
        """
        single, packed = list[Day](), list[Day]()
        for day in sorted(days):
            (single if day in self._single[kind] else packed).append(day)
        return [part for part in (single, packed) if part]

    def bytes(self) -> int:
        """Give how much of the disk all of them take."""
        files = {self.path(kind, day) for kind, days in self.days.items() for day in days}
        return sum(file.stat().st_size for file in files)

    def write(self, day: Day, batches: Iterable[Readings]) -> None:
        """Write the day's files beside those in force, durably.

        batches: by series, then time; of equal moments the last one stays.
        """
        with ExitStack() as stack:
            writers = {
                kind: stack.enter_context(
                    _Writer(self._new(kind, day), SCHEMA if kind == RAW else ROLLUP_SCHEMA)
                )
                for kind in self._folders
            }
            for rows in _by_whole_series(batches):
                for kind, writer in writers.items():
                    writer.write(_columns(rows) if kind == RAW else summed_up(rows, LEVELS[kind]))

    def keep_older(self, day: Day) -> None:
        """Let the roll-ups in force stand where the new ones have the same series and bucket.

        For a day whose readings are gone: the new ones know of latecomers alone.
        """
        for level in LEVELS:
            if day not in self.days[level]:
                continue
            of_day = [("time", ">=", day * DAY), ("time", "<", (day + 1) * DAY)]
            old = pq.read_table(self.path(level, day), filters=of_day).cast(ROLLUP_SCHEMA)
            new = pq.read_table(self._new(level, day))
            keys = ["series", "time"]
            more = new.join(old.select(keys), keys, join_type="left anti").select(old.column_names)
            joined = pa.concat_tables([old, more])
            with _Writer(self._new(level, day), ROLLUP_SCHEMA) as writer:
                for batch in joined.sort_by([(key, "ascending") for key in keys]).to_batches():
                    writer.write({name: batch[name].to_numpy() for name in COLUMNS})

    def put_in_force(self, day: Day) -> None:
        """Put the written files in the place of the former ones.

        The readings last: as long as they are not there, the day counts as not sealed.
        """
        for kind in (*LEVELS, RAW):
            self._new(kind, day).replace(self._file(kind, name_of(day)))
            _sync(self._folders[kind])
            self._single[kind] = self._single[kind] | {day}
            self.days[kind] = self.days[kind] | {day}

    def drop_new(self, day: Day) -> None:
        """Forget what was written and is not in force."""
        for kind in self._folders:
            self._new(kind, day).unlink(missing_ok=True)

    def remove(self, kind: str, day: Day) -> None:
        """Remove a day for good; a month's file goes with the last of its days."""
        month = month_of(day)
        self.days[kind] = self.days[kind] - {day}
        self._single[kind] = self._single[kind] - {day}
        self._file(kind, name_of(day)).unlink(missing_ok=True)
        if day in self._months[kind].get(month, ()):
            self._months[kind][month] = self._months[kind][month] - {day}
            if not self._months[kind][month]:
                self._file(kind, month).unlink()
                del self._months[kind][month]

    def to_pack(self, before: Day) -> list[tuple[str, Month]]:
        """Give the levels and months that are over by this day and have many files of days."""
        return [
            (level, month)
            for level in PACKED
            for month, count in sorted(Counter(map(month_of, self._single[level])).items())
            if count >= PACK_FROM and month < month_of(before)
        ]

    def parts(self, level: str, month: Month) -> dict[Path, Sequence[Day]]:
        """Give the files of a month, each with the days that it counts for."""
        of_path: dict[Path, list[Day]] = {}
        for day in sorted(self.days[level]):
            if month_of(day) == month:
                of_path.setdefault(self.path(level, day), []).append(day)
        return dict(of_path)

    def new_month(self, level: str, month: Month) -> Path:
        """Give where a month is to be written."""
        path = self._file(level, month)
        return path.with_name(path.name + NEW)

    def put_month_in_force(self, level: str, month: Month, days: Set[Day]) -> None:
        """Put the written month in the place of the files of its days.

        Killed in between, those are still there, and say the same.
        """
        new = self.new_month(level, month)
        _sync(new)
        new.replace(self._file(level, month))
        _sync(self._folders[level])
        self._months[level][month] = days
        self._single[level] = self._single[level] - days
        for day in days:
            self._file(level, name_of(day)).unlink(missing_ok=True)

    @contextmanager
    def held(self, paths: Sequence[str]) -> Iterator[list[str]]:
        """Give names under which these files stay as they are, even if others take their place."""
        names = [f"{path}.{uuid4().hex}{NEW}" for path in paths]
        for path, name in zip(paths, names, strict=True):
            os.link(path, name)
        try:
            yield names
        finally:
            for name in names:
                Path(name).unlink()

    def batches(self, day: Day) -> Iterator[Readings]:
        """Give the readings of a sealed day."""
        with pq.ParquetFile(self.path(RAW, day)) as file:
            for batch in file.iter_batches(ROW_GROUP):
                yield block_of(batch)

    def _file(self, kind: str, name: str) -> Path:
        return self._folders[kind] / f"{name}.parquet"

    def _new(self, kind: str, day: Day) -> Path:
        path = self._file(kind, name_of(day))
        return path.with_name(path.name + NEW)


class _Writer:
    """Writes columns in row groups of a useful size; at the end they are on the disk."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._waiting: list[pa.Table] = []

    def __enter__(self) -> Self:
        self._file = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()
        if kind is None:
            _sync(self._path)

    def write(self, columns: Columns) -> None:
        self._waiting.append(pa.table(columns, schema=self._schema))
        if sum(len(table) for table in self._waiting) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.concat_tables(self._waiting), row_group_size=ROW_GROUP)
        self._waiting = []


def _is_month(name: str) -> bool:
    return len(name) == len("2026-10")


def _days_of(file: Path) -> Set[Day]:
    metadata = pq.read_schema(file).metadata or {}
    return frozenset(map(int, metadata.get(DAYS_KEY, b"").split()))


def block_of(batch: pa.RecordBatch) -> Readings:
    """Give a batch of series, time, value, quality as readings."""
    series, time, value, code = (column.to_numpy() for column in batch.columns)
    return Readings.of(series, time, value, code, 0)


def _columns(rows: Readings) -> Columns:
    return {"series": rows.signal, "time": rows.time, "value": rows.value, "quality": rows.quality}


def _by_whole_series(batches: Iterable[Readings]) -> Iterator[Readings]:
    """Cut what comes sorted so that a series is never in two blocks; keep one of equal moments."""
    rest: Readings | None = None
    for batch in batches:
        rows = batch if rest is None else Readings.concat([rest, batch])
        if not len(rows):
            continue
        cut = int(np.searchsorted(rows.signal, rows.signal[-1]))
        rest = rows.take(np.arange(cut, len(rows)))
        if cut:
            yield _one_a_moment(rows.take(np.arange(cut)))
    if rest is not None:
        yield _one_a_moment(rest)


def _one_a_moment(rows: Readings) -> Readings:
    is_last = np.ones(len(rows), np.bool_)
    is_last[:-1] = (np.diff(rows.signal) != 0) | (np.diff(rows.time) != 0)
    return rows if is_last.all() else rows.take(is_last)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
