from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import Clock, SystemClock
from edge.spool import Spool
from tests.edge.stand import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_spool(tmp_path: Path) -> Callable[..., Spool]:
    """Open the spool of this test; within an event loop."""

    def fail(error: BaseException) -> None:
        raise AssertionError("the spool has failed") from error

    def make(clock: Clock | None = None, limit: int = 10**8) -> Spool:
        return Spool("edge-1", tmp_path / "spool", limit, clock or SystemClock(), fail)

    return make
