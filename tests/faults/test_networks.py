"""Networks between edge, broker and gateway that part, lose, repeat and disorder."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest

from simulators.bench.plant import Plant
from simulators.stage.children import Children
from simulators.stage.ports import free_port
from tests.conftest import Rounds, Tell
from tests.faults.rough_link import RoughLink, Way
from tests.faults.story import Story, story
from tests.system.test_kill import CLOCK, now

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


@asynccontextmanager
async def behind_link(folder: Path) -> AsyncIterator[tuple[Story, RoughLink]]:
    async with story(folder, BehindLink) as happening:
        plant = happening.here.plant
        assert isinstance(plant, BehindLink)
        try:
            yield happening, plant.link
        finally:
            await plant.link.close()


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


@pytest.mark.parametrize("kind", ["one-way", "two-way"])
def test_a_network_that_parts(kind: str, tmp_path: Path, rounds: Rounds, tell: Tell) -> None:
    async def all_rounds() -> Story:
        async with behind_link(tmp_path) as (happening, link):
            edge, gateway = link.sides["edge"], link.sides["gateway"]
            parts = {
                "one-way": [[edge.up], [gateway.down], [edge.down], [gateway.up]],
                "two-way": [[edge.up, edge.down], [gateway.up, gateway.down]],
            }[kind]
            for answers in PARTED[: rounds(1, 2)]:
                for ways in islice(cycle(parts), rounds(2, 8)):
                    await part(happening, ways, answers)
            return happening

    tell(asyncio.run(all_rounds()).fault(f"network parted, {kind}", tmp_path))


def test_a_network_that_loses_repeats_and_swaps(tmp_path: Path, rounds: Rounds, tell: Tell) -> None:
    async def all_rounds() -> Story:
        async with behind_link(tmp_path) as (happening, link):
            for way in link.ways:
                way.share = SHARE
            for _ in range(rounds(1, 20)):
                began, at = now(), CLOCK.monotonic()
                await happening.here.has_spoken(5)
                await happening.until_stored((began, now()), since=at)
            assert all(way.struck for way in link.ways)
            return happening

    story_told = asyncio.run(all_rounds())
    tell(story_told.fault("10 % lost, 10 % twice, 10 % disordered", tmp_path))
