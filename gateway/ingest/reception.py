"""What edges send, from the broker to the stores: understood, shown, stored, acknowledged.

Readings are shown as they arrive and stored together; births and events are taken one after
another beside them, so that a flood of readings holds up no alarm and no alarm a reading.

Of several processes all that store share the readings; one takes births and events, in their order;
and each hears everything that it needs to know itself.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import Clock
from core.errors import ConfigError, Permanent, Retryable
from core.readings import Readings
from gateway.ingest.births import NOBODY, Births
from gateway.ingest.clock_watch import ClockWatch
from gateway.ingest.downlink import Downlink
from gateway.ingest.edges import Edges
from gateway.ingest.events import EventWriter
from gateway.ingest.gathering import Gathering
from gateway.ingest.latest import LatestValues, is_believed, misdated, quarantined
from gateway.ingest.sharing import shared, shares
from gateway.ingest.telemetry import TelemetryWriter
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.failures import Unstorable, patiently

EVERYTHING = f"{wire.ROOT}/+/up/+"  # topic filters
READINGS = f"{wire.ROOT}/+/up/telemetry"
WAITING = 1000  # births, events and readings behind a birth; then the broker holds back
REBIRTH_EVERY_S = 2.0  # for one edge
BIRTH_WITHIN_S = 2.0  # another process may still be taking it; after that it is asked for
LOOK_EVERY_S = 0.1  # for it
LINK_PAUSE_S = 1.0
REFUSED_PAUSE_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A block of events of which only the numbers are understood."""

    head: wire.EventHead
    payload: bytes
    error: wire.WireError

    @property
    def edge(self) -> str:
        return self.head.edge


Slow = wire.Birth | wire.EventBlock | wire.TelemetryBlock | wire.Death | Unreadable
T = TypeVar("T", wire.Birth, wire.EventBlock, wire.EventHead, wire.TelemetryBlock, wire.Death)


