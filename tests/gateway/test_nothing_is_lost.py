"""Whatever people, devices and crashes do, no appeal, no answer owed and no clock is lost."""

import asyncio
import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import Fault, Rounds, Tell
from tests.gateway.random_town import RandomTown

SEED = int(os.environ.get("KVARTAL_SEED", "0")) or random.randrange(1, 10**6)


async def live(folder: Path, seed: int, steps: int) -> RandomTown:
    async with AsyncExitStack() as stack:
        town = RandomTown(folder, random.Random(seed), stack)
        await town.start()
        for step in range(steps):
            await town.step()
            if step % 10 == 9:
                await town.ledger.check(town.here.database)
        return town


def lived(folder: Path, seed: int, steps: int) -> RandomTown:
    try:
        return asyncio.run(live(folder / str(seed), seed, steps))
    except BaseException as error:
        error.add_note(f"KVARTAL_SEED={seed} lets it happen again")
        raise


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_no_appeal_no_answer_and_no_clock_is_ever_lost(
    tmp_path: Path, rounds: Rounds, tell: Tell
) -> None:
    steps = rounds(150, 250)
    towns = [lived(tmp_path, SEED + town, steps) for town in range(rounds(1, 40))]
    appeals, kills = (sum(figures) for figures in zip(*map(figures_of, towns), strict=True))
    tell(Fault("cases at random, killed at any statement", kills, appeals, 0, 0))


def figures_of(town: RandomTown) -> tuple[int, int]:
    return len(town.ledger.appeals), town.kills
