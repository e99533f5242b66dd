"""Blocks of readings on their way to the store: committed together, acknowledged after the commit.

Committed is at once when idle; the more there is, the longer it gathers for the next transaction,
up to a few hundred thousand points. Where the store may forget what it accepted, edges are told at
once that it is held, and only later that they need not keep it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from adapters import wire
from core.clock import Clock
from core.readings import Readings
from gateway.ingest.ranges import Ranges
from gateway.ingest.settling import LOOK_EVERY_S, Session, Settling
from gateway.timeseries.port import StoreUnavailable, Taken, TimeSeries

log = structlog.get_logger()

STREAM: wire.Stream = "telemetry"
COMMIT_EVERY_S = (0.05, 0.25)  # at least and at most, where no commit is full
BUSY = 500_000  # points per second; from there on commits grow, and below they shrink
FULL = 250_000  # points, which are committed at once: two row groups of DuckDB, packed only once
TRY_AGAIN_S = 2.0
WAITING_POINTS = 2_000_000  # 42 MB; beyond them no more is taken from the broker

Acknowledge = Callable[[str, str, wire.Stream, list[tuple[int, int]]], None]


@dataclass(slots=True)
class Arrived:
    """What waits for the next commit."""

    blocks: list[Readings] = field(default_factory=list)
    numbers: dict[Session, Ranges] = field(default_factory=dict)
    points: int = 0


class TelemetryWriter:
    """acknowledge: called with numbers that are safe. settling: where the store may forget."""

    def __init__(
        self,
        store: TimeSeries,
        clock: Clock,
        acknowledge: Acknowledge,
        settling: Settling | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._acknowledge = acknowledge
        self._settling = settling
        self._taken: dict[Session, Ranges] = {}
        self._arrived = Arrived()
        self._committing = Arrived()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_full = asyncio.Event()

    async def is_new(self, block: wire.TelemetryBlock) -> bool:
        """Tell whether a block is neither stored nor on its way; a stored one is told again."""
        session = (block.edge, block.epoch)
        if session not in self._taken:
            found = Ranges(await self._store.taken(*session, STREAM))
            self._taken.setdefault(session, found)  # somebody else may have asked meanwhile
        if block.seq in self._taken[session]:
            self._acknowledge(block.edge, block.epoch, STREAM, [(block.seq, block.seq)])
            return False
        if self._settling is not None and self._settling.holds(session, block.seq):
            return False
        waiting = (self._arrived, self._committing)
        return not any(block.seq in each.numbers.get(session, ()) for each in waiting)

    def put(self, blocks: Sequence[wire.TelemetryBlock], readings: Readings) -> None:
        """Take new blocks of one session. readings: theirs, by series; may be fewer."""
        session = (blocks[0].edge, blocks[0].epoch)
        numbers = self._arrived.numbers.setdefault(session, Ranges())
        for block in blocks:
            numbers.add(block.seq, block.seq)
        # What is below is acknowledged or was dropped by the edge: it never comes again.
        self._taken[session].add(1, max(block.lowest for block in blocks) - 1)
        if len(readings):
            self._arrived.blocks.append(readings)
            self._arrived.points += len(readings)
        if self._arrived.points > WAITING_POINTS:
            self._room.clear()
        if self._arrived.points >= FULL:
            self._is_full.set()
        self._wake.set()

    async def room(self) -> None:
        """Wait while the store is far behind."""
        await self._room.wait()

    async def run(self) -> None:
        """Commit for ever. A bug of the store ends it: nothing was acknowledged then."""
        while True:
            await self._something_to_do()
            began, points = self._clock.monotonic(), self._arrived.points
            if self._settling is not None and (due := await self._settling.due()):
                await self._record(due)
            if self._arrived.numbers:
                await self._commit()
            least, most = COMMIT_EVERY_S
            await self._gather_until(began + min(max(least, points / BUSY), most))

    async def _gather_until(self, moment: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(moment - self._clock.monotonic()):
                await self._is_full.wait()

    async def _something_to_do(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(None if self._settling is None else LOOK_EVERY_S):
                await self._wake.wait()
        self._wake.clear()

    async def _commit(self) -> None:
        self._committing, self._arrived = self._arrived, Arrived()
        self._is_full.clear()
        self._room.set()
        if self._settling is None:
            await self._record(self._committing.numbers, self._committing.blocks)
        else:
            run = self._settling.run
            await self._stored(self._committing.blocks, [])
            self._settling.hold(run, self._committing.numbers)
        self._committing = Arrived()

    async def _record(self, taken: dict[Session, Ranges], blocks: Sequence[Readings] = ()) -> None:
        """Store blocks with the numbers that are safe by that, and acknowledge those."""
        after: dict[Session, Ranges] = {}
        for session, numbers in taken.items():
            after[session] = self._taken[session].copy()
            for first, last in numbers:
                after[session].add(first, last)
        await self._stored(
            blocks,
            [Taken(edge, epoch, STREAM, tuple(all_)) for (edge, epoch), all_ in after.items()],
        )
        for session, numbers in taken.items():
            for first, last in numbers:
                self._taken[session].add(first, last)
            self._acknowledge(*session, STREAM, list(numbers))

    async def _stored(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        """Return once the store has taken it; as long as it cannot, edges keep what they have."""
        is_told = False
        while True:
            try:
                await self._store.append(blocks, taken)
            except StoreUnavailable as error:
                if not is_told:
                    log.warning("readings cannot be stored; it is tried again", error=str(error))
                is_told = True
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                if is_told:
                    log.info("readings are stored again")
                return
