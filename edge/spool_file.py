"""The spool's SQLite file: bounded in bytes and age, able to delete even when the disk is full.

Age is running time, which no wrong clock can change: an edge that is off grows no older.

Not for several threads. WAL with synchronous=FULL: what is committed survives a power cut.
"""

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from adapters.wire import Stream
from core.clock import SECOND, Clock
from edge.loss_book import note_lost

STREAMS: tuple[Stream, ...] = ("events", "telemetry")
DROP_ORDER: tuple[Stream, ...] = ("telemetry", "events")
DROP_AT_ONCE = 64  # blocks
KEEP_S = 7 * 86_400.0  # of running time; older telemetry is dropped
AGED_AT_ONCE = 1024  # blocks in one transaction
NEVER = 2**63 - 1
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
CREATE TABLE IF NOT EXISTS losses
    (numbering INTEGER, signal INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,
    readings INTEGER NOT NULL, PRIMARY KEY (numbering, signal)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commands (number INTEGER PRIMARY KEY, id TEXT UNIQUE, result BLOB);
"""

log = structlog.get_logger()

Job = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A block as it was encoded. at: when it was made, nanoseconds of running time."""

    seq: int
    at: int
    payload: bytes


@dataclass(slots=True)
class Stored:
    """What the file holds of one stream. oldest: in running time. dropped: since the start."""

    rows: int = 0
    bytes: int = 0
    lowest: int | None = None
    oldest: int | None = None
    newest: int = 0
    dropped: int = 0


@dataclass(slots=True)
class Change:
    """What a transaction does to one stream. dropped: blocks that nobody will get."""

    rows: int = 0
    size: int = 0
    dropped: list[bytes] = field(default_factory=list)


class SpoolFile:
    """One file. limit: bytes of payload that it may hold. keep_s: seconds of running time for
    which it keeps telemetry. Beyond either the oldest is dropped."""

    def __init__(self, path: Path, limit: int, keep_s: float, clock: Clock) -> None:
        self.limit = limit
        self._keep = int(keep_s * SECOND)
        self._opened_at = clock.monotonic()
        self._clock = clock
        self._path = path
        self._reserve = path.with_suffix(".reserve")
        self._is_full = False
        self._ceiling = limit  # lower while the disk is full
        self._told_at = -TELL_EVERY_S
        self._untold = 0
        self._open()

    def _open(self) -> None:
        path = self._path
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._set_up()
        except BaseException:
            self.connection.close()
            raise
        self._inode = path.stat().st_ino

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
        self._had_run = max(each.newest for each in self.stored.values())
        self._keep_reserve()

    def close(self) -> None:
        self.connection.close()

    def running(self) -> int:
        """Give for how long this edge has run since the oldest block came, in nanoseconds."""
        return self._had_run + int((self._clock.monotonic() - self._opened_at) * SECOND)

    def meta(self, key: str, missing: int = 0) -> int | str:
        """Give one of the file's own notes."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        value: int | str = missing if row is None else row[0]
        return value

    def keep_in_place(self) -> None:
        """Write the file anew where somebody has removed it, or nothing would be left of it at the
        end of the process. OSError where there is another one in its place."""
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            self._write_anew()
            return
        if inode != self._inode:
            raise OSError(f"{self._path}: another file was put in the place of the spool")

    def _write_anew(self) -> None:
        log.error("spool was removed and is written anew", path=str(self._path))
        anew = self._path.with_suffix(".anew")
        anew.unlink(missing_ok=True)
        copy = sqlite3.connect(anew)
        try:
            self.connection.backup(copy)
        finally:
            copy.close()
        self.connection.close()  # which takes its log away
        had_run = self.running()
        anew.replace(self._path)
        self._open()
        self._had_run, self._opened_at = had_run, self._clock.monotonic()

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
            lost = [row.payload for row in rows["telemetry"]] if last_try else []
            kept = {**rows, "telemetry": ()} if last_try else rows
            try:
                self._transaction(kept, acknowledged, jobs, lost)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL or last_try:
                    raise
                self._make_room()
                continue
            if self._is_full and not lost:
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
        lost: list[bytes],
    ) -> None:
        changes = {stream: Change() for stream in STREAMS}
        changes["telemetry"].dropped += lost
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
                changes[stream].rows += len(rows[stream])
                changes[stream].size += sum(len(row.payload) for row in rows[stream])
            for job in jobs:
                job(self.connection)
            dropped = {stream: change.dropped for stream, change in changes.items()}
            if any(dropped.values()):
                note_lost(self.connection, **dropped)
            run("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                run("ROLLBACK")
            raise
        for stream, change in changes.items():
            self._account(stream, change)

    def _trim(self, changes: Mapping[Stream, Change], incoming: int) -> None:
        """Drop telemetry that is too old, then the oldest until it fits, and events when there is
        no telemetry any more."""
        too_old = self.running() - self._keep
        oldest = self.stored["telemetry"].oldest
        while oldest is not None and oldest < too_old:
            dropped = changes["telemetry"].dropped
            if not self._drop("telemetry", changes, too_old) or len(dropped) >= AGED_AT_ONCE:
                break
        for stream in DROP_ORDER:
            while self._size(changes) + incoming > self._ceiling:
                if not self._drop(stream, changes):
                    break

    def _size(self, changes: Mapping[Stream, Change]) -> int:
        return sum(self.stored[stream].bytes + changes[stream].size for stream in STREAMS)

    def _drop(self, stream: Stream, changes: Mapping[Stream, Change], before: int = NEVER) -> int:
        """Delete some of the oldest blocks, made before this moment of running time."""
        oldest = f"SELECT seq, at FROM {stream} ORDER BY seq LIMIT {DROP_AT_ONCE}"  # noqa: S608
        payloads = self._delete(
            stream,
            changes[stream],
            f"seq IN (SELECT seq FROM ({oldest}) WHERE at < ?)",  # noqa: S608 - our own words
            (before,),
            "payload",
        )
        changes[stream].dropped += payloads
        return len(payloads)

    def _delete(
        self,
        stream: Stream,
        change: Change,
        where: str,
        values: tuple[int, ...],
        wanted: str = "NULL",
    ) -> list[bytes]:
        """Delete rows, and give what is wanted of each."""
        gone = self.connection.execute(
            f"DELETE FROM {stream} WHERE {where} RETURNING size, {wanted}",  # noqa: S608
            values,
        ).fetchall()
        change.rows -= len(gone)
        change.size -= sum(size for size, _ in gone)
        return [each for _, each in gone]

    def _account(self, stream: Stream, change: Change) -> None:
        stored = self.stored[stream]
        stored.rows += change.rows
        stored.bytes += change.size
        first = self.connection.execute(
            f"SELECT seq, at FROM {stream} ORDER BY seq LIMIT 1"  # noqa: S608 - one of STREAMS
        ).fetchone()
        stored.lowest, stored.oldest = first or (None, None)
        if change.dropped:
            self._note_dropped(stream, len(change.dropped))

    def _count(self, stream: Stream) -> Stored:
        columns = "count(*), coalesce(sum(size), 0), min(seq), min(at), coalesce(max(at), 0)"
        row = self.connection.execute(f"SELECT {columns} FROM {stream}").fetchone()  # noqa: S608
        return Stored(*row)

    def _note_dropped(self, stream: Stream, count: int) -> None:
        """Count what is lost; tell at once, then once a minute."""
        self.stored[stream].dropped += count
        self._untold += count
        now = self._clock.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            log.error("spool drops what is oldest", stream=stream, blocks=self._untold)
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
    """Give the age of the oldest block in seconds. now: nanoseconds of running time."""
    oldest = [each.oldest for each in stored if each.oldest is not None]
    return max(0.0, (now - min(oldest)) / SECOND) if oldest else 0.0
