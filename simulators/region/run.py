"""A region that speaks: its edges, its day, its bursts and storms, and the figures of all that."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import psutil

from core.clock import Clock
from simulators.bench.measure import Processor
from simulators.region.day import reports_a_second
from simulators.region.edge import SimulatedEdge
from simulators.region.ledger import Ledger
from simulators.region.plan import LIFT, LIGHT, EdgePlan

SLICES = 10  # of a second; each edge speaks in one of them
TELL_EVERY_S = 5.0
BORN_AT_ONCE = 8  # edges that wait for their first birth to be taken
POWER_BACK_EVERY_S = 120.0  # of the region's time
POWER_BACK_TOWNS = 1 / 13  # of all edges: about a million readings at once in a whole region
STORM_EVERY_S = 180.0
STORM_SHARE = 1 / 4  # of all edges lose their link at once
ALARMS_A_SECOND = 0.5  # in a whole region; each is over after ALARM_S
ALARM_S = 30.0  # of the region's time
DRAIN_S = 300.0
SIGN_EVERY_S = 10.0
THREADS = 64  # that close links at once

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """speed: seconds of the region in one. hour: o'clock at the beginning."""

    scale: float
    speed: float
    seconds: float
    hour: float


@dataclass(slots=True)
class Figures:
    """What a run showed. Rates are per second, memory the most megabytes that were seen, cpu
    percent of a core, births_cpu_us the gateway's microseconds a signal until all edges were born.
    """

    sent: int = 0
    acknowledged: int = 0
    born_s: float = 0.0
    took_s: float = 0.0
    drained_s: float = 0.0
    most_waiting: int = 0
    held_back_s: float = 0.0  # edges' seconds in which devices waited for their edge
    again: int = 0
    births: int = 0
    births_cpu_us: float = 0.0
    gateway_cpu: float = 0.0
    broker_cpu: float = 0.0
    gateway_mb: float = 0.0
    broker_mb: float = 0.0
    rates: list[float] = field(default_factory=list)  # acknowledged, one each TELL_EVERY_S


