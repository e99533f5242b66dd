"""The spool's SQLite file: bounded in bytes, and able to delete even when the disk is full.

Not for several threads. WAL with synchronous=FULL: what is committed survives a power cut.
"""

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from adapters.wire import Stream
from core.clock import SECOND, Clock

STREAMS: tuple[Stream, ...] = ("events", "telemetry")
DROP_ORDER: tuple[Stream, ...] = ("telemetry", "events")
DROP_AT_ONCE = 64  # blocks
RESERVE = 4 * 1024 * 1024  # bytes that a full disk gives back, so that rows can be deleted
WAL_PAGES = 256  # of 4 KiB; the reserve must cover what a checkpoint may add to the file
TELL_EVERY_S = 60.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events
    (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS telemetry
    (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS active
    (device TEXT, condition TEXT, since INTEGER NOT NULL, PRIMARY KEY (device, condition))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unacknowledged
    (device TEXT, condition TEXT, since INTEGER NOT NULL, PRIMARY KEY (device, condition))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS births
    (numbering INTEGER PRIMARY KEY, first INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS gaps (endpoint TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER);
CREATE TABLE IF NOT EXISTS overrides
    (device TEXT, signal TEXT, value REAL NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (device, signal)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commands (number INTEGER PRIMARY KEY, id TEXT UNIQUE, result BLOB);
"""

log = structlog.get_logger()

Job = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A block as it was encoded. at: nanoseconds UTC, when it was made."""

    seq: int
    at: int
    payload: bytes


@dataclass(slots=True)
class Stored:
    """What the file holds of one stream. oldest: nanoseconds UTC. dropped: since the start."""

    rows: int = 0
    bytes: int = 0
    lowest: int | None = None
    oldest: int | None = None
    dropped: int = 0


class SpoolFile:
    """One file. limit: bytes of payload that it may hold; beyond it the oldest are dropped."""

    def __init__(self, path: Path, limit: int, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._reserve = path.with_suffix(".reserve")
        self._is_full = False
        self._ceiling = limit  # lower while the disk is full
        self._told_at = -TELL_EVERY_S
        self._untold = 0
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._set_up()
        except BaseException:
            self.connection.close()
            raise

    def _set_up(self) -> None:
        # Some builds of SQLite overwrite what is deleted: on a full disk there is no room for that.
        self.connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 0;"
            f"PRAGMA wal_autocheckpoint = {WAL_PAGES}; PRAGMA secure_delete = OFF;"
        )
        self.connection.executescript(SCHEMA)
        self.connection.execute(
            "INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (secrets.token_hex(8),)
        )
        self.epoch = str(self.meta("epoch"))
        self.stored: dict[Stream, Stored] = {stream: self._count(stream) for stream in STREAMS}
        self._keep_reserve()

    def close(self) -> None:
        self.connection.close()

    def meta(self, key: str, missing: int = 0) -> int | str:
        """Give one of the file's own notes."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        value: int | str = missing if row is None else row[0]
        return value

    def commit(
        self,
        rows: Mapping[Stream, Sequence[Row]],
        acknowledged: Iterable[tuple[Stream, int, int]] = (),
        jobs: Sequence[Job] = (),
    ) -> None:
        """Keep rows, delete what is acknowledged, run jobs: all of it or nothing.

        On a full disk the oldest telemetry makes room; when even that does not help, the telemetry
        at hand is dropped, and events raise.
        """
        acknowledged = tuple(acknowledged)
        for last_try in (False, False, True):
            kept = {**rows, "telemetry": ()} if last_try else rows
            try:
                self._transaction(kept, acknowledged, jobs)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL or last_try:
                    raise
                self._make_room()
                continue
            if last_try and rows["telemetry"]:
                self._note_dropped("telemetry", len(rows["telemetry"]))
            elif self._is_full:
                self._keep_reserve()
            return

    def read(self, stream: Stream, first: int, max_bytes: int) -> list[Row]:
        """Give rows from number `first` on, ascending, about `max_bytes` of them."""
        found: list[Row] = []
        size = 0
        query = f"SELECT seq, at, payload FROM {stream} WHERE seq >= ? ORDER BY seq"  # noqa: S608
        for seq, at, payload in self.connection.execute(query, (first,)):
            found.append(Row(seq, at, payload))
            size += len(payload)
            if size >= max_bytes:
                break
        return found

    def _transaction(
        self,
        rows: Mapping[Stream, Sequence[Row]],
        acknowledged: Iterable[tuple[Stream, int, int]],
        jobs: Sequence[Job],
    ) -> None:
        changes = {stream: [0, 0, 0] for stream in STREAMS}  # rows, bytes, dropped
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        try:
            for stream, first, last in acknowledged:
                self._delete(stream, changes[stream], "seq BETWEEN ? AND ?", (first, last))
            self._trim(changes, sum(len(row.payload) for part in rows.values() for row in part))
            for stream in STREAMS:
                self.connection.executemany(
                    f"INSERT INTO {stream} VALUES (?, ?, ?, ?)",  # noqa: S608 - one of STREAMS
                    [(row.seq, row.at, len(row.payload), row.payload) for row in rows[stream]],
                )
                changes[stream][0] += len(rows[stream])
                changes[stream][1] += sum(len(row.payload) for row in rows[stream])
            for job in jobs:
                job(self.connection)
            run("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                run("ROLLBACK")
            raise
        for stream, (count, size, dropped) in changes.items():
            self._account(stream, count, size, dropped)

    def _trim(self, changes: Mapping[Stream, list[int]], incoming: int) -> None:
        """Delete the oldest telemetry, and events when there is none, until it fits."""
        for stream in DROP_ORDER:
            while self._size(changes) + incoming > self._ceiling:
                oldest = f"seq IN (SELECT seq FROM {stream} ORDER BY seq LIMIT {DROP_AT_ONCE})"  # noqa: S608
                count = self._delete(stream, changes[stream], oldest)
                if not count:
                    break
                changes[stream][2] += count

    def _size(self, changes: Mapping[Stream, list[int]]) -> int:
        return sum(self.stored[stream].bytes + changes[stream][1] for stream in STREAMS)

    def _delete(
        self, stream: Stream, change: list[int], where: str, values: tuple[int, ...] = ()
    ) -> int:
        sizes = self.connection.execute(
            f"DELETE FROM {stream} WHERE {where} RETURNING size",  # noqa: S608 - our own words
            values,
        ).fetchall()
        change[0] -= len(sizes)
        change[1] -= sum(size for (size,) in sizes)
        return len(sizes)

    def _account(self, stream: Stream, count: int, size: int, dropped: int) -> None:
        stored = self.stored[stream]
        stored.rows += count
        stored.bytes += size
        first = self.connection.execute(
            f"SELECT seq, at FROM {stream} ORDER BY seq LIMIT 1"  # noqa: S608 - one of STREAMS
        ).fetchone()
        stored.lowest, stored.oldest = first or (None, None)
        if dropped:
            self._note_dropped(stream, dropped)

    def _count(self, stream: Stream) -> Stored:
        count, size, lowest, oldest = self.connection.execute(
            f"SELECT count(*), coalesce(sum(size), 0), min(seq), min(at) FROM {stream}"  # noqa: S608
        ).fetchone()
        return Stored(count, size, lowest, oldest)

    def _note_dropped(self, stream: Stream, count: int) -> None:
        """Count what is lost; tell at once, then once a minute."""
        self.stored[stream].dropped += count
        self._untold += count
        now = self._clock.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            log.error("spool is full, blocks are dropped", stream=stream, blocks=self._untold)
            self._told_at, self._untold = now, 0

    # ---- a full disk ------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Give the reserve back to the disk, and hold less from now on: what is deleted makes room
        for what is written, and the file grows no more."""
        if not self._is_full:
            log.error("disk is full", path=str(self._reserve.parent))
        self._is_full = True
        self._ceiling = sum(each.bytes for each in self.stored.values()) * 7 // 8
        self._reserve.unlink(missing_ok=True)
        with suppress(sqlite3.OperationalError):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _keep_reserve(self) -> None:
        """Hold some of the disk back; after it was full, only when there is plenty again."""
        disk = os.statvfs(self._reserve.parent)
        if self._is_full and disk.f_bavail * disk.f_frsize < 4 * RESERVE:
            return
        try:
            with self._reserve.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE)
        except OSError as error:
            self._reserve.unlink(missing_ok=True)
            if error.errno != errno.ENOSPC:
                raise
            return
        if self._is_full:
            log.info("disk has room again", path=str(self._reserve.parent))
        self._is_full = False
        self._ceiling = self.limit


def age_s(stored: Iterable[Stored], now: int) -> float:
    """Give the age of the oldest block in seconds. now: nanoseconds UTC."""
    oldest = [each.oldest for each in stored if each.oldest is not None]
    return max(0.0, (now - min(oldest)) / SECOND) if oldest else 0.0
