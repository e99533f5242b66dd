"""Sends what the spool keeps until the gateway says that it is committed.

At each connect: births, then everything unacknowledged in its order, a bounded number of blocks at
a time; alarms have a stream of their own and overtake a backlog of telemetry. A broker's PUBACK
proves nothing; only the gateway's Ack deletes.
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
from core.errors import Permanent, Retryable
from edge.journal import Journal
from edge.settings import EdgeSettings
from edge.spool import Spool
from edge.spool_file import Row

WINDOW = 64  # blocks without an acknowledgement
WINDOW_BYTES = 2 * 1024 * 1024
PROBE = 1  # blocks, while nobody acknowledges
RESEND_AFTER_S = 5.0
REBIRTH_EVERY_S = 1.0
REFUSED_PAUSE_S = 30.0
LINK_PAUSE_S = 1.0
GOODBYE_S = 1.0

log = structlog.get_logger()


@dataclass(slots=True)
class Flow:
    """What of one stream is under way. cursor: the next number to send. Moments are monotonic."""

    stream: Stream
    kind: type[wire.TelemetryBlock | wire.EventBlock]
    cursor: int = 1
    window: int = WINDOW
    in_flight: dict[int, int] = field(default_factory=dict)  # bytes, by number
    moved_at: float = 0.0  # when something was sent into an empty window, or acknowledged
    reading: asyncio.Task[None] | None = None

    def has_room(self) -> bool:
        return len(self.in_flight) < self.window and sum(self.in_flight.values()) < WINDOW_BYTES

    def back_to(self, number: int, window: int) -> None:
        """Send again from `number` on, at first no more than `window` blocks."""
        self.cursor = number
        self.in_flight.clear()
        self.window = window

    def settle(self, ranges: Sequence[tuple[int, int]], now: float) -> None:
        """Take blocks out of the window; trust grows with each acknowledgement."""
        for number in [
            seq for seq in self.in_flight if any(first <= seq <= last for first, last in ranges)
        ]:
            del self.in_flight[number]
        self.window = min(WINDOW, self.window * 2)
        self.moved_at = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the gateway may ask for. on_time: its clock in nanoseconds UTC, with each Ack."""

    on_configuration: Callable[[wire.ConfigurationOffer], None]
    on_command: Callable[[wire.CommandOrder], None]
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
                self._link.publish(wire.up(self._edge, "birth"), birth)
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
        flow.settle(ack.ranges, self._clock.monotonic())
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
        if not flow.has_room() or flow.cursor >= self._spool.next(flow.stream):
            return
        if rows := self._spool.in_memory(flow.stream, flow.cursor):
            self._send(flow, rows)
            return
        flow.reading = asyncio.create_task(self._send_from_disk(flow))

    async def _send_from_disk(self, flow: Flow) -> None:
        try:
            first, after = flow.cursor, self._spool.next(flow.stream)
            rows = await self._spool.read(flow.stream, first, WINDOW_BYTES)
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
        topic = wire.up(self._edge, flow.stream)
        for row in rows:
            if self._link is None or not flow.has_room():
                return
            try:
                self._link.publish(topic, row.payload)
            except Retryable:
                return  # lost, or its queue is full; _watch comes again
            if not flow.in_flight:
                flow.moved_at = self._clock.monotonic()
            flow.in_flight[row.seq] = len(row.payload)
            flow.cursor = row.seq + 1

    async def _watch(self) -> None:
        """Send again what nobody acknowledges; one block first, to see whether anybody is there."""
        while True:
            await asyncio.sleep(1.0)
            now = self._clock.monotonic()
            for flow in self._flows.values():
                if flow.in_flight and now - flow.moved_at >= RESEND_AFTER_S:
                    flow.back_to(min(flow.in_flight), PROBE)
                self._pump(flow)


def _relabelled(row: Row, flow: Flow, lowest: int) -> Row:
    """Write today's lowest number into a block that comes from disk."""
    block = wire.decode(row.payload, flow.kind)
    return Row(row.seq, row.at, wire.encode(msgspec.structs.replace(block, lowest=lowest)))
