"""Rounds of faults on an installation of stamping devices, and their judgement."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Fault
from tests.faults.oracle import judged
from tests.system.test_kill import CLOCK, Town, until

MICROSECONDS = 1_000_000


@dataclass
class Story:
    """What happened to a town. windows: seconds UTC, in which everything sent is promised."""

    here: Town
    windows: list[tuple[float, float]] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)

    async def kill(self, victim: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Kill a process with -9, and wait until there is another. meanwhile: before that."""
        (child,) = [each for each in self.here.plant.running if each.name == victim]
        former = child.process
        self.here.kill(victim)
        meanwhile()

        async def is_another() -> bool:
            return child.process is not former

        await until(is_another)

    async def until_stored(self, *windows: tuple[float, float], since: float | None = None) -> None:
        """Wait until all of these windows is stored. since: monotonic, when a round began that is
        over now."""

        async def is_stored() -> bool:
            lost = [await asyncio.to_thread(self.here.lost, *window) for window in windows]
            return sum(lost) == 0

        await until(is_stored)
        self.windows += windows
        if since is not None:
            self.took_s.append(CLOCK.monotonic() - since)

    def fault(self, name: str, folder: Path) -> Fault:
        """Judge what came of it, when everything has ended."""
        sent = [float(stamp) for each in self.here.server.sent.values() for stamp in each]
        promised = [
            stamp
            for stamp in sent
            if any(began <= stamp / MICROSECONDS < ended for began, ended in self.windows)
        ]
        return judged(name, self.took_s, folder, sent=sent, promised=promised)
