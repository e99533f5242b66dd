"""The only place that asks what time it is.

Wall time is aware UTC or int64 nanoseconds since 1970 UTC; timers use `monotonic`, which a
changed clock does not touch.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

SECOND = 1_000_000_000  # nanoseconds


class Clock(Protocol):
    def now(self) -> datetime:
        """Give wall time, aware UTC."""
        ...

    def time_ns(self) -> int:
        """Give wall time in nanoseconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds on a clock that only goes forward."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place

    def time_ns(self) -> int:
        return time.time_ns()  # noqa: TID251 - the one place

    def monotonic(self) -> float:
        return time.monotonic()


def to_datetime(nanoseconds: int) -> datetime:
    """Turn nanoseconds since 1970 UTC into an aware datetime, cut to microseconds."""
    seconds, rest = divmod(nanoseconds, SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def to_nanoseconds(moment: datetime) -> int:
    """Turn an aware datetime into nanoseconds since 1970 UTC, exactly."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; aware UTC is wanted")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1_000