class Ingest:
    """Hears topics. Run `run` and `take_slow` beside.

    topics: a filter. is_shared: others hear it too, and each message is for one of them. Where the
    broker does not do that each takes all: the stores keep a reading once, whoever brings it.
    latest and clocks: see readings before they are stored. telemetry: stores them. events: takes
    events and births, from `lead` on. on_birth: called when numbers may mean something new.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        database: Database,
        *,
        client: str,
        topics: str,
        is_shared: bool = False,
        births: Births,
        edges: Edges,
        downlink: Downlink,
        latest: LatestValues | None = None,
        clocks: ClockWatch | None = None,
        telemetry: TelemetryWriter | None = None,
        events: EventWriter | None = None,
        on_birth: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._database = database
        self._client = client
        self._topics = topics
        self._is_shared = is_shared
        self.takes_all = False  # though others should have their share
        self._births = births
        self._latest = latest
        self._clocks = clocks
        self._edges = edges
        self._telemetry = telemetry
        self._events = events
        self._downlink = downlink
        self._on_birth = on_birth
        self._gathering = Gathering(self._take_gathered)
        self._slow: asyncio.Queue[Slow] = asyncio.Queue(WAITING)
        self._unborn: dict[str, int] = {}  # births and what waits for them, by edge
        self._asked_at: dict[str, float] = {}
        self._misunderstood = Counter[str]()  # messages of each edge since it was understood
        self._strangers = 0  # messages of edges that the registry does not have
        self._unborn_told: set[str] = set()
        self._missed_at: dict[tuple[str, str, int], float] = {}  # births; monotonic
        self._leads = False

    def lead(self) -> None:
        """Take births and events from now on; what came before is asked for again."""
        self._leads = True
        self._call_roll()

    def forget_births(self, edges: Collection[str]) -> None:
        """Ask the store again what numbers of these edges mean."""
        self._gathering.flush()
        self._births.forget_sessions(edges)

    async def run(self) -> None:
        """Hold the link to the broker for ever."""
        while True:
            try:
                await self._hold_link()
            except Permanent as error:
                log.error("broker refuses the gateway", reason=str(error))  # noqa: TRY400 - no bug
                await asyncio.sleep(REFUSED_PAUSE_S)
            except ConfigError as error:  # a file is being replaced, perhaps
                log.error("link to the broker cannot be opened", error=str(error))  # noqa: TRY400 - no bug
                await asyncio.sleep(REFUSED_PAUSE_S)
            except Retryable as error:
                log.warning("link to the broker is built anew", reason=str(error))
                await asyncio.sleep(LINK_PAUSE_S)

    async def _hold_link(self) -> None:
        async with self._link(self._client, [await self._topics_now()], self._call_roll) as link:
            self._downlink.link = link
            try:
                async for batch in link.messages():
                    for topic, payload in batch:
                        await self._receive(topic, payload)
                        if self._gathering.is_full:
                            await self._hand_over()
                    await self._hand_over()
            finally:
                self._downlink.link = None

    def _link(
        self, client: str, topics: list[str], on_connected: Callable[[], None] = lambda: None
    ) -> MqttLink:
        return MqttLink(
            self._settings.broker,
            client,
            self._settings.broker_user,
            self._settings.broker_password,
            tls=self._settings.broker_tls,
            subscriptions=topics,
            on_connected=on_connected,
        )

    async def _topics_now(self) -> str:
        if not self._is_shared:
            return self._topics
        self.takes_all = not await shares(partial(self._link, f"{self._client}-probe"))
        if not self.takes_all:
            return shared(self._topics)
        log.error(
            "broker grants shared subscriptions and delivers nothing by them: each process stores "
            "all readings; for more than one, use an MQTT 5 broker that shares out (mosquitto 2, "
            "EMQX, VerneMQ …)",
            broker=self._settings.broker,
        )
        return self._topics

    def _call_roll(self) -> None:
        if self._leads and self._downlink.is_up:
            self._edges.call_roll()

    async def _hand_over(self) -> None:
        self._gathering.flush()
        if self._telemetry is not None:
            await self._telemetry.room()

    async def _receive(self, topic: str, payload: bytes) -> None:
        _, _, edge, _, kind = topic.split("/", 4)
        if not self._edges.is_known(edge):
            self._refuse_stranger(edge, kind)
            return
        try:
            await self._sort(edge, kind, payload)
        except wire.WireError as error:
            self._refuse(edge, kind, str(error))

    def _refuse(self, edge: str, kind: str, reason: str) -> None:
        self._misunderstand(edge, reason)
        is_ours = kind != "telemetry" or self._telemetry is not None
        if is_ours and kind != "death":  # a will of an old version would be answered for ever
            self._downlink.send(edge, "refusal", wire.Refusal(reason=reason))

    def _refuse_stranger(self, edge: str, kind: str) -> None:
        """Tell an edge that the registry does not have, where it asks who it is: at its birth."""
        self._strangers += 1
        if str(self._strangers).strip("0") == "1":  # 1, 10, 100, …
            log.warning("edge is not in the registry", edge=edge[:64], refused=self._strangers)
        if kind == "birth" and self._leads:
            refusal = wire.Refusal(reason=f"{edge[:64]} is not in the registry of the gateway")
            self._downlink.send(edge, "refusal", refusal)

    def _misunderstand(self, edge: str, reason: str) -> None:
        self._edges.refuse(edge, reason)
        self._misunderstood[edge] += 1
        if self._misunderstood[edge] == 1:
            log.warning("edge is not understood", edge=edge, reason=reason)

    async def _sort(self, edge: str, kind: str, payload: bytes) -> None:
        if kind != "telemetry" and not self._leads:
            return
        match kind:
            case "telemetry":
                telemetry = self._understood(edge, payload, wire.TelemetryBlock)
                if self._leads and self._edges.is_gone(edge) and not self._unborn.get(edge):
                    self._ask_for_birth(edge, "it counted as gone")
                if not self._unborn.get(edge) and await self._gather(telemetry):
                    return
                await self._put_slow(edge, telemetry)
            case "events":
                await self._put_slow(edge, self._events_of(edge, payload))
            case "birth":
                await self._put_slow(edge, self._understood(edge, payload, wire.Birth))
            case "death":
                await self._put_slow(edge, self._understood(edge, payload, wire.Death))
            case _:
                raise wire.WireError(f"message of the kind {kind} is not known")

    def _events_of(self, edge: str, payload: bytes) -> wire.EventBlock | Unreadable:
        """Give a block of events, or what is to be put aside: it would hold up all behind it.

        WireError where not even its numbers are understood, so that it cannot be acknowledged.
        """
        try:
            return self._understood(edge, payload, wire.EventBlock)
        except wire.WireError as error:
            return Unreadable(self._understood(edge, payload, wire.EventHead), payload, error)

    def _understood(self, edge: str, payload: bytes, kind: type[T]) -> T:
        message = wire.decode(payload, kind)
        if message.edge != edge:
            raise wire.WireError(f"{kind.__name__} of {message.edge} came on the topic of {edge}")
        self._edges.hear(edge)
        if edge in self._misunderstood:
            refused = self._misunderstood.pop(edge)
            log.info("edge is understood again", edge=edge, refused=refused)
        return message

    # ---- readings ---------------------------------------------------------------------------

    async def _gather(self, block: wire.TelemetryBlock) -> bool:
        """Take a block, to be shown and stored with others; False where its numbering is not in
        memory."""
        if self._births.resolved(block.edge, block.epoch, block.numbering) is None:
            return False
        if self._telemetry is None or await self._telemetry.is_new(block):
            self._gathering.add(block)
        return True

    def _take_gathered(self, blocks: Sequence[wire.TelemetryBlock]) -> None:
        """Show and store blocks of one numbering. Those that an edge's wrong clock has dated are
        each judged by it."""
        now = self._clock.time_ns()
        if all(is_believed(block.read_at, now) for block in blocks):
            self._take_readings(blocks, now)
        else:
            for block in blocks:
                self._take_readings([block], now)

    def _take_readings(self, blocks: Sequence[wire.TelemetryBlock], now: int) -> None:
        edge = blocks[0].edge
        series = self._births.resolved(edge, blocks[0].epoch, blocks[0].numbering)
        assert series is not None  # noqa: S101 - what is in memory stays there
        came = wire.readings(*blocks)
        # A number that was never born means nothing, now and later; the rest of the block does.
        is_born = came.signal < len(series)
        if not is_born.all():
            self._tell_unborn(edge, int(came.signal.max()), len(series))
            came = came.take(is_born)
        numbers = series[came.signal]
        known = Readings(numbers, came.time, came.value, came.quality, came.read_at)
        if (numbers == NOBODY).any():
            known = known.take(numbers != NOBODY)
        off = misdated(known, now)
        if self._clocks is not None:
            self._clocks.note(edge, known, off, now)
        is_off = bool(off.any())
        if is_off:
            known = quarantined(known, off)
        if self._latest is not None:
            self._latest.take(known.take(~off) if is_off else known, now)
        if self._telemetry is not None:
            self._telemetry.put(blocks, known)

    def _tell_unborn(self, edge: str, signal: int, born: int) -> None:
        """Tell, once until the next birth, that readings are dropped."""
        if edge not in self._unborn_told:
            self._unborn_told.add(edge)
            log.warning("readings of unborn signals dropped", edge=edge, signal=signal, born=born)

    # ---- births, deaths and events ----------------------------------------------------------

    async def _put_slow(self, edge: str, message: Slow) -> None:
        self._gathering.flush()
        if not isinstance(message, wire.EventBlock | Unreadable):
            self._unborn[edge] = self._unborn.get(edge, 0) + 1
        if isinstance(message, wire.TelemetryBlock):
            self._missed_at.setdefault(_session_of(message), self._clock.monotonic())
        await self._slow.put(message)

    async def take_slow(self) -> None:
        """Take births, deaths, events, and readings that wait for a birth, for ever."""
        while True:
            message = await self._slow.get()
            if not isinstance(message, wire.TelemetryBlock):
                self._gathering.flush()
            if self._edges.is_known(message.edge):  # it may have left the registry meanwhile
                await patiently(partial(self._take_slow, message))
            if not isinstance(message, wire.EventBlock | Unreadable):
                self._unborn[message.edge] = self._unborn.get(message.edge, 1) - 1

    async def _take_slow(self, message: Slow) -> None:
        match message:
            case wire.EventBlock() if self._events is not None:
                await self._events.take(message)
            case Unreadable() if self._events is not None:
                await self._events.take_unreadable(message.head, message.payload, message.error)
            case wire.Birth():
                await self._take_birth(message)
            case wire.Death():
                await self._edges.lose(message.edge, "it said goodbye, or its line broke")
            case wire.TelemetryBlock():
                await self._take_late_readings(message)

    async def _take_birth(self, birth: wire.Birth) -> None:
        try:
            await self._edges.take_birth(birth)
        except Unstorable as error:
            self._misunderstand(birth.edge, f"its birth cannot be stored: {error}")
            return
        self._unborn_told.discard(birth.edge)
        self._on_birth()

    async def _take_late_readings(self, block: wire.TelemetryBlock) -> None:
        """Take a block whose birth is behind us now, or is only in the store."""
        await self._resolve(_session_of(block))
        try:
            if not await self._gather(block) and self._telemetry is not None:
                numbering = f"numbering {block.numbering} of epoch {block.epoch}"
                self._ask_for_birth(block.edge, f"{numbering} is not known")
        except wire.WireError as error:
            self._refuse(block.edge, "telemetry", str(error))
        if self._slow.empty() or self._gathering.is_full:
            await self._hand_over()

    async def _resolve(self, numbering: tuple[str, str, int]) -> None:
        """Look for a birth in the store, as long as another process may yet put it there."""
        missed_at = self._missed_at.get(numbering, -BIRTH_WITHIN_S)
        while self._births.resolved(*numbering) is None:
            async with self._database.reading() as session:
                found = await self._births.resolve(session, *numbering)
            if found is None:
                if self._leads or self._clock.monotonic() >= missed_at + BIRTH_WITHIN_S:
                    return
                await asyncio.sleep(LOOK_EVERY_S)
        self._missed_at.pop(numbering, None)

    def _ask_for_birth(self, edge: str, reason: str) -> None:
        now = self._clock.monotonic()
        if now - self._asked_at.get(edge, -REBIRTH_EVERY_S) < REBIRTH_EVERY_S:
            return
        self._asked_at[edge] = now
        self._downlink.send(edge, "rebirth", wire.Rebirth(reason=reason))


def _session_of(block: wire.TelemetryBlock) -> tuple[str, str, int]:
    return block.edge, block.epoch, block.numbering
