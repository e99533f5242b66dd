"""How often readings are committed, and how often shown: at once when idle, in turns when busy."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from adapters import wire
from core.actor import Actor, Role
from core.readings import Readings
from gateway.ingest.telemetry import FULL, TelemetryWriter
from gateway.live import MESSAGES, Client, Hub
from gateway.registry.snapshot import CurrentRegistry
from gateway.timeseries.port import Taken
from tests.gateway.nothing_born import NothingBorn
from tests.leaping_loop import LeapingLoop, run_leaping

MILLISECOND = 0.001


class Shelf:
    """Keeps when readings were committed, and how many."""

    def __init__(self, clock: LeapingLoop) -> None:
        self.commits: list[tuple[float, int]] = []
        self._clock = clock

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        assert taken
        self.commits.append((self._clock.monotonic(), sum(map(len, blocks))))

    async def taken(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        return []


class Source:
    """Puts one block after another into a writer."""

    def __init__(self, writer: TelemetryWriter) -> None:
        self._writer = writer
        self._last = 0

    async def put(self, points: int) -> None:
        self._last += 1
        block = wire.TelemetryBlock(
            edge="edge-1", epoch="0" * 16, seq=self._last, lowest=1, numbering=1, read_at=0,
            signal=b"", time=b"", value=b"", quality=b"",
        )  # fmt: skip
        assert await self._writer.is_new(block)
        self._writer.put([block], some(points))


def some(points: int) -> Readings:
    return Readings.of(np.arange(points, dtype=np.uint32), np.zeros(points, np.int64),
                       np.zeros(points), np.zeros(points, np.uint8), 0)  # fmt: skip


def commits(arrivals: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """Give when what came at these moments (seconds, points) was committed, and how much."""
    clock = LeapingLoop()
    shelf = Shelf(clock)

    async def run() -> None:
        writer = TelemetryWriter(shelf, clock, lambda *_: None)  # type: ignore[arg-type]
        source = Source(writer)
        writing = asyncio.create_task(writer.run())
        for moment, points in arrivals:
            await asyncio.sleep(moment - clock.monotonic())
            await source.put(points)
        await asyncio.sleep(1.0)
        writing.cancel()
        await asyncio.wait([writing])

    run_leaping(clock, run())
    assert sum(points for _, points in shelf.commits) == sum(points for _, points in arrivals)
    return shelf.commits


def each_millisecond(points: int, milliseconds: int) -> list[tuple[float, int]]:
    return [(number * MILLISECOND, points) for number in range(milliseconds)]


def test_what_comes_when_idle_is_committed_at_once() -> None:
    assert commits([(0.0, 1), (0.3, 2)]) == [(0.0, 1), (pytest.approx(0.3), 2)]


def test_a_few_readings_are_committed_twenty_times_a_second() -> None:
    moments = [moment for moment, _ in commits(each_millisecond(1, 200))]
    assert moments == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2], abs=1.5 * MILLISECOND)


def test_the_more_come_the_longer_they_are_gathered_and_at_most_a_quarter_of_a_second() -> None:
    # 800 a millisecond; a commit of n points is followed by n / 500,000 s:
    # 40,000 by 0.08; 64,000 by 0.128; 102,400 by 0.205; 164,000 would be by 0.33.
    moments = [moment for moment, _ in commits(each_millisecond(800, 700))]
    expected = [0.0, 0.05, 0.13, 0.258, 0.463, 0.713]
    assert moments == pytest.approx(expected, abs=10 * MILLISECOND)


def test_a_full_commit_does_not_wait() -> None:
    found = commits([(0.0, 1), (0.01, FULL - 1), (0.02, 1)])
    assert found == [(0.0, 1), (pytest.approx(0.02), FULL)]


def shown(clients: int) -> int:
    """Give how many messages of readings one of these clients gets in a second, when each of a
    thousand milliseconds has a reading."""
    clock = LeapingLoop()
    hub = Hub(clock, CurrentRegistry(), NothingBorn())  # type: ignore[arg-type]
    actor = Actor(id="d", name="D", role=Role.DISPATCHER, place="town", place_path="town/")
    pages = [Client(actor, str(number), clock) for number in range(clients)]
    hub.clients.update(pages)
    pages[0].subscribe({7: ("lamp-1", "power")})
    told = 0

    async def listen() -> None:
        nonlocal told
        async for _ in pages[0].messages(hub.coalesce_s):
            told += 1

    async def run() -> None:
        listening = asyncio.create_task(listen())
        for _ in range(1000):
            hub.readings(some(8))
            await asyncio.sleep(MILLISECOND)
        listening.cancel()
        await asyncio.wait([listening])

    run_leaping(clock, run())
    return told


def test_a_page_gets_a_hundred_messages_of_readings_a_second_at_most() -> None:
    assert shown(clients=1) == pytest.approx(100, abs=1)


def test_many_pages_get_as_many_messages_together_as_the_process_sends_at_most() -> None:
    assert shown(clients=50) * 50 == pytest.approx(MESSAGES, abs=50)
