"""A process whose clock jumps, and jumps back: readings may get a wrong time, and none is lost."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from simulators.bench.plant import device
from simulators.stage.children import Child, Children
from tests.conftest import Rounds, Tell
from tests.faults import jumping_clock
from tests.faults.story import MICROSECONDS, Story
from tests.system.test_kill import CLOCK, now, town, until

pytestmark = [pytest.mark.faults, pytest.mark.system]

DAY_S = 86_400
JUMPS_S = (400 * DAY_S, -3600, DAY_S)


def jump(folder: Path, victim: str, off_s: int) -> None:
    whole = folder / f"{victim}.new"
    whole.write_text(str(off_s))
    whole.replace(folder / f"{victim}.clock")


class Jumping(Children):
    """Edge and gateway run by clocks that `jump` sets. Its folder is that of the logs' parent."""

    async def start(self, child: Child) -> None:
        if child.name in {"edge", "gateway"}:
            folder = self.logs.parent
            jump(folder, child.name, 0)
            command = [sys.executable, str(jumping_clock.__file__)]
            child.command = [*command, str(folder / f"{child.name}.clock"), *child.command[1:]]
        await super().start(child)


async def one_round(happening: Story, folder: Path, victim: str, off_s: int) -> None:
    here, began = happening.here, now()
    jump(folder, victim, off_s)
    await here.has_spoken(2)
    right, at = now(), CLOCK.monotonic()
    jump(folder, victim, 0)
    await here.has_spoken(2)
    ended = now()

    async def is_right_again() -> bool:
        newest = [await newest_stamp(here.get, device(*each)) for each in here.plant.devices]
        return min(newest) > right * MICROSECONDS

    await until(is_right_again)
    happening.windows.append((began, ended))
    happening.took_s.append(CLOCK.monotonic() - at)


async def newest_stamp(get: Any, name: str) -> float:
    signals = (await get(f"/devices/{name}"))["signals"]
    return float(next(each["value"] for each in signals if each["key"] == "sent_at"))


def test_a_clock_that_jumps(tmp_path: Path, rounds: Rounds, tell: Tell) -> None:
    async def all_rounds() -> dict[str, Story]:
        async with town(tmp_path, children_of=Jumping) as here:
            stories = {victim: Story(here) for victim in ("edge", "gateway")}
            for victim, story in stories.items():
                for off_s in JUMPS_S * rounds(1, 4):
                    await one_round(story, tmp_path, victim, off_s)
            return stories

    for victim, story in asyncio.run(all_rounds()).items():
        tell(story.fault(f"clock of the {victim} −1 h, +1 d, +400 d", tmp_path))
