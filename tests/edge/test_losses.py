"""What the spool has no room for becomes a gap that the gateway is told of."""

import asyncio
from collections.abc import Callable

from core.quality import BAD, Reason
from core.readings import Readings
from edge.births import Births
from edge.inventory import Inventory
from edge.journal import open_journal
from edge.losses import Losses, Totals
from edge.pipeline import Pipeline
from edge.spool import Spool
from tests.edge.stand import HandClock, SpoolReader, make_inventory

OpenSpool = Callable[..., Spool]
MINUTE = 60 * 10**9
DROPPED = BAD | Reason.DROPPED


class Bench:
    """An edge's way from readings to a spool that keeps them for an hour."""

    def __init__(self, spool: Spool, births: Births, clock: HandClock) -> None:
        self.spool = spool
        self.births = births
        self.clock = clock
        self.is_heard = False

    @classmethod
    async def of(cls, spool: Spool, clock: HandClock, inventory: Inventory) -> "Bench":
        made = cls(spool, Births(spool, clock), clock)
        await made.births.install(inventory)
        made.inventory = inventory
        journal = await open_journal(spool, clock)
        made.pipeline = Pipeline(inventory, spool, journal, clock)
        made.losses = Losses(
            spool,
            made.pipeline,
            clock,
            inventory=lambda: made.inventory,
            is_heard=lambda: made.is_heard,
        )
        return made

    inventory: Inventory
    pipeline: Pipeline
    losses: Losses

    def tell(self, device: str, minute: int) -> int:
        """Send a reading of this minute, and give the number of its signal."""
        number = self.inventory.devices[device].first
        self.pipeline.tell(Readings.of([number], minute * MINUTE, [float(minute)], 0, 0))
        return number

    async def pass_an_hour(self) -> None:
        """Let everything in the spool become too old."""
        await self.spool.ask(lambda _: None)
        self.clock.seconds += 3601
        await self.spool.ask(lambda _: None)

    async def spooled(self) -> list[tuple[int, int, int]]:
        """Give signal, minute and quality of all that is in the spool."""
        return [
            (signal, time // MINUTE, code)
            for block in await SpoolReader(self.spool).readings()
            for signal, time, code in zip(
                block.signal.tolist(), block.time.tolist(), block.quality.tolist(), strict=True
            )
        ]


def test_a_loss_is_told_by_signal_with_its_first_and_last_moment(open_spool: OpenSpool) -> None:
    async def main() -> None:
        clock = HandClock()
        bench = await Bench.of(open_spool(clock, keep_s=3600), clock, make_inventory("a", "b"))
        for minute in (1, 2, 3):
            a = bench.tell("a", minute)
        b = bench.tell("b", 2)
        await bench.pass_an_hour()
        await bench.losses.look()
        assert await bench.spooled() == []  # nobody listens
        assert bench.losses.totals == Totals(readings=4, events=0, untold=4)
        bench.is_heard = True
        await bench.losses.look()
        marks = [(a, 1, DROPPED), (b, 2, DROPPED), (a, 3, DROPPED), (b, 2, DROPPED)]
        assert await bench.spooled() == marks
        await bench.losses.look()
        assert await bench.spooled() == marks
        assert bench.losses.totals == Totals(readings=4, events=0, untold=0)
        await bench.spool.close()

    asyncio.run(main())


def test_a_loss_is_remembered_over_a_restart_and_told_by_the_numbers_of_then(
    open_spool: OpenSpool,
) -> None:
    async def main() -> None:
        clock = HandClock()
        before = await Bench.of(open_spool(clock, keep_s=3600), clock, make_inventory("a", "b"))
        gone, moved = before.tell("a", 1), before.tell("b", 2)
        await before.pass_an_hour()
        await before.spool.close()
        after = await Bench.of(open_spool(clock, keep_s=3600), clock, make_inventory("b"))
        after.is_heard = True
        await after.losses.look()
        now = after.inventory.devices["b"].first
        assert gone == now != moved
        assert await after.spooled() == [(now, 2, DROPPED), (now, 2, DROPPED)]
        assert after.losses.totals.readings == 2
        await after.spool.close()

    asyncio.run(main())


def test_marks_that_are_lost_themselves_are_told_again_and_count_once(
    open_spool: OpenSpool,
) -> None:
    async def main() -> None:
        clock = HandClock()
        bench = await Bench.of(open_spool(clock, keep_s=3600), clock, make_inventory("a"))
        a = bench.tell("a", 1)
        bench.tell("a", 2)
        await bench.pass_an_hour()
        bench.is_heard = True
        await bench.losses.look()
        bench.tell("a", 5)
        await bench.pass_an_hour()
        await bench.losses.look()
        assert await bench.spooled() == [(a, 1, DROPPED), (a, 5, DROPPED)]
        assert bench.losses.totals.readings == 3
        await bench.spool.close()

    asyncio.run(main())
