"""Events in the order in which they happened, and what is active because of them.

Both are committed in one transaction, so that a restart goes on with exactly what was told.
"""

import sqlite3
from collections.abc import Container, Iterator, Sequence

import msgspec

from adapters import wire
from core.clock import Clock
from edge.spool import Spool, note
from edge.spool_file import Job

DEVICE_LOST = "device_lost"  # the condition that a DeviceChange raises and clears
SKIPPED = 1000  # numbers at a start: a killed process may have sent some that it did not keep
BLOCK_BYTES = 1024 * 1024  # of stills, in one message

Key = tuple[str, str]
"""A device and a condition of it."""
Active = dict[Key, int]
"""Since when (nanoseconds UTC) a condition of a device is active."""


class Journal:
    """Open it with `open_journal`.

    unacknowledged: the conditions that their device wants acknowledged, and when they were raised;
    they may be over.
    """

    def __init__(
        self, spool: Spool, clock: Clock, active: Active, unacknowledged: Active, number: int
    ) -> None:
        self.active = active
        self.unacknowledged = unacknowledged
        self._spool = spool
        self._clock = clock
        self._number = number

    def lost_devices(self) -> set[str]:
        return {device for device, condition in self.active if condition == DEVICE_LOST}

    def record(self, events: Sequence[wire.WireEvent]) -> None:
        """Keep events for the gateway. A condition gets its number here; one that is no change
        of what is active or acknowledged is passed over."""
        for part in _parts(events):
            kept: list[wire.WireEvent] = []
            jobs: list[Job] = []
            for event in part:
                match event:
                    case wire.Condition(transient=False):
                        key = (event.device, event.condition)
                        is_change = event.active != (key in self.active)
                        if is_change:
                            jobs.append(self._change(key, event.active, event.time))
                        jobs += self._follow(key, event, is_change)
                        if not (is_change or event.acknowledged):
                            continue
                    case wire.DeviceChange():
                        key = (event.device, DEVICE_LOST)
                        jobs.append(self._change(key, not event.online, event.time))
                    case wire.CommandResult():
                        jobs.append(_finishing(event))
                if isinstance(event, wire.Condition):
                    self._number += 1
                    event.number = self._number
                kept.append(event)
            if kept:
                self._append(kept, [*jobs, note("transitions", self._number)])
            else:
                for job in jobs:
                    self._spool.ask(job)

    def record_active_set(self) -> None:
        """Tell everything that is active, so that a lost clear leaves no ghost."""
        conditions = [
            wire.ActiveCondition(device=device, condition=condition, since=since)
            for (device, condition), since in self.active.items()
        ]
        self._append([wire.ActiveSet(time=self._clock.time_ns(), conditions=conditions)], [])

    def forget_all_but(self, devices: Container[str]) -> None:
        """Drop what is active of devices that are no longer read; the next set will clear it."""
        for table, known in (("active", self.active), ("unacknowledged", self.unacknowledged)):
            for key in [key for key in known if key[0] not in devices]:
                del known[key]
                self._spool.ask(_forgetting(table, key))

    def _append(self, events: Sequence[wire.WireEvent], jobs: Sequence[Job]) -> None:
        block = wire.EventBlock(edge=self._spool.edge, epoch=self._spool.epoch, seq=0, lowest=0,
                                events=list(events))  # fmt: skip

        def encode(seq: int, lowest: int) -> bytes:
            return wire.encode(msgspec.structs.replace(block, seq=seq, lowest=lowest))

        self._spool.append("events", encode, *jobs)

    def _change(self, key: Key, is_active: bool, time: int) -> Job:
        if not is_active:
            self.active.pop(key, None)
            return _forgetting("active", key)
        return _remembering("active", key, self.active.setdefault(key, time))

    def _follow(self, key: Key, event: wire.Condition, is_change: bool) -> list[Job]:
        """Follow what the device wants acknowledged. Only what it wanted before can be: a server
        that wants nothing calls everything acknowledged, and then nobody has seen it."""
        if event.acknowledged is None:
            return []
        before = self.unacknowledged.get(key)
        if event.acknowledged:
            if before is None or is_change:
                event.acknowledged = None
            self.unacknowledged.pop(key, None)
            return [] if before is None else [_forgetting("unacknowledged", key)]
        since = self.active.get(key) or before or event.time
        self.unacknowledged[key] = since
        return [] if since == before else [_remembering("unacknowledged", key, since)]


async def open_journal(spool: Spool, clock: Clock) -> Journal:
    """Go on where the last run ended."""

    def kept(connection: sqlite3.Connection, table: str) -> Active:
        rows = connection.execute(f"SELECT device, condition, since FROM {table}")  # noqa: S608 - one of two names
        return {(device, condition): since for device, condition, since in rows}

    def load(connection: sqlite3.Connection) -> tuple[Active, Active, int]:
        number = connection.execute("SELECT value FROM meta WHERE key = 'transitions'").fetchone()
        return (
            kept(connection, "active"),
            kept(connection, "unacknowledged"),
            0 if number is None else number[0] + SKIPPED,
        )

    return Journal(spool, clock, *await spool.ask(load))


def _remembering(table: str, key: Key, since: int) -> Job:
    def remember(connection: sqlite3.Connection) -> None:
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (*key, since))  # noqa: S608 - one of two names

    return remember


def _forgetting(table: str, key: Key) -> Job:
    def forget(connection: sqlite3.Connection) -> None:
        connection.execute(f"DELETE FROM {table} WHERE device = ? AND condition = ?", key)  # noqa: S608 - one of two names

    return forget


def _finishing(result: wire.CommandResult) -> Job:
    """Keep a result with its command, so that a second delivery is answered and not obeyed."""

    def finish(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE commands SET result = ? WHERE id = ?",
            (msgspec.msgpack.encode(result), result.command),
        )

    return finish


def _parts(events: Sequence[wire.WireEvent]) -> Iterator[list[wire.WireEvent]]:
    """Split events so that no message grows large through its stills."""
    part: list[wire.WireEvent] = []
    size = 0
    for event in events:
        part.append(event)
        size += len(event.still) if isinstance(event, wire.Condition) else 0
        if size >= BLOCK_BYTES or len(part) >= wire.MOST_EVENTS:
            yield part
            part, size = [], 0
    if part:
        yield part
