"""An event loop whose time leaps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from core.clock import to_nanoseconds

BEGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
T = TypeVar("T")


class LeapingSelector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """passed: seconds that the loop asked to wait for and need not."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.passed += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """Also a core.clock.Clock: its time and the loop's are one. Not for work in threads."""

    def __init__(self) -> None:
        self._selector = LeapingSelector()
        super().__init__(self._selector)

    def time(self) -> float:
        return self._selector.passed

    def monotonic(self) -> float:
        return self._selector.passed

    def now(self) -> datetime:
        return datetime.fromtimestamp(BEGIN.timestamp() + self._selector.passed, UTC)

    def time_ns(self) -> int:
        return to_nanoseconds(self.now())


def run_leaping(loop: LeapingLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in no time."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work)
