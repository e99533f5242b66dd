import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import pytest

from adapters import wire
from adapters.contract import DeviceState, Event
from adapters.modbus.address import ModbusAddress
from adapters.modbus.codec import layout_of
from adapters.raw import Raw
from core.quality import BAD, GOOD, UNCERTAIN, Reason
from core.readings import Readings
from edge.inventory import Inventory
from edge.journal import Journal, open_journal
from edge.pipeline import BUSY, Pipeline
from edge.spool import Spool
from tests.edge.stand import HandClock, SpoolReader, make_inventory

REFUSED = BAD | Reason.REFUSED
LOST_LINE, STALE = BAD | Reason.LOST_LINE, BAD | Reason.STALE
OUT_OF_RANGE, MALFORMED = BAD | Reason.OUT_OF_RANGE, BAD | Reason.MALFORMED


@dataclass
class Stand:
    pipeline: Pipeline
    clock: HandClock
    spool: Spool
    journal: Journal
    inventory: Inventory

    def number(self, device: str, signal: str) -> int:
        return self.inventory.point(device, signal).number

    def tick(self, *samples: tuple[str, float, int], after_s: float = 1.0) -> None:
        """Let time pass and take samples (signal of heat-1, value, quality) in one block."""
        self.clock.seconds += after_s
        if samples:
            numbers = [self.number("heat-1", key) for key, _, _ in samples]
            values = [value for _, value, _ in samples]
            codes = [code for _, _, code in samples]
            at = self.clock.time_ns()
            self.pipeline.put_now(Readings.of(numbers, at, values, codes, at))
        self.pipeline.work()

    async def reported(self) -> list[tuple[float, int]]:
        """What was reported of heat-1's temperature: (value, quality)."""
        number = self.number("heat-1", "temperature")
        return [
            (value, code)
            for block in await SpoolReader(self.spool).readings()
            for signal, value, code in zip(
                block.signal.tolist(), block.value.tolist(), block.quality.tolist(), strict=True
            )
            if signal == number
        ]

    async def events(self) -> list[wire.WireEvent]:
        return await SpoolReader(self.spool).events()


@pytest.fixture
def on_stand(
    open_spool: Callable[..., Spool], clock: HandClock
) -> Callable[[Callable[[Stand], Awaitable[None]]], None]:
    """Run a test with a pipeline of two heat points."""

    def run(test: Callable[[Stand], Awaitable[None]]) -> None:
        async def main() -> None:
            spool = open_spool(clock)
            journal = await open_journal(spool, clock)
            inventory = make_inventory("heat-1", "heat-2")
            pipeline = Pipeline(inventory, spool, journal, clock)
            await test(Stand(pipeline, clock, spool, journal, inventory))
            await spool.close()

        asyncio.run(main())

    return run


OnStand = Callable[[Callable[[Stand], Awaitable[None]]], None]


