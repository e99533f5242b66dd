"""A directory and a history before any edge has said anything, for tests to fill as they need."""

from collections.abc import AsyncIterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adapters.wire import SignalBirth
from core.readings import Readings
from gateway.registry.directory import EdgeState
from gateway.timeseries.port import Buckets


class NothingBorn:
    """The directory before any edge has said what it reads."""

    def family_of(self, _device: str) -> str:
        return ""

    def devices_of(self, _family: str) -> Sequence[str]:
        return ()

    def signals_of(self, _device: str) -> Sequence[SignalBirth]:
        return ()

    def diagnostics_of(self, _device: str) -> Sequence[SignalBirth]:
        return ()

    def series_of(self, _device: str) -> Mapping[str, int]:
        return {}

    def latest(self, series: NDArray[np.uint32]) -> Readings:
        return Readings.of(series[:0], [], [], [], 0)

    def presence_of(self, _device: str) -> tuple[bool | None, str]:
        return None, ""

    def edge_state(self, _edge: str) -> EdgeState:
        return EdgeState()

    def parked_of(self, _edge: str) -> int:
        return 0


class NothingRead:
    """The history before the first reading."""

    async def range(
        self, _series: int, _start: int, _end: int, _points: int
    ) -> tuple[Readings, bool]:
        return Readings.of([], [], [], [], 0), False

    async def aggregate(
        self, _series: NDArray[np.uint32], _start: int, _end: int, _width: int
    ) -> Buckets:
        return Buckets.of([])

    async def rows(
        self, _series: NDArray[np.uint32], _start: int, _end: int
    ) -> AsyncIterator[Readings]:
        return
        yield

    async def first_good(self, _since: Mapping[int, int]) -> Readings:
        return Readings.of([], [], [], [], 0)
