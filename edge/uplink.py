"""Sends what the spool keeps until the gateway says that it is committed.

At each connect: births, then everything unacknowledged in its order, a bounded number of blocks at
a time; alarms have a stream of their own and overtake a backlog of telemetry, of which no more is
handed to the link than leaves it soon. A broker's PUBACK proves nothing; only the gateway's Ack
deletes.

A block that stays without its acknowledgement is stepped over and sent again alone, so that one
that the gateway cannot take does not hold up the others. While nothing at all is acknowledged, one
block at a time asks whether anybody is there.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from adapters import wire
from adapters.mqtt.link import MqttLink, Will
from adapters.wire import Stream
from core.clock import Clock
from core.errors import ConfigError, Permanent, Retryable
from edge.journal import Journal
from edge.pace import MOST_BYTES, Pace
from edge.settings import EdgeSettings
from edge.spool import Spool
from edge.spool_file import Row

WINDOW = 64  # blocks without an acknowledgement
PROBE = 1  # blocks, while nobody acknowledges
STEPPED_OVER = 256  # blocks; the gateway keeps no more alarms behind a gap
RESEND_AFTER_S = 5.0
HELD_FOR_S = 300.0  # longer than any gateway takes to vouch for what it has
WATCH_EVERY_S = 1.0
REBIRTH_EVERY_S = 1.0
REFUSED_PAUSE_S = 30.0
LINK_PAUSE_S = 1.0
GOODBYE_S = 1.0

log = structlog.get_logger()


@dataclass(slots=True)
class Sent:
    """A block under way. at: monotonic. late: stepped over, it takes no room in the window any
    more. after_gap: numbers below it do not exist, which its `lowest` did not say. held_until:
    monotonic, while the gateway has it and does not vouch for it yet."""

    size: int
    at: float
    after_gap: bool
    late: bool = False
    held_until: float = 0.0


@dataclass(slots=True)
class Flow:
    """What of one stream is under way. cursor: the next number to send. Moments are monotonic."""

    stream: Stream
    kind: type[wire.TelemetryBlock | wire.EventBlock]
    cursor: int = 1
    window: int = WINDOW
    in_flight: dict[int, Sent] = field(default_factory=dict)
    moved_at: float = 0.0  # when something was sent into an empty window, or acknowledged
    answered_at: float = 0.0  # when the latest of the acknowledged blocks was sent
    reading: asyncio.Task[None] | None = None

    def in_window(self) -> list[Sent]:
        return [sent for sent in self.in_flight.values() if not sent.late]

    def has_room(self) -> bool:
        sent = self.in_window()
        return len(sent) < self.window and sum(each.size for each in sent) < MOST_BYTES

    def add(self, row: Row, now: float) -> None:
        """Note that a block is sent for the first time since the cursor went back."""
        if not self.in_window():
            self.moved_at = now
        self.in_flight[row.seq] = Sent(len(row.payload), now, after_gap=row.seq > self.cursor)
        self.cursor = row.seq + 1

    def back_to(self, number: int, window: int) -> None:
        """Send again from `number` on, at first no more than `window` blocks."""
        self.cursor = number
        self.in_flight.clear()
        self.window = window

    def settle(self, ranges: Sequence[tuple[int, int]], now: float) -> int | None:
        """Take blocks out of the window; trust grows with each acknowledgement.

        Gives the block that now waits for nothing but a gap: it must be sent again to say so.
        """
        for number in [
            seq for seq in self.in_flight if any(first <= seq <= last for first, last in ranges)
        ]:
            self.answered_at = max(self.answered_at, self.in_flight.pop(number).at)
        self.window = min(WINDOW, self.window * 2)
        self.moved_at = now
        first = min(self.in_flight, default=0)
        if first and self.in_flight[first].after_gap:
            self.in_flight[first].after_gap = False
            return first
        return None

    def hold(self, ranges: Sequence[tuple[int, int]], now: float) -> None:
        """Take blocks out of the window that the gateway has, but may yet lose."""
        for seq, sent in self.in_flight.items():
            if any(first <= seq <= last for first, last in ranges):
                sent.late, sent.held_until = True, now + HELD_FOR_S
                self.answered_at = max(self.answered_at, sent.at)

    def overdue(self, now: float) -> list[int]:
        """Step over what is not acknowledged in time though later ones are, and give what to send
        again, the lowest first. Where nothing is acknowledged at all, begin anew with one block,
        then step over that one, and so on. A gateway that is only slow is not pressed."""
        is_silent = bool(self.in_window()) and now - self.moved_at >= RESEND_AFTER_S
        if is_silent and (self.window > PROBE or len(self.in_flight) > STEPPED_OVER):
            self.back_to(min(self.in_flight), PROBE)
        due = [
            seq
            for seq, sent in self.in_flight.items()
            if now >= max(sent.at + RESEND_AFTER_S, sent.held_until)
            and (sent.late or is_silent or sent.at < self.answered_at)
        ]
        for number in due:
            self.in_flight[number].late = True
        return sorted(due)[: self.window]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the gateway may ask for. on_time: its clock in nanoseconds UTC, with each Ack."""

    on_configuration: Callable[[wire.ConfigurationOffer], None]
    on_command: Callable[[wire.CommandOrder], None]
    on_acknowledge: Callable[[wire.AcknowledgeOrder], None]
    on_time: Callable[[int], None]
    on_heard: Callable[[bool], None]