class Region:
    """pids: of gateway and broker, where they are ours to measure."""

    def __init__(
        self,
        plans: Sequence[EdgePlan],
        broker: str,
        passwords: Mapping[str, str],
        folder: Path,
        clock: Clock,
        *,
        say: Say,
        pids: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._clock = clock
        self._say = say
        self._pids = pids
        self.edges = [SimulatedEdge(plan, broker, passwords[plan.id], clock) for plan in plans]
        self.ledger = Ledger(folder, [edge.page for edge in self.edges], clock.time_ns())
        self.figures = Figures()
        self._random = random.Random(1)
        self._clearing: list[tuple[float, SimulatedEdge, tuple[str, str], int]] = []
        self._alarms_due = 1.0

    async def run(self, pace: Pace) -> Figures:
        """Bring every edge up, have the day go by, and wait for what is not acknowledged."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        lives: list[asyncio.Task[None]] = []
        try:
            began, before = self._clock.monotonic(), self._spent()
            await self._be_born(lives)
            self.figures.born_s = self._clock.monotonic() - began
            signals = sum(edge.plan.signals for edge in self.edges)
            cpu = self._spent()["gateway"] - before["gateway"]
            self.figures.births_cpu_us = cpu / signals * 1e6
            self._say(f"{len(self.edges)} edges are born after {self.figures.born_s:.0f} s")
            await self._live(pace)
            await self._drain()
        finally:
            for life in lives:
                life.cancel()
            await asyncio.wait(lives)
            self.ledger.close()
        self._sum_up()
        return self.figures

    async def _be_born(self, lives: list[asyncio.Task[None]]) -> None:
        turn = asyncio.Semaphore(BORN_AT_ONCE)

        async def bear(edge: SimulatedEdge) -> None:
            async with turn:
                lives.append(asyncio.create_task(edge.run()))
                await edge.until_born()

        signs = asyncio.create_task(self._give_signs())
        async with asyncio.TaskGroup() as group:
            for edge in self.edges:
                group.create_task(bear(edge))
        signs.cancel()

    async def _give_signs(self) -> None:
        """Have a device of each edge report now and then, for what is silent counts as gone."""
        while True:
            await asyncio.sleep(SIGN_EVERY_S)
            for edge in self.edges:
                if edge.births and not edge.is_behind:
                    edge.speak({edge.plan.parts[0]: 1}, self._clock.time_ns(), self.ledger)

    async def _live(self, pace: Pace) -> None:
        began, before = self._clock.monotonic(), self._spent()
        spoke = [began for _ in self.edges]
        told_at, told = began, 0
        turn, storms, bursts = 0, 0, 0
        while (now := self._clock.monotonic()) - began < pace.seconds:
            passed = (now - began) * pace.speed
            if passed >= (bursts + 1) * POWER_BACK_EVERY_S:
                bursts += 1
                self._power_comes_back()
            if passed >= (storms + 1) * STORM_EVERY_S:
                storms += 1
                self._lose_links()
            for index in range(turn % SLICES, len(self.edges), SLICES):
                self._speak(index, (now - spoke[index]) * pace.speed, pace.hour + passed / 3600)
                spoke[index] = now
            self._alarm(pace, now)
            turn += 1
            if now - told_at >= TELL_EVERY_S:
                self._tell(now - told_at, told)
                told_at, told = now, self._acknowledged()
            await asyncio.sleep(max(0.0, began + turn / SLICES - self._clock.monotonic()))
        self.figures.took_s = self._clock.monotonic() - began
        after = self._spent()
        self.figures.gateway_cpu = (
            (after["gateway"] - before["gateway"]) / self.figures.took_s * 100
        )
        self.figures.broker_cpu = (after["broker"] - before["broker"]) / self.figures.took_s * 100

    def _spent(self) -> Mapping[str, float]:
        """Give the processor time of gateway and broker, seconds; 0 where they run elsewhere."""
        spent = {name: Processor([pid]).seconds() for name, pid in self._pids.items()}
        return defaultdict(float, spent)

    def _speak(self, index: int, seconds: float, hour: float) -> None:
        """Have an edge's devices report what they do in so many seconds of the region."""
        edge = self.edges[index]
        if edge.is_behind:
            self.figures.held_back_s += seconds
            return
        reports = {
            part: reports_a_second(part.kind, hour % 24) * part.devices * seconds
            for part in edge.plan.parts
        }
        edge.speak(reports, self._clock.time_ns(), self.ledger)

    def _power_comes_back(self) -> None:
        """Have every device of some edges report at once."""
        some = self._random.sample(self.edges, max(1, round(len(self.edges) * POWER_BACK_TOWNS)))
        time = self._clock.time_ns()
        for edge in some:
            edge.speak({part: part.devices for part in edge.plan.parts}, time, self.ledger)
        self._say(f"the power is back at {len(some)} edges")

    def _lose_links(self) -> None:
        some = self._random.sample(self.edges, max(1, round(len(self.edges) * STORM_SHARE)))
        for edge in some:
            edge.hang_up()
        self._say(f"{len(some)} edges lose their link")

    def _alarm(self, pace: Pace, now: float) -> None:
        """Raise alarms of lamps and lifts, each device once, and clear those that are over."""
        time = self._clock.time_ns()
        while self._clearing and self._clearing[0][0] <= now:
            _, edge, which, number = self._clearing.pop(0)
            kind = LIFT if which[1] == LIFT.alarm else LIGHT
            self.ledger.alarms[edge.alarm(kind, number, time, active=False)] = True
        self._alarms_due += ALARMS_A_SECOND * pace.scale / SLICES
        while self._alarms_due >= 1:
            self._alarms_due -= 1
            edge = self._random.choice(self.edges)
            part = self._random.choice([p for p in edge.plan.parts if p.kind in {LIFT, LIGHT}])
            number = self._random.randrange(part.devices)
            if (edge.plan.device(part.kind, number), part.kind.alarm) in self.ledger.alarms:
                continue
            which = edge.alarm(part.kind, number, time, active=True)
            self.ledger.alarms[which] = False
            self._clearing.append((now + ALARM_S / pace.speed, edge, which, number))

    def _acknowledged(self) -> int:
        return sum(edge.acknowledged for edge in self.edges)

    def _tell(self, seconds: float, before: int) -> None:
        sent, acknowledged = sum(edge.sent for edge in self.edges), self._acknowledged()
        rate = (acknowledged - before) / seconds
        gateway, broker = self._memory_mb("gateway"), self._memory_mb("broker")
        self.figures.rates.append(rate)
        self.figures.most_waiting = max(self.figures.most_waiting, sent - acknowledged)
        self.figures.gateway_mb = max(self.figures.gateway_mb, gateway)
        self.figures.broker_mb = max(self.figures.broker_mb, broker)
        self._say(
            f"{sent:>12,} sent {acknowledged:>12,} stored {sent - acknowledged:>9,} waiting "
            f"{rate:>9,.0f} points/s  gateway {gateway:,.0f} MB, broker {broker:,.0f} MB"
        )

    def _memory_mb(self, name: str) -> float:
        if name not in self._pids:
            return 0.0
        process = psutil.Process(self._pids[name])
        found = [each.memory_info().rss for each in (process, *process.children(recursive=True))]
        return sum(found) / 1e6

    async def _drain(self) -> None:
        """Wait until everything is acknowledged, but not for ever."""
        began = self._clock.monotonic()
        while not all(edge.is_done for edge in self.edges):
            if self._clock.monotonic() - began > DRAIN_S:
                left = sum(edge.waiting for edge in self.edges)
                self._say(f"{left:,} readings are not acknowledged after {DRAIN_S:.0f} s")
                break
            await asyncio.sleep(0.1)
        self.figures.drained_s = self._clock.monotonic() - began

    def _sum_up(self) -> None:
        self.figures.sent = sum(edge.sent for edge in self.edges)
        self.figures.acknowledged = self._acknowledged()
        self.figures.again = sum(edge.again for edge in self.edges)
        self.figures.births = sum(edge.births for edge in self.edges)
