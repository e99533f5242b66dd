"""Chooses where a question is answered from, and says it in SQL.

Each day has one source: its sealed file; a roll-up, where that tells as much; what is not sealed
yet, in the table `readings`. To days that are read in full belong the latecomers of the table
`late`, each of which stands over the reading that was there before at its moment.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.quality import BAD
from gateway.timeseries.day_files import RAW, Day, DayFiles, day_of
from gateway.timeseries.rollup import DAY, LEVELS

COLUMNS = "series, time, value, quality"
NOTHING = f"SELECT {COLUMNS} FROM readings WHERE false"
COUNTED = f"quality < {BAD} AND NOT isnan(value)"
FEW_SERIES = 200  # named in the query, by which whole parts of a file are passed over
COARSEST_FIRST = sorted(LEVELS, key=LEVELS.__getitem__, reverse=True)

Span = tuple[int, int]  # nanoseconds UTC, the end not included
Fits = Callable[[int], bool]  # whether a roll-up of this width tells enough


@dataclass(frozen=True, slots=True)
class Sources:
    """From where the readings of one span come.

    rollups: files, and of which spans they are asked: a month's may hold days that are read from
    elsewhere. widths: of the roll-ups. written: latecomers up to this commit only.
    """

    span: Span
    table: Sequence[Span]
    late: Sequence[Span]
    files: Sequence[str]
    rollups: Sequence[tuple[Sequence[str], Sequence[Span]]]
    widths: Set[int] = frozenset()
    written: int | None = None

    def readings(self, series: str) -> str:
        """Give the query of all readings that are there in full, one a moment, in no order.

        series: the condition on the column of this name.
        """
        start, end = self.span
        parts = []
        if self.table:
            parts.append(f"SELECT {COLUMNS} FROM readings WHERE {series} AND {within(self.table)}")
        if self.files:
            parts.append(
                f"SELECT {COLUMNS} FROM {parquet(self.files)} "
                f"WHERE {series} AND time >= {start} AND time < {end}"
            )
        stored = " UNION ALL ".join(parts) or NOTHING
        if not self.late:
            return stored
        until = "" if self.written is None else f" AND written <= {self.written}"
        late = (
            "SELECT series, time, arg_max(value, written) AS value, "
            "arg_max(quality, written) AS quality "
            f"FROM late WHERE {series} AND {within(self.late)}{until} GROUP BY series, time"
        )
        return (
            f"WITH latecomers AS MATERIALIZED ({late}) SELECT {COLUMNS} FROM ({stored}) "
            f"ANTI JOIN latecomers USING (series, time) UNION ALL "
            f"SELECT {COLUMNS} FROM latecomers"
        )

    def extremes(self, series: str) -> str:
        """Give the query of all readings, of roll-ups the lowest, the highest and a bad one."""
        if not self.rollups:
            return self.readings(series)
        points = (
            "unnest([minimum_time, maximum_time, bad_time]) AS time, "
            "unnest([minimum, maximum, 'nan'::DOUBLE]) AS value, "
            "unnest([minimum_quality, maximum_quality, bad_quality]) AS quality, "
            "unnest([count > 0, count > 0, bad > 0]) AS is_there"
        )
        rolled = f"SELECT series, {points} FROM {self._rolled(series)}"
        return (
            f"SELECT {COLUMNS} FROM ({self.readings(series)}) UNION ALL "
            f"SELECT {COLUMNS} FROM ({rolled}) WHERE is_there"
        )

    def buckets(self, series: str, width: int) -> str:
        """Give the query of `port.Buckets`."""
        start, end = self.span
        bucket = f"{start} + (time - {start}) // {width} * {width} AS bucket"
        if width >= end - start:
            bucket = f"{start} AS bucket"
        readings = f"({self.readings(series)}) WHERE {COUNTED}"
        summed = (
            f"SELECT series, {bucket}, count(*) AS count, sum(value) AS sum, "
            "min(value) AS minimum, max(value) AS maximum, "
            "arg_min(value, time) AS first, arg_max(value, time) AS last "
            f"FROM {readings} GROUP BY ALL"
        )
        rolled = f"FROM {self._rolled(series)} WHERE count > 0" if self.rollups else ""
        if not rolled:
            found = summed
        elif self._are_whole(width):
            found = (
                f"SELECT series, {bucket}, count, sum, minimum, maximum, first, last {rolled} "
                f"UNION ALL {summed}"
            )
        else:
            # A reading is summed up like a roll-up of itself alone.
            found = (
                "SELECT series, bucket, sum_no_overflow(count) AS count, sum(sum) AS sum, "
                "min(minimum) AS minimum, max(maximum) AS maximum, "
                "arg_min(first, first_time) AS first, arg_max(last, last_time) AS last FROM ("
                f"SELECT series, {bucket}, count, sum, minimum, maximum, first, first_time, "
                f"last, last_time {rolled} UNION ALL "
                f"SELECT series, {bucket}, 1 AS count, value AS sum, value AS minimum, "
                "value AS maximum, value AS first, time AS first_time, value AS last, "
                f"time AS last_time FROM {readings}) GROUP BY ALL"
            )
        return (
            "SELECT series, bucket AS time, count, sum / count AS mean, minimum, maximum, "
            f"first, last FROM ({found}) ORDER BY series, bucket"
        )

    def _are_whole(self, width: int) -> bool:
        """Tell whether each bucket is a roll-up of its own, or of readings alone."""
        in_one_day = DAY % width == 0 == self.span[0] % width
        return in_one_day and self.widths == {width}

    def _rolled(self, series: str) -> str:
        parts = [
            f"SELECT * FROM {parquet(paths)} WHERE {series} AND {within(spans)}"
            for paths, spans in self.rollups
        ]
        return f"({' UNION ALL '.join(parts)})"


def choose(
    files: DayFiles, table: Set[Day], late: Set[Day], span: Span, fits: Fits = lambda _: False
) -> Sources:
    """Choose the source of each day of the span.

    table, late: the days of which the tables hold readings. fits: whether roll-ups of a width tell
    enough; where they are all that is left, they are taken anyhow.
    """
    start, end = span
    first, last = day_of(start), day_of(end - 1)

    def asked(days: Iterable[Day]) -> set[Day]:
        return {day for day in days if first <= day <= last}

    sealed = asked(files.days[RAW])
    open_ = asked(table) - sealed
    left = asked(set().union(*(files.days[level] for level in LEVELS))) - sealed - open_
    latecomers = asked(late) - left
    levels: dict[str, list[Day]] = {level: [] for level in (RAW, *COARSEST_FIRST)}
    for day in sealed:
        is_whole = day in latecomers
        levels[RAW if is_whole else _level(files, day, span, fits, RAW)].append(day)
    for day in left:
        finest = next(level for level in LEVELS if day in files.days[level])
        levels[_level(files, day, span, fits, finest)].append(day)
    return Sources(
        span,
        table=spans_of(open_, span),
        late=spans_of(latecomers, span),
        files=files.paths(RAW, levels[RAW]),
        rollups=[
            (files.paths(level, days), spans_of(days, span))
            for level in LEVELS
            for days in files.split(level, levels[level])
        ],
        widths={LEVELS[level] for level in LEVELS if levels[level]},
    )


def series_in(series: NDArray[np.uint32]) -> str:
    """Give the condition for these series; where they are many, a table `wanted` holds them."""
    if len(series) > FEW_SERIES:
        return "series IN (SELECT series FROM wanted)"
    return f"series IN ({', '.join(map(str, series.tolist()))})" if len(series) else "false"


def _level(files: DayFiles, day: Day, span: Span, fits: Fits, otherwise: str) -> str:
    """Give the coarsest roll-up of the day that fits, and whose buckets the span does not cut."""
    start, end = max(span[0], day * DAY), min(span[1], (day + 1) * DAY)
    for level in COARSEST_FIRST:
        width = LEVELS[level]
        if day in files.days[level] and fits(width) and start % width == 0 == end % width:
            return level
    return otherwise


def spans_of(days: Iterable[Day], span: Span) -> list[Span]:
    """Join days that follow each other, and cut them to the span."""
    joined: list[Span] = []
    for day in sorted(days):
        start, end = max(span[0], day * DAY), min(span[1], (day + 1) * DAY)
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def within(spans: Iterable[Span]) -> str:
    """Give the condition for times in these spans."""
    return "(" + " OR ".join(f"(time >= {a} AND time < {b})" for a, b in spans) + ")"


def parquet(paths: Iterable[str]) -> str:
    """Give these files as a table."""
    quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{quoted}])"