class Uplink:
    """births: what tells the gateway the meaning of all numbers that may still be sent."""

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        spool: Spool,
        journal: Journal,
        clock: Clock,
        births: Callable[[], list[bytes]],
        orders: Orders,
    ) -> None:
        self._settings = settings
        self._edge = settings.id
        self._spool = spool
        self._journal = journal
        self._clock = clock
        self._births = births
        self._orders = orders
        self._link: MqttLink | None = None
        self._born_at = -REBIRTH_EVERY_S
        self._rebirth: asyncio.TimerHandle | None = None
        self._flows: dict[Stream, Flow] = {
            "events": Flow("events", wire.EventBlock),
            "telemetry": Flow("telemetry", wire.TelemetryBlock),
        }
        self._pace = Pace()
        self._resending: set[asyncio.Task[None]] = set()
        spool.on_append = lambda stream: self._pump(self._flows[stream])

    async def run(self) -> None:
        """Keep the link until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            while True:
                try:
                    await self._hold_link()
                except Permanent as error:
                    log.error("broker refuses this edge", error=str(error))  # noqa: TRY400 - no bug
                    await asyncio.sleep(REFUSED_PAUSE_S)
                except ConfigError as error:  # a file is being replaced, perhaps
                    log.error("link to the broker cannot be opened", error=str(error))  # noqa: TRY400 - no bug
                    await asyncio.sleep(REFUSED_PAUSE_S)
                except Retryable as error:
                    log.warning("link to the broker is built anew", reason=str(error))
                    await asyncio.sleep(LINK_PAUSE_S)

    async def goodbye(self) -> None:
        """Tell an orderly stop, as far as the broker hears it within a second."""
        if self._link is None or not self._link.is_up:
            return
        try:
            self._link.publish(wire.up(self._edge, "death"), self._death())
        except Retryable:
            return
        await self._link.flush(GOODBYE_S)

    def be_born(self) -> None:
        """Send births and then everything that is not acknowledged."""
        if self._link is None or not self._link.is_up:
            return
        if self._rebirth is not None:
            self._rebirth.cancel()
            self._rebirth = None
        self._born_at = self._clock.monotonic()
        try:
            for birth in self._births():
                self._publish("birth", birth)
        except Retryable:
            return  # lost again; the next connect sends them
        for flow in self._flows.values():
            flow.back_to(self._spool.lowest(flow.stream), WINDOW)
        self._journal.record_active_set()
        self._pump_all()

    async def _hold_link(self) -> None:
        async with MqttLink(
            self._settings.broker,
            self._settings.client_id,
            self._settings.user,
            self._settings.broker_password(),
            tls=self._settings.broker_tls,
            will=Will(wire.up(self._edge, "death"), self._death()),
            subscriptions=[wire.down(self._edge, "#")],
            on_connected=self._connected,
            on_lost=self._lost,
        ) as link:
            self._link = link
            try:
                async for batch in link.messages():
                    for topic, payload in batch:
                        self._receive(topic.rpartition("/")[2], payload)
            finally:
                self._link = None
                self._lost("")

    def _connected(self) -> None:
        self._pace = Pace()
        self._orders.on_heard(True)
        self.be_born()

    def _lost(self, _reason: str) -> None:
        self._orders.on_heard(False)
        for flow in self._flows.values():
            flow.in_flight.clear()

    def _death(self) -> bytes:
        return wire.encode(wire.Death(edge=self._edge, epoch=self._spool.epoch))

    # ---- down -------------------------------------------------------------------------------

    def _receive(self, kind: str, payload: bytes) -> None:
        try:
            match kind:
                case "ack":
                    self._settle(wire.decode(payload, wire.Ack))
                case "rebirth":
                    self._take_rebirth(wire.decode(payload, wire.Rebirth))
                case "refusal":
                    reason = wire.decode(payload, wire.Refusal).reason
                    log.error("gateway does not understand this edge", reason=reason)
                case "configuration":
                    self._orders.on_configuration(wire.decode(payload, wire.ConfigurationOffer))
                case "command":
                    self._orders.on_command(wire.decode(payload, wire.CommandOrder))
                case "acknowledge":
                    self._orders.on_acknowledge(wire.decode(payload, wire.AcknowledgeOrder))
                case _:
                    log.warning("message of an unknown kind", kind=kind)
        except wire.WireError as error:
            log.warning("message cannot be understood", kind=kind, error=str(error))

    def _settle(self, ack: wire.Ack) -> None:
        if ack.epoch != self._spool.epoch:
            return
        self._orders.on_time(ack.time)
        self._spool.acknowledge(ack.stream, ack.ranges)
        flow = self._flows[ack.stream]
        flow.hold(ack.held, self._clock.monotonic())
        behind_gap = flow.settle(ack.ranges, self._clock.monotonic())
        if behind_gap is not None:
            task = asyncio.create_task(self._send_again(flow, [behind_gap]))
            self._resending.add(task)
            task.add_done_callback(self._resending.discard)
        self._pump(flow)

    def _take_rebirth(self, rebirth: wire.Rebirth) -> None:
        """Be born again, but not once for every block that the gateway did not understand."""
        if self._rebirth is not None:
            return
        log.info("gateway asks for a birth", reason=rebirth.reason)
        wait = max(0.0, self._born_at + REBIRTH_EVERY_S - self._clock.monotonic())
        self._rebirth = asyncio.get_running_loop().call_later(wait, self.be_born)

    # ---- up ---------------------------------------------------------------------------------

    def _pump_all(self) -> None:
        for flow in self._flows.values():
            self._pump(flow)

    def _pump(self, flow: Flow) -> None:
        """Fill the window: from memory where what comes next is there, otherwise from disk."""
        if self._link is None or not self._link.is_up or flow.reading is not None:
            return
        if flow.cursor >= self._spool.next(flow.stream):
            return
        self._pace.learn(*self._link.settled)
        if not self._has_room(flow, 1):
            return
        if rows := self._spool.in_memory(flow.stream, flow.cursor):
            self._send(flow, rows)
            return
        flow.reading = asyncio.create_task(self._send_from_disk(flow))

    async def _send_from_disk(self, flow: Flow) -> None:
        try:
            first, after = flow.cursor, self._spool.next(flow.stream)
            rows = await self._spool.read(flow.stream, first, self._pace.limit)
            if flow.cursor != first:
                return  # a birth in between
            if not rows:
                flow.cursor = after  # acknowledged or dropped
            lowest = self._spool.lowest(flow.stream)
            self._send(flow, [_relabelled(row, flow, lowest) for row in rows])
        finally:
            flow.reading = None
        self._pump(flow)

    def _send(self, flow: Flow, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._link is None or not self._has_room(flow, len(row.payload)):
                return
            try:
                self._publish(flow.stream, row.payload)
            except Retryable:
                return  # lost, or its queue is full; _watch comes again
            flow.add(row, self._clock.monotonic())

    def _has_room(self, flow: Flow, size: int) -> bool:
        return flow.has_room() and (flow.stream == "events" or self._pace.has_room(size))

    def _publish(self, kind: str, payload: bytes) -> None:
        """Hand a message to the link. Retryable: it takes none."""
        if self._link is None:
            raise Retryable("there is no link")
        self._link.publish(wire.up(self._edge, kind), payload)
        self._pace.hand(self._link.published, len(payload), self._clock.monotonic())

    async def _send_again(self, flow: Flow, numbers: Sequence[int]) -> None:
        """Send blocks that are under way once more, with what is the lowest number today."""
        found = await asyncio.gather(
            *(self._spool.read(flow.stream, number, 1) for number in numbers)
        )
        lowest = self._spool.lowest(flow.stream)
        for number, rows in zip(numbers, found, strict=True):
            sent = flow.in_flight.get(number)
            if self._link is None or sent is None:
                continue  # lost or acknowledged meanwhile
            if not rows or rows[0].seq != number:
                del flow.in_flight[number]  # dropped
                continue
            try:
                payload = _relabelled(rows[0], flow, lowest).payload
                self._publish(flow.stream, payload)
            except Retryable:
                return
            sent.at = self._clock.monotonic()

    async def _watch(self) -> None:
        """Send again what is not acknowledged."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            for flow in self._flows.values():
                if overdue := flow.overdue(self._clock.monotonic()):
                    await self._send_again(flow, overdue)
                self._pump(flow)


def _relabelled(row: Row, flow: Flow, lowest: int) -> Row:
    """Write today's lowest number into a block that comes from disk."""
    block = wire.decode(row.payload, flow.kind)
    return Row(row.seq, row.at, wire.encode(msgspec.structs.replace(block, lowest=lowest)))
