"""What pages ask about devices and edges: the port that the ingest fills."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from adapters.wire import SignalBirth
from core.readings import Readings
from gateway.timeseries.port import Buckets


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeState:
    """What an edge last said of itself. problem: why it did not take a configuration.

    refused: messages of it that were not understood; refusal: why the last of them was not.
    """

    online: bool = False
    seen_at: datetime | None = None
    software: str = ""
    revision_in_force: int | None = None
    problem: str = ""
    refused: int = 0
    refusal: str = ""


class Directory(Protocol):
    """Knows what was born, as permanent series, and what it said last. It asks no store."""

    def family_of(self, device: str) -> str:
        """Give the family of the device's profile; empty for one that was never born."""
        ...

    def devices_of(self, family: str) -> Sequence[str]:
        """Give the devices whose profile is of the family."""
        ...

    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        """Give what the device measures, in the order of its profile."""
        ...

    def diagnostics_of(self, device: str) -> Sequence[SignalBirth]:
        """Give what its edge tells of the link to the device."""
        ...

    def series_of(self, device: str) -> Mapping[str, int]:
        """Give the numbers of the device's series by signal key."""
        ...

    def latest(self, series: NDArray[np.uint32]) -> Readings:
        """Give the latest reading of those of the series that have one."""
        ...

    def presence_of(self, device: str) -> tuple[bool | None, str]:
        """Tell whether the device answers, None until its edge has said, and why it does not."""
        ...

    def edge_state(self, edge: str) -> EdgeState:
        """Give what the edge last said of itself."""
        ...

    def parked_of(self, edge: str) -> int:
        """Give how many blocks of events of the edge were put aside as nonsense."""
        ...


class History(Protocol):
    """Gives what a series was, from the time-series store."""

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        """Give the readings of [start, end), oldest first, and whether they are downsampled.

        start, end: nanoseconds UTC. points: at most about so many; where there are more, the
        lowest and the highest of each stretch of time are kept.
        """
        ...

    async def aggregate(
        self, series: NDArray[np.uint32], start: int, end: int, width: int
    ) -> Buckets:
        """Sum up the good and uncertain values of [start, end) by series and `width`."""
        ...

    def rows(self, series: NDArray[np.uint32], start: int, end: int) -> AsyncIterator[Readings]:
        """Give all readings of [start, end) in blocks, of each series the oldest first."""
        ...

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one.

        since: by series, the moment (nanoseconds UTC) from which on a reading counts.
        """
        ...
