"""Networks between edge, broker and gateway that part, lose, repeat and disorder."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest

from simulators.bench.plant import Plant
from simulators.stage.children import Children
from simulators.stage.ports import free_port
from tests.conftest import Rounds, Tell
from tests.faults.rough_link import RoughLink, Way
from tests.faults.story import Story
from tests.system.test_kill import CLOCK, now, town

pytestmark = [pytest.mark.faults, pytest.mark.system]

SHARE = 0.1
# Answers of each device while the network is parted, one a second. The long ones outlast the
# keepalive, so that links are given up; the short ones are not even noticed.
PARTED = (2, 30)


class BehindLink(Plant):
    """A plant of which edge and gateway reach the broker through a relay alone."""

    link: RoughLink

    async def start_broker(self, children: Children) -> None:
        self.hub.write_secrets()
        port = free_port()
        await self._start(children, replace(self.hub, broker_port=port).broker())
        self.link = RoughLink(self.hub.broker_port, port, random.Random(26))
        await self.link.open()


async def part(happening: Story, ways: Sequence[Way], answers: int) -> None:
    """Let nothing through until devices have answered so often; then wait until all is stored."""
    began = now()
    for way in ways:
        way.passes.clear()
    await happening.here.has_spoken(answers)
    healed = CLOCK.monotonic()
    for way in ways:
        way.passes.set()
    await happening.here.has_spoken(2)
    await happening.until_stored((began, now()), since=healed)


async def thin(happening: Story) -> None:
    began, at = now(), CLOCK.monotonic()
    await happening.here.has_spoken(5)
    await happening.until_stored((began, now()), since=at)


def test_a_network_that_parts_loses_repeats_and_swaps(
    tmp_path: Path, rounds: Rounds, tell: Tell
) -> None:
    async def all_rounds() -> dict[str, Story]:
        async with town(tmp_path, BehindLink) as here:
            assert isinstance(here.plant, BehindLink)
            link = here.plant.link
            edge, gateway = link.sides["edge"], link.sides["gateway"]
            one_way, two_way, thinned = Story(here), Story(here), Story(here)
            for answers in PARTED[: rounds(1, 2)]:
                for way in islice(
                    cycle([edge.up, gateway.down, edge.down, gateway.up]), rounds(2, 8)
                ):
                    await part(one_way, [way], answers)
                for side in islice(cycle([edge, gateway]), rounds(1, 8)):
                    await part(two_way, [side.up, side.down], answers)
            for way in link.ways:
                way.share = SHARE
            for _ in range(rounds(1, 20)):
                await thin(thinned)
            assert all(way.struck for way in link.ways)
            await link.close()
            return {
                "network parted, one-way": one_way,
                "network parted, two-way": two_way,
                "10 % lost, 10 % twice, 10 % disordered": thinned,
            }

    for name, story in asyncio.run(all_rounds()).items():
        tell(story.fault(name, tmp_path))
