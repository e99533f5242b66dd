"""What a store accepted and may yet forget: vouched for once it has run on long enough.

Until then edges keep it. When the store was restarted they are asked to send again what it may have
lost; what it has not lost comes twice, which does no harm.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from core.clock import Clock
from gateway.ingest.ranges import Ranges
from gateway.timeseries.port import Forgetful, StoreUnavailable

Session = tuple[str, str]  # edge, epoch

log = structlog.get_logger()

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Held:
    """Numbers that were accepted at a moment (monotonic), by a run that began before."""

    at: float
    run: str
    numbers: dict[Session, Ranges]


class Settling:
    """settle_s: after which the store has on disk what it accepted. tell: called with an edge, an
    epoch and numbers that are held. ask_again: called with an edge that is to send again what is
    not acknowledged.
    """

    def __init__(
        self,
        store: Forgetful,
        clock: Clock,
        settle_s: float,
        *,
        tell: Callable[[str, str, list[tuple[int, int]]], None],
        ask_again: Callable[[str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._settle_s = settle_s
        self._tell = tell
        self._ask_again = ask_again
        self._held: deque[Held] = deque()
        self._known: dict[Session, Ranges] = {}  # all that was held since the store was started
        self._look_at = 0.0  # monotonic
        self.run = ""  # of the store, as it was seen last

    def holds(self, session: Session, number: int) -> bool:
        """Tell whether a number is held; its edge is told again then."""
        if number not in self._known.get(session, ()):
            return False
        self._tell(*session, [(number, number)])
        return True

    def hold(self, run: str, numbers: dict[Session, Ranges]) -> None:
        """Take numbers that were just accepted. run: as it was seen before they were written."""
        self._held.append(Held(self._clock.monotonic(), run, numbers))
        _add(self._known, numbers)
        for session, ranges in numbers.items():
            self._tell(*session, list(ranges))

    async def due(self) -> dict[Session, Ranges]:
        """Look at the store once a second, and give the numbers that may be vouched for then."""
        if self._clock.monotonic() < self._look_at:
            return {}
        self._look_at = self._clock.monotonic() + LOOK_EVERY_S
        try:
            run = await self._store.run_id()
        except StoreUnavailable:
            return {}
        if run != self.run or any(held.run != run for held in self._held):
            self._forget(run)
        found: dict[Session, Ranges] = {}
        while self._held and self._held[0].at + self._settle_s <= self._clock.monotonic():
            _add(found, self._held.popleft().numbers)
        return found

    def _forget(self, run: str) -> None:
        """Drop what an earlier run accepted."""
        edges = {edge for held in self._held for edge, _ in held.numbers}
        self._held.clear()
        self._known.clear()
        self.run = run
        if edges:
            log.warning("store of readings was restarted; edges send again", edges=len(edges))
        for edge in edges:
            self._ask_again(edge)


def _add(numbers: dict[Session, Ranges], more: dict[Session, Ranges]) -> None:
    for session, ranges in more.items():
        known = numbers.setdefault(session, Ranges())
        for first, last in ranges:
            known.add(first, last)
