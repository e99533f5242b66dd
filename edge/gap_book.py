"""What each line has missed, kept over a restart and a kill.

A gap begins when a line was last heard, and ends with its next readings. So the time in which the
edge itself was down is a gap like any other.
"""

import sqlite3
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from core.clock import SECOND
from edge.spool import Spool

MOST_GAPS = 16  # of a line that are not filled yet; older ones stay marked
LONGEST = 31 * 86_400 * SECOND  # what is longer ago is not asked for
OVERLAP = 5 * SECOND  # was heard before a kill, and is perhaps not on disk

Gap = tuple[int, int]


@dataclass(slots=True)
class Missed:
    """Of one line, in nanoseconds UTC. heard: when its last readings came, 0 if none ever did.
    gaps: between readings, that are to be filled, the oldest first."""

    heard: int = 0
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=MOST_GAPS))

    def hear(self, now: int) -> bool:
        """Take that readings come after a silence; tell whether something was missed."""
        began, self.heard = self.heard, now
        if not 0 < began < now:  # the first ever, or the clock was set back
            return False
        self.gaps.append((max(began, now - LONGEST), now))
        return True


class GapBook:
    """Lines by their endpoint. spool: in whose file it is kept; nowhere without one."""

    def __init__(
        self, spool: Spool | None = None, kept: Mapping[str, Missed] | None = None
    ) -> None:
        self._spool = spool
        self._missed = dict(kept or {})
        self._saved: dict[str, tuple[int, tuple[Gap, ...]]] = {}

    def of(self, endpoint: str) -> Missed:
        """Give what a line has missed; what is done with it is kept by `save`."""
        return self._missed.setdefault(endpoint, Missed())

    def forget_all_but(self, endpoints: Collection[str]) -> None:
        """Let go of lines that are not read any more."""
        gone = [endpoint for endpoint in self._missed if endpoint not in endpoints]
        for endpoint in gone:
            del self._missed[endpoint]
        self._write([(endpoint, ()) for endpoint in gone])

    def save(self, endpoints: Iterable[str]) -> None:
        """Keep what has changed of these lines."""
        changed = []
        for endpoint in endpoints:
            missed = self._missed[endpoint]
            now = (missed.heard, tuple(missed.gaps))
            if self._saved.get(endpoint) != now:
                self._saved[endpoint] = now
                changed.append((endpoint, (*missed.gaps, (missed.heard, None))))
        self._write(changed)

    def _write(self, changed: Collection[tuple[str, Collection[tuple[int, int | None]]]]) -> None:
        if self._spool is None or not changed:
            return

        def write(connection: sqlite3.Connection) -> None:
            for endpoint, gaps in changed:
                connection.execute("DELETE FROM gaps WHERE endpoint = ?", (endpoint,))
                connection.executemany(
                    "INSERT INTO gaps VALUES (?, ?, ?)",
                    [(endpoint, began, ended) for began, ended in gaps],
                )

        self._spool.ask(write)


async def open_gap_book(spool: Spool) -> GapBook:
    """Go on where the last run ended, however it did."""

    def load(connection: sqlite3.Connection) -> dict[str, Missed]:
        kept: dict[str, Missed] = {}
        query = "SELECT endpoint, began, ended FROM gaps ORDER BY endpoint, began"
        for endpoint, began, ended in connection.execute(query):
            missed = kept.setdefault(endpoint, Missed())
            if ended is None:
                missed.heard = max(0, began - OVERLAP)
            else:
                missed.gaps.append((began, ended))
        return kept

    return GapBook(spool, await spool.ask(load))
