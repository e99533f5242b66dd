"""One edge of the region, from its uplink on: births, blocks kept until acknowledged, alarms."""

import asyncio
import math
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import Clock
from core.errors import Retryable
from simulators.region.ledger import Ledger, Page
from simulators.region.plan import EdgePlan, Kind, Part

POINTS = 4_000  # in a block at most
WINDOW = 64  # blocks under way
KEPT = 256  # blocks; with so many unacknowledged the devices of this edge wait
RESEND_AFTER_S = 5.0
REBIRTH_EVERY_S = 1.0
NUMBERING, REVISION = 1, 1


@dataclass(slots=True)
class Block:
    payload: bytes
    points: int
    sent_at: float | None = None


@dataclass(slots=True)
class Flow:
    """A stream: what is not acknowledged, by number, ascending. Moments are monotonic seconds."""

    stream: wire.Stream
    next: int = 1
    kept: dict[int, Block] = field(default_factory=dict)
    unsent: deque[int] = field(default_factory=deque)
    acknowledged: int = 0  # blocks
    moved_at: float = 0.0  # when one was acknowledged last
    answered_at: float = 0.0  # when the latest of the acknowledged ones was sent

    @property
    def lowest(self) -> int:
        return next(iter(self.kept), self.next)

    def keep(self, payload: bytes, points: int) -> None:
        self.kept[self.next] = Block(payload, points)
        self.unsent.append(self.next)
        self.next += 1

    def start_anew(self) -> None:
        """Send everything again."""
        self.unsent = deque(self.kept)
        for block in self.kept.values():
            block.sent_at = None

    def settle(self, number: int, now: float) -> int:
        """Forget a block that is acknowledged; give its readings."""
        block = self.kept.pop(number, None)
        if block is None:
            return 0
        self.acknowledged += 1
        self.moved_at = now
        self.answered_at = max(self.answered_at, block.sent_at or 0.0)
        return block.points

    def overdue(self, now: float) -> list[Block]:
        """Give what to send again, as an edge does: a gateway that is only slow is not pressed."""
        late = now - RESEND_AFTER_S
        before = math.inf if self.moved_at < late else self.answered_at
        return [
            block
            for block in self.kept.values()
            if block.sent_at is not None and block.sent_at < min(late, before)
        ]


