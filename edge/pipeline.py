"""From what adapters deliver to what is worth sending: once a tick on everything that arrived.

Straight down: who is there, quality, report by exception, alarm rules. No Python object a reading;
numpy works on all blocks of a tick together, for its cost is per call.
"""

import asyncio
import math
from collections.abc import Callable, Sequence

import numpy as np
import structlog

from adapters import wire
from adapters.contract import DeviceState, Event, Item
from adapters.raw import Raw, decoded
from core.alarm_evaluator import AlarmEvaluator, Transitions
from core.clock import Clock
from core.quality import BAD, REASON, Reason, is_bad, quality
from core.readings import Readings
from edge.control.reported import Reported
from edge.inventory import Installed, Inventory
from edge.journal import Journal
from edge.presence import Presence
from edge.report import Report
from edge.spool import Spool
from edge.tally import Tally
from edge.vision.witness import Witness

REST = 3.0  # ticks may take a quarter of the time; the more work, the more is joined
PAUSE_S = (0.005, 0.1)
BUSY = 20_000  # readings a second; where more come all the time, each message should carry many:
JOIN_S, BUSY_PAUSE_S = 0.01, 0.015  # they are joined from the first on, and after a tick
SMOOTHED_S = 1.0  # so that one burst is no load
UNHEARD_PAUSE_S = 0.5  # nobody listens now, and larger blocks take less room in the spool
LOOK_EVERY_S = 0.25  # for what has gone silent, and for delays of alarms
INBOX = 1_000_000  # readings; beyond it adapters wait
BLOCK = 4_000  # readings in one message: some 40 KB, which no slow link is long busy with

LOST_LINE = quality(BAD, Reason.LOST_LINE)
STALE = quality(BAD, Reason.STALE)
MALFORMED = quality(BAD, Reason.MALFORMED)
OUT_OF_RANGE = quality(BAD, Reason.OUT_OF_RANGE)
ARCHIVE = quality(BAD, Reason.ARCHIVE)

log = structlog.get_logger()


