"""How much may be under way to the broker, so that an alarm never waits long behind readings.

On a slow link everything that was handed over stands in one queue, and nothing overtakes there. The
broker answers each message at once, so what it has not answered is that queue. It may hold what the
link carries in the time of a round trip, so that the link is never idle, and a little more.
"""

import math
from collections import deque
from dataclasses import dataclass, field

QUEUE_S = 0.3  # beyond the fastest round trip
LEAST_BYTES = 8 * 1024
FIRST_BYTES = 16 * 1024  # until the link is known
MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Handed:
    """A message handed to the link. number: counts them. before: bytes answered until then."""

    number: int
    size: int
    at: float
    before: int


@dataclass(slots=True)
class Pace:
    """Of one connection. limit: bytes that may be unanswered. Moments are monotonic seconds."""

    limit: int = FIRST_BYTES
    fastest: float = math.inf
    answered: int = 0  # bytes
    under_way: int = 0
    is_held_back: bool = False  # more would have been sent
    _handed: deque[Handed] = field(default_factory=deque)

    def has_room(self, size: int) -> bool:
        """Tell whether a message of this size may go now; a single one always may."""
        self.is_held_back = bool(self.under_way) and self.under_way + size > self.limit
        return not self.is_held_back

    def hand(self, number: int, size: int, now: float) -> None:
        """Note that a message was handed to the link."""
        self._handed.append(Handed(number, size, now, self.answered))
        self.under_way += size

    def learn(self, settled: int, settled_at: float) -> None:
        """Take that the broker has answered all messages up to a number, the last of them then."""
        newest = None
        while self._handed and self._handed[0].number <= settled:
            newest = self._handed.popleft()
            self.answered += newest.size
            self.under_way -= newest.size
        if newest is None or (trip := settled_at - newest.at) <= 0:
            return
        self.fastest = min(self.fastest, trip)
        if not self.is_held_back:
            return  # it was not the link that carried so little
        allowed = (self.answered - newest.before) / trip * (self.fastest + QUEUE_S)
        if trip <= self.fastest + QUEUE_S:
            allowed = max(allowed, self.limit + newest.size // 2)
        self.limit = min(MOST_BYTES, max(LEAST_BYTES, int(allowed)))
