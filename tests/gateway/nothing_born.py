"""A directory before any edge has said what it reads, for tests to fill as far as they need."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adapters.wire import SignalBirth
from core.readings import Readings
from gateway.registry.directory import EdgeState


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
