"""What every store of readings must do, as tests that each store's test class inherits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from core.clock import SECOND, SystemClock
from core.quality import BAD, QUARANTINE, UNCERTAIN, Reason, quality
from core.readings import Readings
from gateway.timeseries.port import Buckets, Taken, TimeSeries

T = TypeVar("T")
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
# Midnight two days ago: a store may refuse what is older than it keeps.
START = SystemClock().time_ns() // DAY * DAY - 2 * DAY
LOST = quality(BAD, Reason.LOST_LINE)

nan = np.nan


def readings(*rows: tuple[int, float, float] | tuple[int, float, float, int]) -> Readings:
    """Make a block of (series, seconds after START, value, quality); good without a quality."""
    columns = zip(*((*row, 0)[:4] for row in rows), strict=True)
    series, after, value, code = (list(column) for column in columns)
    return Readings.of(series, [START + round(each * SECOND) for each in after], value, code, 0)


def shown(block: Readings) -> list[tuple[int, float, float, int]]:
    """Give rows of (series, seconds after START, value, quality)."""
    after = (block.time - START) / SECOND
    columns = (block.signal, after, block.value, block.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def buckets(found: Buckets) -> list[tuple[float, ...]]:
    """Give rows of (series, seconds after START, count, mean, min, max, first, last)."""
    after = (found.time - START) / SECOND
    columns = (found.series, after, found.count, found.mean, found.minimum, found.maximum,
               found.first, found.last)  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))


def numbers(*series: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(series, np.uint32)


class TimeSeriesConformance:
    """Inherit and say how a store is opened."""

    def opened(self, folder: Path) -> AbstractAsyncContextManager[TimeSeries]:
        """Open the store that belongs to the folder; opened again it holds what it held."""
        raise NotImplementedError

    def in_store(
        self,
        folder: Path,
        blocks: Sequence[Readings],
        ask: Callable[[TimeSeries], Awaitable[T]],
        taken: Sequence[Taken] = (),
    ) -> T:
        """Store the blocks, each in a commit of its own, open the store again and ask it."""

        async def run() -> T:
            async with self.opened(folder) as store:
                for block in blocks:
                    await store.append([block], taken)
            async with self.opened(folder) as store:
                return await ask(store)

        return asyncio.run(run())

    async def all_rows(self, store: TimeSeries, *series: int) -> list[Readings]:
        return [block async for block in store.rows(numbers(*series), START, START + 2 * DAY)]

    def test_readings_come_back_sorted_and_one_a_moment(self, tmp_path: Path) -> None:
        block = readings((7, 20, 2.0), (7, 10, 1.0, UNCERTAIN), (8, 10, 9.0), (7, 20, 2.0))
        found, is_thinned = self.in_store(
            tmp_path, [block], lambda store: store.range(7, START, START + 100 * SECOND, 10)
        )
        assert shown(found) == [(7, 10.0, 1.0, UNCERTAIN), (7, 20.0, 2.0, 0)]
        assert not is_thinned

    def test_the_last_one_written_stands(self, tmp_path: Path) -> None:
        blocks = [readings((7, 10, 1.0)), readings((7, 20, 5.0)), readings((7, 10, 3.0))]
        found, _ = self.in_store(
            tmp_path, blocks, lambda store: store.range(7, START, START + DAY, 10)
        )
        assert shown(found) == [(7, 10.0, 3.0, 0), (7, 20.0, 5.0, 0)]

    def test_the_start_belongs_to_a_range_and_the_end_does_not(self, tmp_path: Path) -> None:
        block = readings((7, 10, 1.0), (7, 20, 2.0), (7, 30, 3.0))
        start, end = START + 10 * SECOND, START + 30 * SECOND
        found, _ = self.in_store(tmp_path, [block], lambda store: store.range(7, start, end, 10))
        assert found.value.tolist() == [1.0, 2.0]

    def test_a_series_that_nobody_wrote_is_empty(self, tmp_path: Path) -> None:
        found, is_thinned = self.in_store(
            tmp_path,
            [readings((8, 0, 1.0))],
            lambda store: store.range(7, START, START + DAY, 10),
        )
        assert (len(found), is_thinned) == (0, False)

    def test_a_bad_reading_keeps_its_reason(self, tmp_path: Path) -> None:
        block = readings((7, 0, 1.0), (7, 10, nan, LOST), (7, 20, 2.0))
        found, _ = self.in_store(
            tmp_path, [block], lambda store: store.range(7, START, START + DAY, 10)
        )
        assert found.quality.tolist() == [0, LOST, 0]
        assert np.isnan(found.value).tolist() == [False, True, False]

    def test_thinning_keeps_the_extremes_and_the_gaps(self, tmp_path: Path) -> None:
        value = np.zeros(10_000)
        value[1234], value[5678], value[9000] = 50.0, -50.0, nan
        code = np.where(np.isnan(value), LOST, 0)
        time = START + np.arange(10_000) * SECOND
        block = Readings.of(np.full(10_000, 7), time, value, code, 0)
        found, is_thinned = self.in_store(
            tmp_path,
            [block],
            lambda store: store.range(7, START, START + 10_000 * SECOND, 100),
        )
        at = {after: value for _, after, value, _ in shown(found)}
        assert is_thinned
        assert len(found) <= 101
        assert (at[1234], at[5678]) == (50.0, -50.0)
        assert found.quality[np.isnan(found.value)].tolist() == [LOST]

    def test_a_time_of_many_readings_keeps_its_extremes(self, tmp_path: Path) -> None:
        value = np.zeros(20_000)
        value[3333], value[17_777] = 50.0, -50.0
        time = START + np.arange(20_000) * 8 * SECOND
        block = Readings.of(np.full(20_000, 7), time, value, 0, 0)
        found, is_thinned = self.in_store(
            tmp_path, [block], lambda store: store.range(7, START, START + 2 * DAY, 20)
        )
        at = {after: value for _, after, value, _ in shown(found)}
        assert is_thinned
        assert len(found) <= 30
        assert (at[3333 * 8], at[17_777 * 8]) == (50.0, -50.0)

    def test_the_latest_of_each_series_is_found(self, tmp_path: Path) -> None:
        block = readings((7, 10, 1.0), (8, 11, 2.0), (7, 12, 3.0), (9, 3, 4.0))
        found = self.in_store(tmp_path, [block], lambda store: store.latest(START + 11 * SECOND))
        assert sorted(shown(found)) == [(7, 12.0, 3.0, 0), (8, 11.0, 2.0, 0)]

    def test_what_is_in_quarantine_is_not_the_latest(self, tmp_path: Path) -> None:
        block = readings((7, 10, 1.0), (7, 86_410, 2.0, QUARANTINE), (8, 86_410, 3.0, QUARANTINE))
        found = self.in_store(tmp_path, [block], lambda store: store.latest(START))
        assert shown(found) == [(7, 10.0, 1.0, 0)]

    def test_the_first_good_reading_is_found_from_the_moment_of_each_series(
        self, tmp_path: Path
    ) -> None:
        block = readings(
            (7, 10, 1.0), (7, 20, nan, LOST), (7, 30, 3.0), (7, 86_400, 4.0), (8, 10, 5.0),
            (9, 40, 1.0, UNCERTAIN), (5, 86_410, 6.0),
        )  # fmt: skip
        since = {7: START + 11 * SECOND, 8: START, 9: START, 99: START, 5: START}
        found = self.in_store(tmp_path, [block], lambda store: store.first_good(since))
        assert sorted(shown(found)) == [
            (5, 86_410.0, 6.0, 0),
            (7, 30.0, 3.0, 0),
            (8, 10.0, 5.0, 0),
        ]

    def test_taken_numbers_are_replaced_with_each_commit(self, tmp_path: Path) -> None:
        async def ask(store: TimeSeries) -> list[tuple[int, int]]:
            await store.append([], [Taken("e", "a", "telemetry", [(1, 6)])])
            return await store.taken("e", "a", "telemetry")

        before = Taken("e", "a", "telemetry", [(1, 3), (5, 5)])
        assert self.in_store(tmp_path, [readings((7, 0, 1.0))], ask, [before]) == [(1, 6)]

    def test_taken_numbers_are_there_after_a_restart(self, tmp_path: Path) -> None:
        taken = [Taken("e", "a", "telemetry", [(1, 3)]), Taken("e", "b", "telemetry", [(9, 9)])]
        found = self.in_store(
            tmp_path,
            [readings((7, 0, 1.0))],
            lambda store: store.taken("e", "a", "telemetry"),
            taken,
        )
        assert found == [(1, 3)]

    def test_buckets_are_counted_from_the_start(self, tmp_path: Path) -> None:
        block = readings((7, 30, 1.0), (7, 45, 6.0), (7, 80, 2.0), (7, 90, 4.0), (8, 30, 9.0))
        found = self.in_store(
            tmp_path,
            [block],
            lambda store: store.aggregate(
                numbers(8, 7, 5), START + 30 * SECOND, START + DAY, MINUTE
            ),
        )
        assert buckets(found) == [
            (7, 30.0, 3, 3.0, 1.0, 6.0, 1.0, 2.0),
            (7, 90.0, 1, 4.0, 4.0, 4.0, 4.0, 4.0),
            (8, 30.0, 1, 9.0, 9.0, 9.0, 9.0, 9.0),
        ]

    def test_of_a_bad_reading_and_of_nothing_no_bucket_is_made(self, tmp_path: Path) -> None:
        block = readings(
            (7, 0, 1.0), (7, 5, 100.0, LOST), (7, 10, 3.0, UNCERTAIN), (7, 15, nan, UNCERTAIN),
            (7, 60, nan, LOST), (7, 70, nan),
        )  # fmt: skip
        found = self.in_store(
            tmp_path,
            [block],
            lambda store: store.aggregate(numbers(7), START, START + HOUR, MINUTE),
        )
        assert buckets(found) == [(7, 0.0, 2, 2.0, 1.0, 3.0, 1.0, 3.0)]

    def test_one_moment_counts_once(self, tmp_path: Path) -> None:
        blocks = [
            readings((7, 0, 1.0), (7, 10, 7.0)),
            readings((7, 10, 3.0)),
            readings((7, 5, 5.0)),
        ]
        found = self.in_store(
            tmp_path, blocks, lambda store: store.aggregate(numbers(7), START, START + DAY, DAY)
        )
        assert buckets(found) == [(7, 0.0, 3, 3.0, 1.0, 5.0, 1.0, 3.0)]

    def test_buckets_of_days_end_at_midnight(self, tmp_path: Path) -> None:
        block = readings((7, 0, 1.0), (7, 86_399, 3.0), (7, 86_400, 5.0))
        found = self.in_store(
            tmp_path,
            [block],
            lambda store: store.aggregate(numbers(7), START, START + 2 * DAY, DAY),
        )
        assert buckets(found) == [
            (7, 0.0, 2, 2.0, 1.0, 3.0, 1.0, 3.0),
            (7, 86_400.0, 1, 5.0, 5.0, 5.0, 5.0, 5.0),
        ]

    def test_a_bucket_that_the_end_cuts_holds_what_is_before_it(self, tmp_path: Path) -> None:
        block = readings((7, 0, 1.0), (7, 3600, 2.0), (7, 5399, 4.0), (7, 5400, 50.0))
        found = self.in_store(
            tmp_path,
            [block],
            lambda store: store.aggregate(numbers(7), START, START + 5400 * SECOND, HOUR),
        )
        assert buckets(found) == [
            (7, 0.0, 1, 1.0, 1.0, 1.0, 1.0, 1.0),
            (7, 3600.0, 2, 3.0, 2.0, 4.0, 2.0, 4.0),
        ]

    def test_one_bucket_may_be_wider_than_the_time(self, tmp_path: Path) -> None:
        block = readings((7, 10, 1.0), (7, 90_000, 3.0), (7, 100_000, 5.0))
        start, end = START + 20 * SECOND, START + 99_999 * SECOND
        found = self.in_store(
            tmp_path,
            [block],
            lambda store: store.aggregate(numbers(7), start, end, 7 * DAY),
        )
        assert buckets(found) == [(7, 20.0, 1, 3.0, 3.0, 3.0, 3.0, 3.0)]

    def test_buckets_of_no_series_are_none(self, tmp_path: Path) -> None:
        found = self.in_store(
            tmp_path,
            [readings((7, 0, 1.0))],
            lambda store: store.aggregate(numbers(), START, START + DAY, HOUR),
        )
        assert len(found) == 0

    def test_all_rows_come_in_the_order_of_time(self, tmp_path: Path) -> None:
        blocks = [
            readings((7, 20, 2.0), (8, 5, 8.0), (7, 10, nan, LOST), (9, 1, 1.0)),
            readings((7, 86_400, 5.0), (7, 20, 3.0)),
        ]
        found = self.in_store(tmp_path, blocks, lambda store: self.all_rows(store, 7, 8))
        rows = [row for block in found for row in shown(block)]
        sevens = [(after, code) for series, after, _, code in rows if series == 7]
        assert sevens == [(10.0, LOST), (20.0, 0), (86_400.0, 0)]
        assert [value for series, _, value, _ in rows if series == 7][1:] == [3.0, 5.0]
        assert [row for row in rows if row[0] != 7] == [(8, 5.0, 8.0, 0)]

    def test_many_rows_come_in_several_blocks(self, tmp_path: Path) -> None:
        count = 400_000
        time = START + np.arange(count) // 4 * SECOND
        block = Readings.of(np.arange(count) % 4 + 1, time, np.arange(count), 0, 0)
        found = self.in_store(tmp_path, [block], lambda store: self.all_rows(store, 1, 2, 3, 4))
        assert sum(len(each) for each in found) == count
        assert max(len(each) for each in found) < count
        assert sum(each.value.sum() for each in found) == pytest.approx(count * (count - 1) / 2)
