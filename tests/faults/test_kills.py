"""Kill -9 in rounds: what devices sent is held against what is stored, round by round."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from simulators.bench.plant import Plant
from simulators.stage import children
from tests.conftest import Fault, Rounds, Tell
from tests.faults.stored import stored
from tests.system.test_kill import CLOCK, IN_MEMORY_S, Town, now, town, until

pytestmark = [pytest.mark.faults, pytest.mark.system]

EVERY = {"edge": 50, "gateway": 20, "broker": 10}  # rounds, where all are wanted


def pid(plant: Plant, name: str) -> int:
    (child,) = [each for each in plant.running if each.name == name]
    return child.process.pid if child.process else 0


async def one_round(here: Town, victim: str) -> float:
    """Kill, wait until all is stored that was promised, and give how long that took in seconds."""
    began = now()
    await here.has_spoken(2)
    killed, at = now(), CLOCK.monotonic()
    former = pid(here.plant, victim)
    here.kill(victim)

    async def is_another() -> bool:
        return pid(here.plant, victim) not in {0, former}

    await until(is_another)
    await here.has_spoken(1)
    back = now()
    await here.has_spoken(2)
    ended = now()

    async def is_stored() -> bool:
        # What an edge has read and not yet written when it dies is promised to nobody.
        windows = [(began, ended)]
        if victim == "edge":
            windows = [(began, killed - IN_MEMORY_S), (back, ended)]
        lost = [await asyncio.to_thread(here.lost, *window) for window in windows]
        return sum(lost) == 0

    await until(is_stored)
    return CLOCK.monotonic() - at


@pytest.mark.parametrize("victim", EVERY)
def test_kill_9(
    victim: str, tmp_path: Path, rounds: Rounds, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = rounds(1, EVERY[victim])
    monkeypatch.setattr(children, "RESTARTS", count)

    async def story() -> tuple[list[float], Counter[float]]:
        async with town(tmp_path) as here:
            took = [await one_round(here, victim) for _ in range(count)]
            return took, Counter(float(s) for each in here.server.sent.values() for s in each)

    took, sent = asyncio.run(story())
    (store,) = tmp_path.rglob("readings.duckdb")
    rows = stored(store.parent)
    twice = sum(rows[stamp] > times for stamp, times in sent.items())
    tell(Fault(f"kill -9 of the {victim}", count, 0, twice, max(took)))