class Pipeline:
    """Adapters `put`, `run` works, the spool keeps."""

    def __init__(self, inventory: Inventory, spool: Spool, journal: Journal, clock: Clock) -> None:
        self.is_heard = False
        self.points = 0  # readings taken in since the start
        self._spool = spool
        self._journal = journal
        self._clock = clock
        self._inbox: list[Item] = []
        self._waiting = 0
        self._stills: dict[str, wire.Condition] = {}  # the latest of each camera, not sent yet
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._looked_at = self._rated_at = clock.monotonic()
        self._rated = 0  # of the points
        self._smoothed = 0.0
        self.install(inventory)

    def install(self, inventory: Inventory) -> None:
        """Work with these numbers from now on. The inbox must hold none of the former ones."""
        now = self._clock.monotonic()
        active, lost = self._journal.active, self._journal.lost_devices()
        self._inventory = inventory
        self._presence = Presence(inventory, lost, now)
        self._report = Report(inventory.deadbands, inventory.column("every_s"))
        self._minimum = inventory.column("minimum", -np.inf)
        self._maximum = inventory.column("maximum", np.inf)
        self._alarms = AlarmEvaluator(
            [(each.number, each.rule) for each in inventory.rules],
            now,
            [each.when for each in inventory.rules],
        )
        self._witness = Witness.of(inventory)
        self.reported = Reported(inventory.signals)
        self.tally = Tally(inventory.signals)
        self._alarms.restore(
            number
            for number, each in enumerate(inventory.rules)
            if (each.device, each.rule.key) in active
        )

    @property
    def devices_lost(self) -> int:
        return int(self._presence.lost.sum())

    def be_heard(self, is_heard: bool) -> None:
        """Note whether the gateway can be reached now."""
        self.is_heard = is_heard

    async def put(self, item: Item) -> None:
        """Take an item from an adapter; wait while the inbox is full."""
        while self._waiting >= INBOX:
            self._emptied.clear()
            await self._emptied.wait()
        self.put_now(item)

    def put_now(self, item: Item) -> None:
        """Take an item from the edge itself, without waiting."""
        self._inbox.append(item)
        self._waiting += len(item) if isinstance(item, Readings | Raw) else 1
        self._arrived.set()

    def tell(self, readings: Readings) -> None:
        """Send what the edge itself found out, as it is: it is no reading of a device."""
        self._send(readings)

    async def run(self) -> None:
        """Work at once when something comes after a rest, and join what comes during the rest.

        Where much comes all the time it is joined before, too: polls of many lines begin at common
        moments, and their answers belong into one message.
        """
        is_busy = False
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._arrived.wait()
            except TimeoutError:
                pass
            if is_busy:
                await asyncio.sleep(JOIN_S)
            await self._spool.room()
            began = self._clock.monotonic()
            self.work()
            least, most = PAUSE_S if self.is_heard else (UNHEARD_PAUSE_S, UNHEARD_PAUSE_S)
            is_busy = self.rate() > BUSY
            if is_busy:
                least = max(least, BUSY_PAUSE_S)
            await asyncio.sleep(min(most, max(least, REST * (self._clock.monotonic() - began))))

    def rate(self) -> float:
        """Give the readings a second of late. Called once a tick."""
        now, points = self._clock.monotonic(), self.points
        fading = math.exp((self._rated_at - now) / SMOOTHED_S)
        self._smoothed = self._smoothed * fading + (points - self._rated) / SMOOTHED_S
        self._rated_at, self._rated = now, points
        return self._smoothed

    def work(self) -> None:
        """Do one tick on everything that has arrived."""
        items, self._inbox = self._inbox, []
        self._waiting = 0
        self._arrived.clear()
        self._emptied.set()
        now, time = self._clock.monotonic(), self._clock.time_ns()
        blocks: list[Readings] = []
        events: list[wire.WireEvent] = []
        run: list[Readings | Raw] = []  # joined before anything looks at them
        for item in items:
            if isinstance(item, Readings | Raw):
                run.append(item)
                continue
            self._take_in(run, blocks, events, now, time)
            run = []
            if isinstance(item, DeviceState):
                self._change_device(item, blocks, events, now)
            else:
                self._take_event(item, events, time)
        self._take_in(run, blocks, events, now, time)
        looks = now - self._looked_at >= LOOK_EVERY_S
        if looks:
            self._looked_at = now
            self._find_silent(blocks, events, now, time)
        if blocks:
            readings = self._judged(Readings.concat(blocks))
            self.tally.note(readings)
            self._witness.note(readings)
            self.reported.note(readings)
            events += self._conditions(self._alarms.evaluate(readings, now))
            self._send(readings.take(self._report.select(readings, now)))
        if looks:
            events += self._conditions(self._alarms.tick(now, time))
            for finding in self._witness.decided(time):
                self._take_event(finding, events, time)
            if not events:
                events += self._next_still()
        if events:
            self._journal.record(events)

    def _take_in(
        self,
        run: Sequence[Readings | Raw],
        blocks: list[Readings],
        events: list[wire.WireEvent],
        now: float,
        time: int,
    ) -> None:
        """Join blocks, and note which devices they show to be there."""
        if not run:
            return
        readings = _joined(run)
        asked_for = readings.signal < self._inventory.signals
        if not asked_for.all():
            log.error("adapter delivers signals that nobody asked for", rows=(~asked_for).sum())
            readings = readings.take(asked_for)
        if not len(readings):
            return
        self.points += len(readings)
        is_archive = (readings.quality & REASON) == Reason.ARCHIVE
        if is_archive.any():
            # What a device kept is neither news of it nor a cause for an alarm now.
            self._send(self._judged(readings.take(is_archive)))
            readings = readings.take(~is_archive)
        blocks.append(readings)
        codes = readings.quality
        answered = (codes != LOST_LINE) & (codes != STALE)
        answered &= self._inventory.is_measured[readings.signal]
        heard, heard_codes = readings.signal[answered], codes[answered]
        self._presence.hear(heard, now)
        # What a broker or a server kept of a device does not show that the device is there.
        for position in self._presence.back(heard[(heard_codes & REASON) != Reason.STALE]):
            self._tell(events, DeviceState(self._presence.device(position), True, time))

    def _change_device(
        self, state: DeviceState, blocks: list[Readings], events: list[wire.WireEvent], now: float
    ) -> None:
        installed = self._inventory.devices.get(state.device)
        if installed is None:
            log.error("adapter speaks of a device that is not there", device=state.device)
            return
        if state.online:
            # Nothing has changed, perhaps; but the device is there and its values stand.
            self._presence.hear(installed.numbers, now)
            if len(self._presence.back(installed.numbers)):
                self._tell(events, state)
        elif self._presence.lose(state.device):
            self._tell(events, state)
            blocks.append(_unknown(installed, LOST_LINE, state.time))

    def _find_silent(
        self, blocks: list[Readings], events: list[wire.WireEvent], now: float, time: int
    ) -> None:
        devices, signals = self._presence.silent(now)
        for position in devices:
            limit = self._presence.limit_s(position)
            self._tell(
                events,
                DeviceState(
                    self._presence.device(position), False, time, f"silent for {limit:g} s"
                ),
            )
        if len(signals):
            blocks.append(Readings.of(signals, time, np.nan, STALE, time))

    def _tell(self, events: list[wire.WireEvent], state: DeviceState) -> None:
        events.append(
            wire.DeviceChange(
                device=state.device, online=state.online, time=state.time, reason=state.reason
            )
        )
        if state.online:
            log.info("device back", device=state.device)
        else:
            log.warning("device lost", device=state.device, reason=state.reason)

    def _judged(self, readings: Readings) -> Readings:
        """Mark as bad what is no number and what is out of its range; an archive stays one."""
        signal, value, codes = readings.signal, readings.value, readings.quality
        wrong = ~((value >= self._minimum[signal]) & (value <= self._maximum[signal]))
        wrong &= ~is_bad(codes)
        if not wrong.any():
            return readings
        reason = np.where(np.isnan(value), MALFORMED, OUT_OF_RANGE)
        reason = np.where((codes & REASON) == Reason.ARCHIVE, ARCHIVE, reason).astype(np.uint8)
        return Readings(
            signal, readings.time, value, np.where(wrong, reason, codes), readings.read_at
        )

    def _take_event(self, event: Event, events: list[wire.WireEvent], time: int) -> None:
        if self._witness.take(event, time):
            return  # until it is known what the head showed
        told = wire.Condition(
            device=event.device,
            condition=event.condition,
            active=event.active,
            time=event.time,
            number=0,
            text={"en": event.text} if event.text else {},
            still=event.still,
            transient=event.transient,
            acknowledged=event.acknowledged,
            by=event.by,
        )
        if event.condition == wire.STILL:
            self._stills[event.device] = told
        else:
            events.append(told)

    def _next_still(self) -> list[wire.Condition]:
        """Give one latest still when the gateway has all that was told: so an alarm waits behind
        one picture at most, however slow the link. What nobody hears is not kept: only the latest
        is worth anything, and the spool has better things to keep."""
        if not self.is_heard:
            self._stills.clear()
        is_told = self._spool.lowest("events") == self._spool.next("events")
        if not (self._stills and is_told):
            return []
        return [self._stills.pop(next(iter(self._stills)))]

    def _conditions(self, found: Transitions) -> Sequence[wire.WireEvent]:
        return [
            wire.Condition(
                device=(rule := self._inventory.rules[number]).device,
                condition=rule.rule.key,
                active=raised,
                time=time,
                number=0,
                value=None if np.isnan(value) else value,
                quality=code,
            )
            for number, raised, time, value, code in zip(
                found.rule.tolist(),
                found.raised.tolist(),
                found.time.tolist(),
                found.value.tolist(),
                found.quality.tolist(),
                strict=True,
            )
        ]

    def _send(self, readings: Readings) -> None:
        for start in range(0, len(readings), BLOCK):
            part = readings.take(np.arange(start, min(start + BLOCK, len(readings))))
            self._spool.append("telemetry", _encoder(part, self._spool, self._inventory.numbering))


def _joined(run: Sequence[Readings | Raw]) -> Readings:
    """Make one block of all. A device is read by one adapter, which gives one kind or the other."""
    raw = [each for each in run if isinstance(each, Raw)]
    blocks = [each for each in run if isinstance(each, Readings)]
    return Readings.concat([*blocks, decoded(raw)] if raw else blocks)


def _encoder(readings: Readings, spool: Spool, numbering: int) -> Callable[[int, int], bytes]:
    columns = wire.columns(readings)

    def encode(seq: int, lowest: int) -> bytes:
        return wire.encode(
            wire.TelemetryBlock(
                edge=spool.edge,
                epoch=spool.epoch,
                seq=seq,
                lowest=lowest,
                numbering=numbering,
                read_at=readings.read_at,
                signal=columns["signal"],
                time=columns["time"],
                value=columns["value"],
                quality=columns["quality"],
            )
        )

    return encode


def _unknown(installed: Installed, code: int, time: int) -> Readings:
    return Readings.of(installed.numbers, time, np.nan, code, time)