class SimulatedEdge:
    """sent, acknowledged: readings. Whoever calls `speak` looks at `is_behind` before."""

    def __init__(self, plan: EdgePlan, broker: str, password: str, clock: Clock) -> None:
        self.plan = plan
        self.epoch = secrets.token_hex(8)
        self.sent = 0
        self.acknowledged = 0
        self.again = 0  # blocks sent more than once
        self.births = 0
        self.cursors = [0.0 for _ in plan.parts]
        self.active: dict[tuple[str, str], int] = {}
        self._broker = broker
        self._password = password
        self._clock = clock
        self._events, self._telemetry = Flow("events"), Flow("telemetry")
        self._link: MqttLink | None = None
        self._hang_up = asyncio.Event()
        self._conditions = 0
        self._born_at = -REBIRTH_EVERY_S
        self._rebirth: asyncio.TimerHandle | None = None
        self._value = np.zeros(plan.signals)
        self._devices = [
            wire.DeviceBirth(
                device=plan.device(part.kind, number),
                profile=part.kind.profile,
                first=part.first + number * part.kind.signals,
            )
            for part in plan.parts
            for number in range(part.devices)
        ]

    @property
    def page(self) -> Page:
        return Page(self.plan.id, self.epoch, self.plan.offset, self.plan.signals)

    @property
    def is_behind(self) -> bool:
        return len(self._telemetry.kept) >= KEPT

    @property
    def waiting(self) -> int:
        """Tell how many readings are not acknowledged."""
        return self.sent - self.acknowledged

    @property
    def is_done(self) -> bool:
        return not (self._telemetry.kept or self._events.kept)

    # ---- what its devices do ----------------------------------------------------------------

    def speak(self, reports: Mapping[Part, float], time: int, ledger: Ledger) -> None:
        """Have the next devices of some parts report, one after another, in blocks together, as an
        edge sends what it read in one turn. time: nanoseconds UTC.
        """
        said = [self._numbers(part, count) for part, count in reports.items()]
        numbers = np.concatenate(said) if said else np.empty(0, np.int64)
        if not len(numbers):
            return
        values = self._value[numbers] = (self._value[numbers] + 1 + numbers % 7) % 100_000
        ledger.note(self.plan.offset, numbers.astype(np.uint32), time, values)
        for start in range(0, len(numbers), POINTS):
            part_of = slice(start, start + POINTS)
            self._keep(numbers[part_of].astype(np.uint32), values[part_of], time)
        self._pump()

    def _numbers(self, part: Part, reports: float) -> NDArray[np.int64]:
        """Give the signals of the devices of a part that are next."""
        index = self.plan.parts.index(part)
        first = int(self.cursors[index])
        self.cursors[index] += min(reports, part.devices)
        devices = np.arange(first, int(self.cursors[index])) % part.devices
        self.cursors[index] %= part.devices
        signals = part.kind.signals
        return (part.first + devices[:, None] * signals + np.arange(signals)).ravel()

    def _keep(self, numbers: NDArray[np.uint32], values: NDArray[np.float64], time: int) -> None:
        flow = self._telemetry
        block = wire.TelemetryBlock(
            edge=self.plan.id, epoch=self.epoch, seq=flow.next, lowest=flow.lowest,
            numbering=NUMBERING, read_at=time, signal=numbers.tobytes(),
            time=np.full(len(numbers), time, np.int64).tobytes(), value=values.tobytes(),
            quality=bytes(len(numbers)),
        )  # fmt: skip
        flow.keep(wire.encode(block), len(numbers))
        self.sent += len(numbers)

    def alarm(self, kind: Kind, number: int, time: int, *, active: bool) -> tuple[str, str]:
        """Raise or clear the alarm of a device; give what the ledger calls it."""
        which = (self.plan.device(kind, number), kind.alarm)
        self._conditions += 1
        if active:
            self.active[which] = time
        else:
            del self.active[which]
        self._tell(
            wire.Condition(
                device=which[0], condition=which[1], active=active, time=time,
                number=self._conditions, value=1.0,
            )
        )  # fmt: skip
        return which

    def _tell(self, event: wire.WireEvent) -> None:
        flow = self._events
        block = wire.EventBlock(
            edge=self.plan.id, epoch=self.epoch, seq=flow.next, lowest=flow.lowest, events=[event]
        )
        flow.keep(wire.encode(block), 0)
        self._pump()

    def hang_up(self) -> None:
        """Lose the link; it is built anew at once."""
        self._hang_up.set()

    # ---- its uplink -------------------------------------------------------------------------

    async def run(self) -> None:
        """Hold the link until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            while True:
                self._hang_up.clear()
                await self._hold_link()

    async def until_born(self) -> None:
        """Wait until the gateway has taken a birth and what came after it."""
        while not self._events.acknowledged:  # noqa: ASYNC110 - hundreds of edges, each once
            await asyncio.sleep(0.05)

    async def _hold_link(self) -> None:
        async with MqttLink(
            self._broker, f"region-{self.plan.id}", self.plan.id, self._password,
            subscriptions=[wire.down(self.plan.id, "#")], on_connected=self._be_born,
        ) as link:  # fmt: skip
            self._link = link
            hearing = asyncio.create_task(self._hear(link))
            await self._hang_up.wait()
            hearing.cancel()
            await asyncio.wait([hearing])
            self._publish("death", wire.encode(wire.Death(edge=self.plan.id, epoch=self.epoch)))
            self._link = None

    def _be_born(self) -> None:
        self._rebirth = None
        self._born_at = self._clock.monotonic()
        self.births += 1
        now = self._clock.time_ns()
        birth = wire.Birth(
            edge=self.plan.id, epoch=self.epoch, numbering=NUMBERING, revision=REVISION,
            software="region", sent_at=now, devices=self._devices,
            profiles=[part.kind.birth() for part in self.plan.parts],
        )  # fmt: skip
        self._publish("birth", wire.encode(birth))
        for flow in (self._events, self._telemetry):
            flow.start_anew()
        active = [
            wire.ActiveCondition(device=device, condition=condition, since=since)
            for (device, condition), since in self.active.items()
        ]
        self._tell(wire.ActiveSet(time=now, conditions=active))

    async def _hear(self, link: MqttLink) -> None:
        async for batch in link.messages():
            for topic, payload in batch:
                kind = topic.rpartition("/")[2]
                if kind == "ack":
                    self._settle(wire.decode(payload, wire.Ack))
                elif kind == "rebirth":
                    self._take_rebirth()
            self._pump()

    def _take_rebirth(self) -> None:
        if self._rebirth is None:
            wait = max(0.0, self._born_at + REBIRTH_EVERY_S - self._clock.monotonic())
            self._rebirth = asyncio.get_running_loop().call_later(wait, self._be_born)

    def _settle(self, ack: wire.Ack) -> None:
        flow = self._events if ack.stream == "events" else self._telemetry
        for first, last in ack.ranges:
            for number in range(first, last + 1):
                self.acknowledged += flow.settle(number, self._clock.monotonic())

    def _pump(self) -> None:
        for flow in (self._events, self._telemetry):
            under_way = len(flow.kept) - len(flow.unsent)
            while flow.unsent and under_way < WINDOW:
                number = flow.unsent[0]
                if number in flow.kept:
                    if not self._publish(flow.stream, flow.kept[number].payload):
                        return
                    flow.kept[number].sent_at = self._clock.monotonic()
                    under_way += 1
                flow.unsent.popleft()

    def _publish(self, kind: str, payload: bytes) -> bool:
        """Hand a message to the link; False where it takes none now."""
        if self._link is None:
            return False
        try:
            self._link.publish(wire.up(self.plan.id, kind), payload)
        except Retryable:
            return False
        return True

    async def _watch(self) -> None:
        """Send again what is not acknowledged in time."""
        while True:
            await asyncio.sleep(1.0)
            for flow in (self._events, self._telemetry):
                for block in flow.overdue(self._clock.monotonic()):
                    if not self._publish(flow.stream, block.payload):
                        break
                    block.sent_at = self._clock.monotonic()
                    self.again += 1
            self._pump()
