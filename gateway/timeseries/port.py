"""What the gateway needs of a store of readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.readings import Readings


@dataclass(frozen=True, slots=True)
class Taken:
    """Numbers of blocks of one stream that a commit takes: closed ranges, the whole set so far."""

    edge: str
    epoch: str
    stream: str
    ranges: Sequence[tuple[int, int]]


class TimeSeries(Protocol):
    """Readings by permanent series; `Readings.signal` is the number of the series."""

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        """Store readings and the numbers under which they came: all of it, durably, or nothing.

        `taken` replaces what was recorded for its edge, epoch and stream. One call at a time.
        """
        ...

    async def taken(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of blocks that are committed, as closed ranges."""
        ...

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        """Give readings with start <= time < end, oldest first, one a moment.

        start, end: nanoseconds UTC. Where there are more than `points` they are thinned out, so
        that the lowest and the highest of each part of the time stay, and the bad ones leave one
        for each part; the second value tells whether they were.
        """
        ...

    async def latest(self, since: int) -> Readings:
        """Give the last reading of each series that has one since then (nanoseconds UTC)."""
        ...

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one.

        since: by series, the moment (nanoseconds UTC) from which on a reading counts.
        """
        ...
