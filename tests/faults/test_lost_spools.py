"""A spool that somebody removes, and that is made anew: its numbers begin again from 1."""

import asyncio
from pathlib import Path

import pytest

from simulators.stage import children
from tests.conftest import Rounds, Tell
from tests.faults.story import Story
from tests.system.test_kill import CLOCK, now, town

pytestmark = [pytest.mark.faults, pytest.mark.system]


def remove(folder: Path) -> None:
    for file in folder.glob("spool*"):
        file.unlink()


async def one_round(happening: Story, folder: Path) -> None:
    """Let everything be stored; then kill the edge, and let it find no spool."""
    here, began = happening.here, now()
    await here.has_spoken(1)
    await happening.until_stored((began, now()))
    at = CLOCK.monotonic()
    await happening.kill("edge", meanwhile=lambda: remove(folder / "edge"))
    await here.has_spoken(1)
    back = now()
    await here.has_spoken(2)
    await happening.until_stored((back, now()), since=at)


def test_a_spool_that_is_lost(
    tmp_path: Path, rounds: Rounds, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = rounds(1, 10)
    monkeypatch.setattr(children, "RESTARTS", count)

    async def all_rounds() -> Story:
        async with town(tmp_path) as here:
            happening = Story(here)
            for _ in range(count):
                await one_round(happening, tmp_path)
            return happening

    tell(asyncio.run(all_rounds()).fault("spool lost and recreated", tmp_path))
