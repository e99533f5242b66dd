"""Time stamps of messages, in the forms that devices write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import SECOND, to_nanoseconds

# Before it no device of today had measured anything: clocks that were never set say 1970 or 2000.
EARLIEST = 1_262_304_000 * SECOND  # 2010-01-01 UTC
AHEAD = 60 * SECOND  # a device's clock may be that fast
DIGITS = 19  # of nanoseconds since 1970
LARGEST = 1e19
NANOSECONDS = {"s": SECOND, "ms": 1_000_000, "us": 1_000, "ns": 1}


@dataclass(frozen=True, slots=True)
class StampForm:
    """How a stamp is written. nanoseconds: of its unit, where it is a number.

    zone: of a stamp that names none; without it such a stamp says nothing.
    """

    nanoseconds: int = SECOND
    zone: ZoneInfo | None = None

    def read(self, stamp: Any, now: int) -> int | None:
        """Give nanoseconds UTC, or None where it is no time or cannot be right.

        stamp: ISO 8601, or a number since 1970 UTC, also as a text. now: nanoseconds UTC.
        """
        time = self._of_text(stamp) if isinstance(stamp, str) else self._of_number(stamp)
        return time if time is not None and EARLIEST <= time <= now + AHEAD else None

    def _of_number(self, stamp: Any) -> int | None:
        if isinstance(stamp, int) and not isinstance(stamp, bool):
            return stamp * self.nanoseconds
        if isinstance(stamp, float) and abs(stamp) < LARGEST:
            # Microseconds are what a float of this size can hold.
            return round(stamp * (self.nanoseconds / 1000)) * 1000
        return None

    def _of_text(self, text: str) -> int | None:
        if text.isascii() and text.isdecimal():
            return self._of_number(int(text)) if len(text) <= DIGITS else None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if moment.tzinfo is not None:
            return to_nanoseconds(moment)
        if self.zone is None:
            return None
        return to_nanoseconds(moment.replace(tzinfo=self.zone))
