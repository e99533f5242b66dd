"""A cabinet that stays off in the dark is an alarm; one that is off by day is none."""

import asyncio
from collections.abc import Callable

from adapters import wire
from adapters.document import Document
from adapters.profile import bundled_profiles
from core.quality import GOOD
from core.readings import Readings
from edge.configuration import read_configuration
from edge.inventory import Inventory
from edge.journal import open_journal
from edge.pipeline import Pipeline
from edge.spool import Spool
from tests.edge.stand import HandClock, SpoolReader

CABINET = {
    "endpoints": [{"id": "town", "protocol": "mqtt", "address": "mqtt://h"}],
    "devices": [
        {"id": "cab-1", "profile": "generic-feeder-cabinet", "endpoint": "town", "unit": "1"}
    ],
}
LIGHT, DARK = 0, 1
OFF, ON = 0, 1


def told(
    open_spool: Callable[..., Spool], clock: HandClock, *states: tuple[int, int, int, float]
) -> list[tuple[str, bool]]:
    """Let a cabinet say mains, contactor and twilight, each for some seconds; give its alarms."""
    profiles = bundled_profiles()

    async def main() -> list[tuple[str, bool]]:
        spool = open_spool(clock)
        inventory = Inventory(
            read_configuration(Document("f", CABINET), "edge-1", profiles), profiles
        )
        pipeline = Pipeline(inventory, spool, await open_journal(spool, clock), clock)
        numbers = [
            inventory.point("cab-1", key).number for key in ("mains", "contactor", "twilight")
        ]
        for mains, contactor, twilight, seconds in states:
            at = clock.time_ns()
            pipeline.put_now(Readings.of(numbers, at, [mains, contactor, twilight], GOOD, at))
            pipeline.work()
            clock.seconds += seconds
            pipeline.work()
        events = await SpoolReader(spool).events()
        await spool.close()
        return [
            (event.condition, event.active) for event in events if isinstance(event, wire.Condition)
        ]

    return asyncio.run(main())


def test_a_cabinet_that_is_off_by_day_is_left_alone(
    open_spool: Callable[..., Spool], clock: HandClock
) -> None:
    assert told(open_spool, clock, (1, OFF, LIGHT, 30.0), (1, OFF, LIGHT, 30.0)) == []


def test_a_cabinet_that_follows_its_relay_is_left_alone(
    open_spool: Callable[..., Spool], clock: HandClock
) -> None:
    evening = [(1, OFF, LIGHT, 30.0), (1, OFF, DARK, 5.0), (1, ON, DARK, 30.0), (1, ON, DARK, 30.0)]
    assert told(open_spool, clock, *evening) == []


def test_a_cabinet_that_stays_off_in_the_dark_is_raised_and_clears_when_it_is_on(
    open_spool: Callable[..., Spool], clock: HandClock
) -> None:
    night = [(1, OFF, LIGHT, 30.0), *[(1, OFF, DARK, 30.0)] * 5, (1, ON, DARK, 1.0)]
    assert told(open_spool, clock, *night) == [
        ("off_in_the_dark", True),
        ("off_in_the_dark", False),
    ]


def test_a_cabinet_without_mains_is_raised_for_its_mains_alone(
    open_spool: Callable[..., Spool], clock: HandClock
) -> None:
    night = [(1, ON, DARK, 30.0), *[(0, OFF, DARK, 30.0)] * 6]
    assert told(open_spool, clock, *night) == [("mains_lost", True)]