def test_a_change_within_the_deadband_is_not_reported(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        for value in (60.0, 60.4, 59.6, 60.6, 60.2):
            stand.tick(("temperature", value, GOOD))
        assert await stand.reported() == [(60.0, GOOD), (60.6, GOOD)]

    on_stand(test)


def test_the_deadband_holds_within_one_block_too(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.tick(*[("temperature", value, GOOD) for value in (60.0, 60.4, 61.0, 60.8, 60.0)])
        assert await stand.reported() == [(60.0, GOOD), (61.0, GOOD), (60.0, GOOD)]

    on_stand(test)


def test_answers_that_come_as_bytes_are_decoded_in_their_order(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        layout = layout_of(((ModbusAddress(address=0), 0),))
        signal = np.array([stand.number("heat-1", "temperature")], np.uint32)
        stand.clock.seconds += 1
        for word, code in [(60, GOOD), (0, REFUSED), (61, GOOD)]:
            payload = word.to_bytes(2, "big")
            stand.pipeline.put_now(Raw(layout, signal, payload, stand.clock.time_ns(), code))
        stand.pipeline.work()
        assert [(repr(value), code) for value, code in await stand.reported()] == [
            ("60.0", GOOD), ("nan", REFUSED), ("61.0", GOOD),
        ]  # fmt: skip

    on_stand(test)


@pytest.mark.parametrize(("bursts", "is_busy"), [((5_000, 0, 0, 0), False), ((25_000,) * 4, True)])
def test_only_what_lasts_is_taken_as_load(
    on_stand: OnStand, bursts: tuple[int, ...], is_busy: bool
) -> None:
    async def test(stand: Stand) -> None:
        number = stand.number("heat-1", "temperature")
        for burst in bursts:
            at = stand.clock.time_ns()
            stand.pipeline.put_now(Readings.of(np.full(burst, number), at, 60.0, GOOD, at))
            stand.tick(after_s=1)
            rate = stand.pipeline.rate()
        assert (rate > BUSY) is is_busy

    on_stand(test)


def test_an_unchanged_value_is_reported_every_now_and_then(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        for _ in range(31):
            stand.tick(("temperature", 60.0, GOOD), after_s=20)
        assert len(await stand.reported()) == 3  # at once, after 300 s, after 600 s

    on_stand(test)


def test_a_change_of_quality_is_always_reported(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        for value in (60.0, 101.0, 102.0, math.nan, 60.0):
            stand.tick(("temperature", value, GOOD))
        codes = [code for _, code in await stand.reported()]
        assert codes == [GOOD, OUT_OF_RANGE, MALFORMED, GOOD]

    on_stand(test)


def test_an_alarm_is_raised_and_cleared_once(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        for value in (79.0, 81.0, 82.0, 76.0, 74.0, 73.0):
            stand.tick(("temperature", value, GOOD))
        found = [event for event in await stand.events() if isinstance(event, wire.Condition)]
        assert [(each.condition, each.active, each.value) for each in found] == [
            ("hot", True, 81.0),
            ("hot", False, 74.0),
        ]
        assert found[0].number < found[1].number

    on_stand(test)


def test_a_silent_device_is_lost_once_and_comes_back(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.tick(("temperature", 60.0, GOOD))
        for _ in range(4):
            stand.tick(after_s=30)
        assert stand.pipeline.devices_lost == 2
        assert stand.journal.lost_devices() == {"heat-1", "heat-2"}
        stand.tick(("temperature", 60.0, GOOD))
        changes = [event for event in await stand.events() if isinstance(event, wire.DeviceChange)]
        assert [(each.device, each.online) for each in changes if each.device == "heat-1"] == [
            ("heat-1", False),
            ("heat-1", True),
        ]
        assert changes[0].reason == "silent for 60 s"
        codes = [code for _, code in await stand.reported()]
        assert codes == [GOOD, STALE, GOOD]

    on_stand(test)


def test_a_lost_line_makes_values_bad_once(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.tick(("temperature", 60.0, GOOD))
        for _ in range(3):
            stand.pipeline.put_now(DeviceState("heat-1", False, stand.clock.time_ns(), "cut"))
            stand.tick()
        assert [code for _, code in await stand.reported()] == [GOOD, LOST_LINE]
        assert [event.reason for event in await stand.events()] == ["cut"]  # type: ignore[union-attr]

    on_stand(test)


def test_bad_readings_of_a_lost_line_do_not_bring_a_device_back(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.pipeline.put_now(DeviceState("heat-1", False, 0, "cut"))
        stand.tick()
        stand.tick(("temperature", math.nan, LOST_LINE))
        assert stand.pipeline.devices_lost == 1
        stand.tick(("temperature", math.nan, BAD | Reason.REFUSED))  # an answer all the same
        assert stand.pipeline.devices_lost == 0

    on_stand(test)


def test_an_old_value_that_was_kept_for_a_device_does_not_bring_it_back(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.tick(("temperature", 60.0, GOOD))
        stand.pipeline.put_now(DeviceState("heat-1", False, stand.clock.time_ns(), "gone"))
        stand.pipeline.work()
        stand.tick(("temperature", 60.0, UNCERTAIN | Reason.STALE))
        stand.tick(("temperature", 61.0, GOOD))
        changes = [each for each in await stand.events() if isinstance(each, wire.DeviceChange)]
        told = [(each.online, each.time) for each in changes if each.device == "heat-1"]
        assert told == [(False, told[0][1]), (True, stand.clock.time_ns())]

    on_stand(test)


def test_within_one_tick_what_came_last_counts(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        number = stand.number("heat-1", "temperature")
        stand.pipeline.put_now(DeviceState("heat-1", False, 0, "cut"))
        stand.pipeline.put_now(Readings.of(number, 1, 60.0, GOOD, 1))
        stand.tick()
        assert stand.pipeline.devices_lost == 0
        stand.pipeline.put_now(Readings.of(number, 1, 60.0, GOOD, 1))
        stand.pipeline.put_now(DeviceState("heat-1", False, 0, "cut"))
        stand.tick()
        assert stand.pipeline.devices_lost == 1
        assert (await stand.reported())[-1][1] == LOST_LINE

    on_stand(test)


def test_a_devices_own_condition_is_told_on_change_and_a_finding_always(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        for active in (True, True, False):
            stand.pipeline.put_now(Event("heat-1", "door", active, 1))
        for _ in range(2):
            stand.pipeline.put_now(Event("heat-1", "seen", True, 1, still=b"jpeg", transient=True))
        stand.tick()
        found = [event for event in await stand.events() if isinstance(event, wire.Condition)]
        assert [(each.condition, each.active) for each in found] == [
            ("door", True),
            ("door", False),
            ("seen", True),
            ("seen", True),
        ]
        assert not stand.journal.active

    on_stand(test)


def test_a_still_waits_until_the_gateway_has_all_that_was_told(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.pipeline.be_heard(True)
        for device, picture in [("heat-1", b"old"), ("heat-2", b"other"), ("heat-1", b"new")]:
            stand.pipeline.put_now(
                Event(device, wire.STILL, True, 1, still=picture, transient=True)
            )
        stand.pipeline.put_now(Event("heat-1", "door", True, 1))
        shown = []
        for _ in range(3):
            stand.tick()
            stand.tick()  # nothing more, as long as nobody has acknowledged the former
            (event,) = await stand.events()
            assert isinstance(event, wire.Condition)
            shown.append((event.condition, event.still))
            stand.spool.acknowledge("events", [(1, stand.spool.next("events") - 1)])
            await stand.spool.ask(lambda _: None)
        assert shown == [("door", b""), (wire.STILL, b"new"), (wire.STILL, b"other")]

    on_stand(test)


def test_a_still_of_which_nobody_hears_is_not_kept(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.pipeline.put_now(Event("heat-1", wire.STILL, True, 1, still=b"old", transient=True))
        stand.tick()
        stand.pipeline.be_heard(True)
        stand.tick()
        assert not await stand.events()

    on_stand(test)


def test_what_is_active_outlives_a_restart(
    open_spool: Callable[..., Spool], clock: HandClock
) -> None:
    inventory = make_inventory("heat-1")
    number = inventory.point("heat-1", "temperature").number

    async def first() -> None:
        spool = open_spool(clock)
        pipeline = Pipeline(inventory, spool, await open_journal(spool, clock), clock)
        pipeline.put_now(Readings.of(number, 5, 90.0, GOOD, 5))
        pipeline.work()
        await spool.close()

    async def second() -> None:
        spool = open_spool(clock)
        journal = await open_journal(spool, clock)
        assert journal.active == {("heat-1", "hot"): 5}
        pipeline = Pipeline(inventory, spool, journal, clock)
        pipeline.put_now(Readings.of(number, 6, 78.0, GOOD, 6))  # within the deadband: no news
        pipeline.work()
        pipeline.put_now(Readings.of(number, 7, 60.0, GOOD, 7))
        pipeline.work()
        events = await SpoolReader(spool).events()
        assert [event.active for event in events] == [True, False]  # type: ignore[union-attr]
        await spool.close()

    asyncio.run(first())
    asyncio.run(second())


def test_what_a_device_kept_is_sent_and_raises_nothing(on_stand: OnStand) -> None:
    archive = GOOD | Reason.ARCHIVE

    async def test(stand: Stand) -> None:
        stand.tick(("temperature", 60.0, GOOD))
        stand.tick(("temperature", 90.0, archive))
        stand.tick(("temperature", 61.0, GOOD))
        assert await stand.reported() == [(60.0, GOOD), (90.0, archive), (61.0, GOOD)]
        assert [each for each in await stand.events() if isinstance(each, wire.Condition)] == []

    on_stand(test)


def test_what_a_device_kept_out_of_its_range_is_bad_and_still_an_archive(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.tick(("temperature", 60.0, GOOD))
        stand.tick(("temperature", 1000.0, GOOD | Reason.ARCHIVE))
        assert (await stand.reported())[-1] == (1000.0, BAD | Reason.ARCHIVE)

    on_stand(test)


def test_what_a_device_kept_does_not_say_that_it_is_there(on_stand: OnStand) -> None:
    async def test(stand: Stand) -> None:
        stand.tick(("temperature", 60.0, GOOD))
        stand.pipeline.put_now(DeviceState("heat-1", False, stand.clock.time_ns(), "cut"))
        stand.tick(("temperature", 60.0, GOOD | Reason.ARCHIVE))
        assert stand.pipeline.devices_lost == 1

    on_stand(test)
