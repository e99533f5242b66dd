"""Two ingest workers share the readings, and one of them dies between any two of its steps."""

import asyncio
import random
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Fault, Rounds, Tell
from tests.gateway import killed_at_step
from tests.gateway.edge_by_hand import CLOCK, connected
from tests.gateway.installation import Installation, Process, Spool, installed

READINGS = 5  # in a block


async def one_round(process: Process, spool: Spool) -> float:
    """Send until the process has died at its step; give the seconds until all is acknowledged."""
    process.start()
    await process.until(missing=[])
    while process.is_alive:
        spool.read(READINGS)
        await asyncio.sleep(0.02)
    died = CLOCK.monotonic()
    await spool.until_empty()
    return CLOCK.monotonic() - died


async def all_rounds(here: Installation, passes: int) -> Fault:
    await here.import_town()
    chance = random.Random(26)
    for name, roles in (("survivor", "ingest"), ("worker", "worker")):
        here.start(name, roles)
    victim = here.add("victim", "ingest")
    for process in (here.processes["survivor"], here.processes["worker"]):
        await process.until(missing=[])
    took: list[float] = []
    async with connected(here.broker) as edge:
        spool = Spool(edge, here.folder / "oracle")
        edge.be_born()
        for step in [*killed_at_step.STEPS] * passes:
            victim.run = partial(killed_at_step.run, step, chance.randrange(1, 6))
            took.append(await one_round(victim, spool))
    told, stored = Counter(spool.told()), Counter(here.stored())
    return Fault(
        "one of two ingest workers, between steps",
        len(took),
        acknowledged=(told & stored).total(),
        lost=(told - stored).total(),
        duplicates=(stored - told).total(),
        slowest_s=max(took),
    )


@pytest.mark.faults
@pytest.mark.system
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("on_postgresql")
def test_an_ingest_worker_may_die_between_any_two_steps(
    tmp_path: Path, rounds: Rounds, tell: Tell
) -> None:
    with installed(tmp_path) as here:
        tell(asyncio.run(all_rounds(here, rounds(1, 5))))
