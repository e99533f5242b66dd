"""Commands that hold against a program, for a while and across a restart."""

import sqlite3
from dataclasses import dataclass

from core.clock import SECOND, Clock
from edge.spool import Spool
from edge.spool_file import Job

Key = tuple[str, str]
"""Device and signal."""


@dataclass(frozen=True, slots=True)
class Override:
    """value: what was commanded. ends: seconds on the monotonic clock."""

    value: float
    ends: float


class Overrides:
    """Open them with `open_overrides`. On disk an end is a wall time, for the other clock dies."""

    def __init__(self, spool: Spool, clock: Clock, stored: dict[Key, tuple[float, int]]) -> None:
        self._spool = spool
        self._clock = clock
        self._stored = stored  # of the last run, until it is known for how long each may hold
        self._standing: dict[Key, Override] = {}

    def resume(self, longest_s: dict[Key, float]) -> None:
        """Let stand what is governed still. longest_s: for how long a command may hold at most.

        The wall clock may have been set meanwhile; no override outlives its time for that.
        """
        now, wall = self._clock.monotonic(), self._clock.time_ns()
        for key in [*self._stored, *self._standing]:
            if key not in longest_s:
                self.drop(key)
        for key, (value, until) in self._stored.items():
            left = min((until - wall) / SECOND, longest_s[key])
            self._standing[key] = Override(value, now + left)
        self._stored = {}

    def hold(self, key: Key, value: float, for_s: float) -> None:
        """Let a command stand for so many seconds from now, instead of a former one."""
        self._standing[key] = Override(value, self._clock.monotonic() + for_s)
        until = self._clock.time_ns() + int(for_s * SECOND)
        self._spool.ask(_keeping(key, value, until))

    def at(self, key: Key) -> Override | None:
        """Give what stands of a signal now."""
        override = self._standing.get(key)
        if override is not None and override.ends <= self._clock.monotonic():
            self.drop(key)
            return None
        return override

    def drop(self, key: Key) -> None:
        """Let the program have its way again."""
        self._standing.pop(key, None)
        self._stored.pop(key, None)
        self._spool.ask(_forgetting(key))


async def open_overrides(spool: Spool, clock: Clock) -> Overrides:
    """Go on with those of the last run."""

    def load(connection: sqlite3.Connection) -> dict[Key, tuple[float, int]]:
        rows = connection.execute("SELECT device, signal, value, until FROM overrides").fetchall()
        return {(device, signal): (value, until) for device, signal, value, until in rows}

    return Overrides(spool, clock, await spool.ask(load))


def _keeping(key: Key, value: float, until: int) -> Job:
    def keep(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO overrides VALUES (?, ?, ?, ?)", (*key, value, until)
        )

    return keep


def _forgetting(key: Key) -> Job:
    def forget(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM overrides WHERE device = ? AND signal = ?", key)

    return forget
