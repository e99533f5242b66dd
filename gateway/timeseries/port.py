"""What the gateway needs of a store of readings."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import KvartalError
from core.readings import Readings


class StoreUnavailable(KvartalError):
    """Tell that the store took or gave nothing now: a full disk, a server away. Try again later."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Numbers of blocks of one stream that a commit takes: closed ranges, the whole set so far."""

    edge: str
    epoch: str
    stream: str
    ranges: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """What n buckets of time hold, a row for each series and bucket, by series, then time.

    series: uint32[n]. time: int64[n], nanoseconds UTC, where the bucket begins. count: int64[n], at
    least 1. mean, minimum, maximum, first, last: float64[n], of the values that are good or
    uncertain; the mean is that of the readings, however far they lie apart.
    """

    series: NDArray[np.uint32]
    time: NDArray[np.int64]
    count: NDArray[np.int64]
    mean: NDArray[np.float64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.series)

    @classmethod
    def of(cls, rows: Iterable[tuple[float, ...]]) -> Self:
        """Build them from rows of all columns, in any order."""
        columns = list(zip(*sorted(rows), strict=True)) or [()] * len(fields(cls))
        series, time, count, *values = columns
        return cls(
            np.array(series, np.uint32),
            np.array(time, np.int64),
            np.array(count, np.int64),
            *(np.array(value, np.float64) for value in values),
        )


class TakenRecord(Protocol):
    """Where a store without transactions has the numbers of blocks recorded."""

    async def add(self, taken: Sequence[Taken]) -> None:
        """Record them durably, beside what others recorded of the same streams."""
        ...

    async def of(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of a stream, as closed ranges."""
        ...


class TimeSeries(Protocol):
    """Readings by permanent series; `Readings.signal` is the number of the series.

    Of several readings of a series at one moment the last one written stands, here as everywhere
    below. Times are nanoseconds UTC; a store may keep fewer digits, milliseconds at least.
    """

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        """Store readings and the numbers under which they came: all of it, durably, or nothing.

        `taken` holds what was recorded for its edge, epoch and stream before, as far as this
        process knows. One call at a time.
        StoreUnavailable: nothing was stored, or it does no harm to store it again.
        """
        ...

    async def taken(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of blocks that are committed, as closed ranges."""
        ...

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        """Give readings with start <= time < end, oldest first, one a moment.

        Where there are more than `points` they are thinned out, so that the lowest and the highest
        of each part of the time stay, and the bad ones leave one for each part; the second value
        tells whether they were.
        """
        ...

    async def latest(self, since: int) -> Readings:
        """Give the last reading of each series that has one since then and out of quarantine."""
        ...

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one.

        since: by series, the moment from which on a reading counts.
        """
        ...

    async def aggregate(
        self, series: NDArray[np.uint32], start: int, end: int, width: int
    ) -> Buckets:
        """Give what the series were in each `width` from start on; buckets without a value are not.

        Counted are good and uncertain values with start <= time < end, NaN never. The caller bounds
        how many buckets there may be.
        """
        ...

    def rows(self, series: NDArray[np.uint32], start: int, end: int) -> AsyncIterator[Readings]:
        """Give all readings with start <= time < end in blocks, of each series the oldest first.

        A block is at most a few hundred thousand readings; only as many are held as were asked for.
        """
        ...


class Figures(Protocol):
    """Tells whoever watches the process how the store is."""

    def figures(self) -> dict[str, int | str]: ...


class Forgetful(Protocol):
    """A store that may forget, when it is killed, what it accepted a short time ago."""

    async def run_id(self) -> str:
        """Give what is another one after each start of the store. StoreUnavailable: not known."""
        ...
