"""When what is polled: each on its own steady grid, which neither drifts nor catches up."""

from collections.abc import Sequence
from heapq import heapify, heapreplace
from typing import Generic, TypeVar

T = TypeVar("T")


class Schedule(Generic[T]):
    """Things and their periods, all due at once at the start. overruns: turns left out so far."""

    def __init__(self, periods: Sequence[tuple[T, float]], start: float) -> None:
        """periods: in seconds. start: on the clock of `take`."""
        self._due = [(start, order, thing, period) for order, (thing, period) in enumerate(periods)]
        heapify(self._due)
        self.overruns = 0

    @property
    def next(self) -> tuple[float, T]:
        """Give the moment at which something is due next, and what that is."""
        moment, _order, thing, _period = self._due[0]
        return moment, thing

    def take(self, now: float) -> T:
        """Give what has been due the longest, and plan its next turn after `now`."""
        moment, order, thing, period = self._due[0]
        missed = int((now - moment) // period)
        self.overruns += missed
        heapreplace(self._due, (moment + (missed + 1) * period, order, thing, period))
        return thing
