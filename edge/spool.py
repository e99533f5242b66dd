"""What the gateway has not acknowledged yet: two streams of blocks, each with its own numbers.

One thread owns the file and commits for everybody at once: events as soon as they come, telemetry
a few times a second, for its acknowledgement mostly comes earlier and saves the write.

A number is never given twice, not even when the process is killed after it has sent a block that
was not committed: numbers are reserved on disk before they are used, and a kill leaves a gap.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from adapters.wire import Stream
from core.clock import Clock
from edge.data_folder import open_spool_file, unusable
from edge.spool_file import KEEP_S, STREAMS, Job, Row, age_s

RESERVED = 4096  # numbers at a time
COMMIT_EVERY_S = 0.2
IN_MEMORY = 32 * 1024 * 1024  # bytes not committed yet; beyond them the pipeline waits

T = TypeVar("T")


@dataclass(slots=True)
class Pending:
    """A stream's blocks that are not committed, ascending, and its numbers."""

    next: int
    reserved: int  # asked for
    usable: int  # the first number that is not reserved on disk yet
    rows: dict[int, Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpoolState:
    """For the page and the alarms. full: share of the limit, percent. age_s: of the oldest."""

    rows: int
    bytes: int
    full: float
    age_s: float
    dropped: int


@dataclass(slots=True)
class Batch:
    """What one transaction takes. answers: called in the event loop after the commit."""

    jobs: list[Job] = field(default_factory=list)
    acknowledged: list[tuple[Stream, int, int]] = field(default_factory=list)
    answers: list[Callable[[], None]] = field(default_factory=list)
    rows: dict[Stream, tuple[Row, ...]] = field(default_factory=dict)
    reserved: dict[Stream, int] = field(default_factory=dict)


class Spool:
    """Open it within the event loop, where its callbacks run.

    ConfigError where nothing can be kept in the folder. on_append: a block was added to this
    stream. on_failure: the file cannot be written any more; the process must end rather than limp.
    """

    def __init__(
        self,
        edge: str,
        folder: Path,
        limit: int,
        clock: Clock,
        on_failure: Callable[[BaseException], None],
        *,
        keep_s: float = KEEP_S,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "spool.db"
        self.edge = edge
        self._file = open_spool_file(path, limit, keep_s, clock)
        self.epoch = self._file.epoch
        self.on_append: Callable[[Stream], None] = _nothing
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._changed = threading.Condition()
        self._urgent = False
        self._closing = False
        self._bytes = 0  # of all that is pending
        self._batch = Batch()
        self._committing: frozenset[tuple[Stream, int]] = frozenset()
        try:
            self._streams = {stream: self._numbers(stream) for stream in STREAMS}
        except sqlite3.Error as error:
            self._file.close()
            raise unusable(path, error) from error
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    # ---- the event loop's side --------------------------------------------------------------

    def append(self, stream: Stream, encode: Callable[[int, int], bytes], *also: Job) -> None:
        """Give the next number to a block and keep it. encode: (seq, lowest) → the message.

        also: changes that are committed with the block or not at all.
        """
        with self._changed:
            numbers = self._streams[stream]
            seq = numbers.next
            row = Row(seq, self._file.running(), encode(seq, self._lowest(stream, seq)))
            numbers.next += 1
            numbers.rows[seq] = row
            self._bytes += len(row.payload)
            self._batch.jobs.extend(also)
            if numbers.next + RESERVED // 2 >= numbers.reserved:
                self._reserve(stream, numbers)
            if self._bytes > IN_MEMORY or numbers.next + RESERVED // 4 >= numbers.usable:
                self._has_room.clear()
                self._wake()
            if stream == "events":
                self._wake()
        self.on_append(stream)

    async def room(self) -> None:
        """Wait while the disk is far behind."""
        await self._has_room.wait()

    def acknowledge(self, stream: Stream, ranges: Iterable[tuple[int, int]]) -> None:
        """Delete what the gateway has committed. ranges: closed."""
        with self._changed:
            pending = self._streams[stream].rows
            for first, last in ranges:
                acked = (
                    [seq for seq in range(first, last + 1) if seq in pending]
                    if last - first < len(pending)
                    else [seq for seq in pending if first <= seq <= last]
                )
                for seq in acked:
                    self._bytes -= len(pending.pop(seq).payload)
                never_on_disk = len(acked) == last - first + 1 and not any(
                    (stream, seq) in self._committing for seq in acked
                )
                if not never_on_disk:
                    self._batch.acknowledged.append((stream, first, last))

    def in_memory(self, stream: Stream, first: int) -> list[Row]:
        """Give all blocks from number `first` on, if none of them needs to be read from disk."""
        with self._changed:
            numbers = self._streams[stream]
            try:
                return [numbers.rows[seq] for seq in range(first, numbers.next)]
            except KeyError:
                return []

    def read(self, stream: Stream, first: int, max_bytes: int) -> asyncio.Future[list[Row]]:
        """Give unacknowledged blocks from number `first` on, ascending; they are committed."""
        return self.ask(lambda _: self._file.read(stream, first, max_bytes))

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run something on the file within the next commit, and give its result after it."""
        answer: asyncio.Future[T] = self._loop.create_future()
        results: list[T] = []  # a transaction that is tried again asks again

        def settle() -> None:
            if not answer.done():
                answer.set_result(results[-1])

        with self._changed:
            self._batch.jobs.append(lambda connection: results.append(question(connection)))
            self._batch.answers.append(settle)
            self._wake()
        return answer

    def lowest(self, stream: Stream) -> int:
        """Give the lowest number that is kept; the next one, where none is."""
        with self._changed:
            return self._lowest(stream, self._streams[stream].next)

    def next(self, stream: Stream) -> int:
        """Give the number that the next block will get."""
        return self._streams[stream].next

    def state(self) -> SpoolState:
        """Tell how full the spool is."""
        stored = self._file.stored.values()
        size = sum(each.bytes for each in stored)
        return SpoolState(
            rows=sum(each.rows for each in stored),
            bytes=size,
            full=100.0 * size / self._file.limit,
            age_s=age_s(stored, self._file.running()),
            dropped=sum(each.dropped for each in stored),
        )

    async def close(self) -> None:
        """Commit what is pending and close the file."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        await asyncio.to_thread(self._thread.join)
        self._file.close()

    # ---- under the lock ---------------------------------------------------------------------

    def _numbers(self, stream: Stream) -> Pending:
        first = int(self._file.meta(f"{stream}.reserved", 1))
        numbers = Pending(first, first, first)
        self._reserve(stream, numbers)
        self._file.commit(dict.fromkeys(STREAMS, ()), jobs=self._batch.jobs)
        self._batch = Batch()
        numbers.usable = numbers.reserved
        return numbers

    def _reserve(self, stream: Stream, numbers: Pending) -> None:
        numbers.reserved += RESERVED
        self._batch.jobs.append(note(f"{stream}.reserved", numbers.reserved))

    def _lowest(self, stream: Stream, otherwise: int) -> int:
        on_disk = self._file.stored[stream].lowest
        in_memory = next(iter(self._streams[stream].rows), None)
        return min((each for each in (on_disk, in_memory) if each is not None), default=otherwise)

    def _wake(self) -> None:
        self._urgent = True
        self._changed.notify_all()

    def _take(self) -> Batch:
        """Take what is to be committed; rows stay pending until they are."""
        batch, self._batch = self._batch, Batch()
        for stream, numbers in self._streams.items():
            batch.rows[stream] = tuple(numbers.rows.values())
            batch.reserved[stream] = numbers.reserved
        if self._closing:  # an orderly stop leaves no gap
            batch.jobs += [
                note(f"{name}.reserved", each.next) for name, each in self._streams.items()
            ]
        self._committing = frozenset(
            (stream, row.seq) for stream, rows in batch.rows.items() for row in rows
        )
        self._urgent = False
        return batch

    def _settle(self, batch: Batch) -> None:
        """Let go of what is committed now."""
        for stream, rows in batch.rows.items():
            numbers = self._streams[stream]
            numbers.usable = batch.reserved[stream]
            for row in rows:
                if numbers.rows.pop(row.seq, None) is not None:
                    self._bytes -= len(row.payload)
        self._committing = frozenset()

    # ---- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:  # noqa: BLE001 - handed to whoever ends the process
            self._in_loop(self._on_failure, error)

    def _step(self) -> bool:
        """Commit once; False when it was the last time."""
        with self._changed:
            self._changed.wait_for(lambda: self._urgent or self._closing, COMMIT_EVERY_S)
            is_last = self._closing
            batch = self._take()
        self._file.keep_in_place()
        if batch.jobs or batch.acknowledged or any(batch.rows.values()):
            self._file.commit(batch.rows, batch.acknowledged, batch.jobs)
        with self._changed:
            self._settle(batch)
        self._in_loop(self._committed, batch)
        return not is_last

    def _in_loop(self, function: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)

    def _committed(self, batch: Batch) -> None:
        if self._bytes <= IN_MEMORY:
            self._has_room.set()
        for answer in batch.answers:
            answer()


def note(key: str, value: int | str) -> Job:
    """Give a job that keeps one of the edge's own notes in the file."""

    def job(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    return job


def _nothing(_stream: Stream) -> None:
    """Stand in for a callback that nobody gave."""
