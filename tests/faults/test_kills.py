"""Kill -9 in rounds: what devices sent is held against what is stored."""

import asyncio
from pathlib import Path

import pytest

from simulators.stage import children
from tests.conftest import Rounds, Tell
from tests.faults.story import Story
from tests.system.test_kill import CLOCK, IN_MEMORY_S, now, town

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


def test_kill_9(
    tmp_path: Path, rounds: Rounds, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "RESTARTS", max(EVERY.values()))

    async def all_rounds() -> dict[str, Story]:
        async with town(tmp_path) as here:
            stories = {victim: Story(here) for victim in EVERY}
            for victim, story in stories.items():
                for _ in range(rounds(1, EVERY[victim])):
                    await one_round(story, victim)
            return stories

    for victim, story in asyncio.run(all_rounds()).items():
        tell(story.fault(f"kill -9 of the {victim}", tmp_path))
