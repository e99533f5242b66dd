"""What time it is for a program, where a clock may be wrong."""

from collections.abc import Callable
from datetime import UTC, datetime

from core.clock import SECOND, Clock, to_datetime, to_nanoseconds

TRUSTED = 60 * SECOND  # off the gateway's by more, the edge's own clock is taken as wrong
# No edge has run a program before it: clocks that were never set say 1970, 2000, or when they left
# the factory.
EARLIEST = to_nanoseconds(datetime(2026, 1, 1, tzinfo=UTC))


class ProgramClock:
    """The edge's own clock, as long as the gateway's, when last heard, does not speak against it.

    gateway_time: nanoseconds UTC, counted on since it was heard; the edge's own until then.
    """

    def __init__(self, clock: Clock, gateway_time: Callable[[], int]) -> None:
        self._clock = clock
        self._gateway_time = gateway_time

    def now(self) -> datetime | None:
        """Give the moment, UTC; None where it cannot be known."""
        own, gateway = self._clock.time_ns(), self._gateway_time()
        time = own if abs(own - gateway) <= TRUSTED else gateway
        return to_datetime(time) if time >= EARLIEST else None
