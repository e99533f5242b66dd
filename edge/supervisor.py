"""Keeps a line open to every endpoint. It alone retries, waits, and tells what is lost and back."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from adapters.contract import (
    Connection,
    DeviceState,
    Diagnosing,
    Dropping,
    Historical,
    Item,
    OpenAdapter,
    Point,
    Traffic,
)
from adapters.raw import Raw
from adapters.registry import open_adapter
from core.clock import Clock
from core.errors import Permanent, Retryable
from core.readings import Readings
from core.registry import Endpoint
from edge.gap_book import GapBook, Missed
from edge.gaps import fill
from edge.inventory import Inventory

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 3.0  # a line that is back is read within five seconds, mostly sooner
REFUSED_PAUSE_S = 300.0  # a person must act; until then there is no use in asking
REMEMBER_EVERY_S = 10.0  # when lines that keep a history were last heard
JITTER = 0.3  # so that many edges do not all come back in the same second

log = structlog.get_logger()


class LineState(StrEnum):
    OPENING = "opening"
    UP = "up"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(slots=True)
class Line:
    """What is known of one endpoint. since: nanoseconds UTC. opened: how often it came up. missed:
    when it was last heard, and its gaps. keeps_history: they can be filled. dropped_before: what
    former connections dropped."""

    endpoint: Endpoint
    points: Sequence[Point]
    state: LineState = LineState.OPENING
    since: int = 0
    error: str = ""
    opened: int = 0
    readings: int = 0
    missed: Missed = field(default_factory=Missed)
    keeps_history: bool = False
    connection: Connection | None = None
    dropped_before: int = 0
    traffic: dict[str, Traffic] = field(default_factory=dict)
    devices: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.devices = tuple(dict.fromkeys(point.device.id for point in self.points))

    @property
    def dropped(self) -> int:
        """How many messages were lost because more came than could be worked off."""
        connection = self.connection
        return self.dropped_before + (connection.dropped if isinstance(connection, Dropping) else 0)

    def collect(self) -> None:
        """Add what went over the wire since this was called last."""
        connection = self.connection
        if connection is not None and isinstance(connection, Diagnosing):
            for device, more in connection.take_traffic().items():
                self.traffic.setdefault(device, Traffic()).add(more)


class Supervisor:
    """One task an endpoint. put: where items go; it may wait. opener: protocol → open function.
    book: what lines have missed before."""

    def __init__(
        self,
        put: Callable[[Item], Awaitable[None]],
        clock: Clock,
        opener: Callable[[str], OpenAdapter] = open_adapter,
        book: GapBook | None = None,
    ) -> None:
        self.lines: dict[str, Line] = {}
        self._put = put
        self._clock = clock
        self._opener = opener
        self._book = book or GapBook()
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing

    async def run(self, inventory: Inventory) -> None:
        """Serve every endpoint of an inventory until cancelled."""
        self.lines.clear()
        for endpoint in inventory.configuration.endpoints:
            if points := inventory.points(endpoint):
                self.lines[endpoint.id] = Line(
                    endpoint,
                    points,
                    since=self._clock.time_ns(),
                    missed=self._book.of(endpoint.id),
                )
        if self.lines:  # an edge that waits for its configuration has none
            self._book.forget_all_but(self.lines)
        # A library takes up to a second to load; a line that opens meanwhile would time out.
        for protocol in {line.endpoint.protocol for line in self.lines.values()}:
            with suppress(ImportError):  # told by the line itself when it opens
                self._opener(protocol)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._remember(), name="gaps")
                for line in self.lines.values():
                    group.create_task(self._keep_open(line), name=f"endpoint {line.endpoint.id}")
        finally:
            self._save()

    async def _remember(self) -> None:
        while True:
            await asyncio.sleep(REMEMBER_EVERY_S)
            self._save()

    def _save(self) -> None:
        self._book.save(name for name, line in self.lines.items() if line.keeps_history)

    async def _keep_open(self, line: Line) -> None:
        pause = FIRST_PAUSE_S
        while True:
            opened = line.opened
            try:
                await self._serve(line)
            except Permanent as error:
                await self._lose(line, LineState.REFUSED, str(error))
            except Retryable as error:
                await self._lose(line, LineState.LOST, str(error))
            except Exception as error:  # one bug must not stop the other lines
                log.exception("adapter failed", endpoint=line.endpoint.id)
                await self._lose(line, LineState.LOST, f"{type(error).__name__}: {error}")
            if line.opened > opened:
                pause = FIRST_PAUSE_S
            wait = REFUSED_PAUSE_S if line.state is LineState.REFUSED else pause
            await asyncio.sleep(wait * self._random.uniform(1.0 - JITTER, 1.0 + JITTER))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _serve(self, line: Line) -> None:
        """Open a connection and pass on what it gives, until it ends."""
        open_line = self._opener(line.endpoint.protocol)
        async with open_line(line.endpoint, line.points, self._clock) as connection:
            line.connection = connection
            filling: asyncio.Task[None] | None = None
            line.keeps_history = isinstance(connection, Historical)
            is_silent = True
            try:
                async with aclosing(connection.stream()) as stream:  # type: ignore[type-var]
                    async for item in stream:
                        if line.state is not LineState.UP:
                            self._bring_up(line)
                        if isinstance(item, Readings | Raw):
                            now = self._clock.time_ns()
                            if is_silent and line.missed.hear(now):
                                filling = asyncio.create_task(self._fill(line, connection))
                            is_silent = False
                            line.readings += len(item)
                            line.missed.heard = now
                        await self._put(item)
            finally:
                line.collect()
                line.dropped_before = line.dropped
                line.connection = None
                if filling is not None:
                    filling.cancel()
                    await asyncio.wait([filling])
        raise Retryable(f"{line.endpoint.id}: the stream has ended")

    async def _fill(self, line: Line, connection: Connection) -> None:
        """Ask for what was kept while no readings came, where there is somebody to ask."""
        gaps = line.missed.gaps
        if not isinstance(connection, Historical):
            gaps.clear()
            return
        self._save()
        while gaps and await fill(connection, list(line.points), gaps[0], self._put):
            gaps.popleft()
            self._save()

    def _bring_up(self, line: Line) -> None:
        if line.state is not LineState.OPENING:
            log.info("line back", endpoint=line.endpoint.id)
        line.state, line.since, line.error = LineState.UP, self._clock.time_ns(), ""
        line.opened += 1

    async def _lose(self, line: Line, state: LineState, error: str) -> None:
        """Note that a line does not work; tell it once, until it is back or refused instead."""
        line.error = error
        if line.state is state:
            return
        line.state, line.since = state, self._clock.time_ns()
        log.warning("line lost", endpoint=line.endpoint.id, state=str(state), error=error)
        for device in line.devices:
            await self._put(DeviceState(device, False, line.since, error))
