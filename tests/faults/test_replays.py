"""Blocks that are lost, come in another order, twice, or all of them again: each counts once.

TCP hides loss and disorder of packets; what is lost here are whole messages, as by a broker that
dies, in an order that a broker's several paths may give them.
"""

import random
from collections import Counter
from pathlib import Path

import pytest

from core.readings import Readings
from tests.conftest import Fault, Rounds, Tell
from tests.faults.oracle import stored
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, Edge, play

pytestmark = [pytest.mark.faults, pytest.mark.system]

BLOCKS = 60
READINGS = 20  # in a block
UNDER_WAY = 20  # blocks, as far as the link's queue takes them
POWER = 1


def value(seq: int, row: int) -> float:
    return float(seq * 1000 + row)


def send(edge: Edge, seq: int, began: int) -> None:
    """Send block `seq` of readings, and of events a condition raised or cleared."""
    rows = range(READINGS)
    times = [began + (seq * READINGS + row) * 1_000_000 for row in rows]
    edge.send_readings(seq, Readings.of([POWER] * READINGS, times, [value(seq, r) for r in rows],
                                        0, began))  # fmt: skip
    edge.tell(seq, active=seq % 2 == 1)


async def deliver(edge: Edge, blocks: int, began: int, chance: random.Random) -> None:
    """Send everything until all of it is acknowledged: a tenth is lost, a tenth comes twice."""
    edge.heard.clear()
    edge.be_born()
    wanted = set(range(1, blocks + 1))
    while missing := wanted - (edge.acknowledged("telemetry") & edge.acknowledged("events")):
        order = [seq for seq in missing for _ in range(chance.choice([0, *[1] * 8, 2]))]
        chance.shuffle(order)
        for at in range(0, len(order), UNDER_WAY):
            some = order[at : at + UNDER_WAY]
            for seq in some:
                send(edge, seq, began)
            await edge.until_sent()
        await edge.until_acknowledged("telemetry", *order)


def test_whatever_the_network_does_to_messages_each_counts_once(
    tmp_path: Path, broker: str, rounds: Rounds, tell: Tell
) -> None:
    """Three times the whole spool, each time to a gateway that has just started."""
    chance, began = random.Random(26), CLOCK.time_ns()
    blocks = rounds(BLOCKS, 10 * BLOCKS)
    incidents: list[int] = []

    async def story(gateway: Gateway, edge: Edge) -> None:
        await deliver(edge, blocks, began, chance)
        async with gateway.signed_in() as browser:
            found = (await browser.get("/api/v1/incidents", params={"limit": 500})).json()
        incidents.append(sum(each["condition"] == "overload" for each in found))

    for _ in range(3):
        play(tmp_path, broker, story)
    sent = Counter(value(seq, row) for seq in range(1, blocks + 1) for row in range(READINGS))
    rows = stored(tmp_path)
    tell(Fault(
        "the whole spool three times, in disorder", 3, acknowledged=(sent & rows).total(),
        lost=(sent - rows).total(), duplicates=(rows - sent).total(),
    ))  # fmt: skip
    assert len(set(incidents)) == 1
