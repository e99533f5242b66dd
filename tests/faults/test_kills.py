"""Kill -9 in rounds: what devices sent is held against what is stored."""

import asyncio
from pathlib import Path

import pytest

from simulators.stage import children
from tests.conftest import Rounds, Tell
from tests.faults.story import Story, story
from tests.system.test_kill import CLOCK, IN_MEMORY_S, now

pytestmark = [pytest.mark.faults, pytest.mark.system]

EVERY = {"edge": 50, "gateway": 20, "broker": 10}  # rounds, where all are wanted


async def one_round(story: Story, victim: str) -> None:
    """Kill, and wait until all is stored that was promised."""
    here = story.here
    began = now()
    await here.has_spoken(2)
    killed, at = now(), CLOCK.monotonic()
    await story.kill(victim)
    await here.has_spoken(1)
    back = now()
    await here.has_spoken(2)
    # What an edge has read and not yet written when it dies is promised to nobody.
    windows = [(began, now())]
    if victim == "edge":
        windows = [(began, killed - IN_MEMORY_S), (back, now())]
    await story.until_stored(*windows, since=at)


@pytest.mark.parametrize("victim", EVERY)
def test_kill_9(
    victim: str, tmp_path: Path, rounds: Rounds, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = rounds(1, EVERY[victim])
    monkeypatch.setattr(children, "RESTARTS", count)

    async def all_rounds() -> Story:
        async with story(tmp_path) as happening:
            for _ in range(count):
                await one_round(happening, victim)
            return happening

    tell(asyncio.run(all_rounds()).fault(f"kill -9 of the {victim}", tmp_path))
