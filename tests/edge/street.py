"""A street to be governed: a cabinet and a lamp over a real broker, a traffic controller over
Modbus TCP, an edge between them, a gateway that may be there, and a clock that a test moves."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import SECOND, to_datetime, to_nanoseconds
from core.configuration import EdgeConfiguration
from core.program import Program
from core.registry import Device, Endpoint
from edge.inventory import Inventory
from edge.node import Edge
from edge.settings import EdgeSettings
from tests.adapters.modbus_server import ModbusServer
from tests.edge.stand import BOTH, PROFILES, eventually

T = TypeVar("T", bound=wire.WireEvent)
NOBODY = "mqtt://127.0.0.1:1"
PLAN, FLASH, PRIORITY = 0, 9, 10  # holding registers of generic-traffic-controller


@dataclass
class MovedClock:
    """Two clocks that a test moves: what time it is, and how much has passed."""

    wall: datetime
    passed: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def time_ns(self) -> int:
        return to_nanoseconds(self.wall)

    def monotonic(self) -> float:
        return self.passed

    def advance(self, to: datetime) -> None:
        """Let time pass until then."""
        self.passed += (to - self.wall).total_seconds()
        self.wall = to

    def wait(self, seconds: float) -> None:
        self.advance(to_datetime(self.time_ns() + int(seconds * SECOND)))


@dataclass
class Talker:
    """An MQTT device that tells its state ten times a second and takes what it is told to set.

    obeys: whether it does. orders: what it was told, in order.
    """

    topic: str
    clock: MovedClock
    state: dict[str, float]
    obeys: bool = True
    orders: list[dict[str, float]] = field(default_factory=list)

    async def run(self, broker: str) -> None:
        name = self.topic.replace("/", "-")
        async with MqttLink(broker, name, subscriptions=[f"{self.topic}/set"]) as link:
            await link.until_up(10)
            async with asyncio.TaskGroup() as group:
                group.create_task(self.hear(link))
                group.create_task(self.tell(link))

    async def hear(self, link: MqttLink) -> None:
        async for batch in link.messages():
            for _, payload in batch:
                order = json.loads(payload)
                self.orders.append(order)
                if self.obeys:
                    self.state.update(order)

    async def tell(self, link: MqttLink) -> None:
        while True:
            message = self.state | {"time": self.clock.wall.isoformat()}
            link.publish(self.topic, json.dumps(message).encode())
            await asyncio.sleep(0.1)


@dataclass
class Gateway:
    """Acknowledges everything at the time of its own clock, and remembers what it was told."""

    link: MqttLink
    clock: MovedClock
    births: dict[int, wire.Birth] = field(default_factory=dict)
    events: dict[int, list[wire.WireEvent]] = field(default_factory=dict)
    values: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    async def run(self) -> None:
        async for batch in self.link.messages():
            for topic, payload in batch:
                self.take(topic.rpartition("/")[2], payload)

    def take(self, kind: str, payload: bytes) -> None:
        match kind:
            case "birth":
                birth = wire.decode(payload, wire.Birth)
                self.births[birth.numbering] = birth
            case "events":
                events = wire.decode(payload, wire.EventBlock)
                self.events[events.seq] = events.events
                self.acknowledge(events, "events")
            case "telemetry":
                block = wire.decode(payload, wire.TelemetryBlock)
                self.learn(block)
                self.acknowledge(block, "telemetry")

    def learn(self, block: wire.TelemetryBlock) -> None:
        names = dict(numbered(self.births[block.numbering]))
        found = wire.readings(block)
        for number, value, quality in zip(
            found.signal.tolist(), found.value.tolist(), found.quality.tolist(), strict=True
        ):
            self.values[names[number]] = value, quality

    def acknowledge(self, block: wire.Block, stream: wire.Stream) -> None:
        ranges = [(block.seq, block.seq)]
        time = self.clock.time_ns()
        self.send("ack", wire.Ack(epoch=block.epoch, stream=stream, ranges=ranges, time=time))

    def send(self, kind: str, message: wire.Message) -> None:
        self.link.publish(wire.down("edge-1", kind), wire.encode(message))

    def value(self, device: str, signal: str) -> float:
        return self.values.get((device, signal), (math.nan, 0))[0]

    def of(self, kind: type[T]) -> list[T]:
        """Give the events of one kind, in the order of their blocks."""
        blocks = [self.events[seq] for seq in sorted(self.events)]
        return [event for block in blocks for event in block if isinstance(event, kind)]

    def conditions(self) -> list[tuple[str, bool]]:
        return [(each.condition, each.active) for each in self.of(wire.Condition)]

    async def command(self, device: str, signal: str, value: float) -> wire.CommandResult:
        """Give an order and wait for what became of it."""
        name = f"c-{len(self.of(wire.CommandResult))}-{signal}"
        expires_at = self.clock.time_ns() + 3600 * SECOND
        order = wire.CommandOrder(
            command=name, device=device, signal=signal, value=value, expires_at=expires_at
        )
        self.send("command", order)
        await eventually(lambda: self.result(name), 20)
        return self.result(name)[0]

    def result(self, name: str) -> list[wire.CommandResult]:
        return [each for each in self.of(wire.CommandResult) if each.command == name]


def numbered(birth: wire.Birth) -> Iterator[tuple[int, tuple[str, str]]]:
    signals = {each.profile: each.signals for each in birth.profiles}
    for each in birth.devices:
        for number, signal in enumerate(signals[each.profile], each.first):
            yield number, (each.device, signal.key)


@dataclass
class Street:
    """gateway: None where the link to it is cut. edge_clock: that of the edge alone."""

    clock: MovedClock
    edge_clock: MovedClock
    cabinet: Talker
    lamp: Talker
    junction: ModbusServer
    gateway: Gateway | None
    configuration: EdgeConfiguration
    settings: EdgeSettings
    _running: list[tuple[asyncio.Event, asyncio.Task[None]]] = field(default_factory=list)

    @property
    def told(self) -> Gateway:
        assert self.gateway is not None
        return self.gateway

    @property
    def plan(self) -> int:
        return self.junction.words(1, "holding")[PLAN]

    async def start(self) -> None:
        """Start the edge, as it is after a power cut too."""
        node = Edge(self.settings, PROFILES, self.edge_clock, self.configuration)
        stop, ready = asyncio.Event(), asyncio.Event()

        def on_ready(_inventory: Inventory) -> None:
            ready.set()

        task = asyncio.create_task(node.run(stop, on_ready))
        self._running.append((stop, task))
        await eventually(lambda: ready.is_set() or task.done())

    async def stop(self) -> None:
        stop, task = self._running.pop()
        stop.set()
        async with asyncio.timeout(20):
            await task

    def advance(self, to: datetime) -> None:
        """Let time pass everywhere."""
        by = (to - self.clock.wall).total_seconds()
        self.wait(by)

    def wait(self, seconds: float) -> None:
        self.clock.wait(seconds)
        if self.edge_clock is not self.clock:
            self.edge_clock.wait(seconds)


Scene = Callable[[Street], Awaitable[None]]


def play(
    scene: Scene,
    *programs: Program,
    folder: Path,
    broker: str,
    at: datetime,
    gateway: bool = True,
    edge_at: datetime | None = None,
) -> None:
    """Run a scene in a street that begins at a moment. edge_at: the edge's clock, where it differs.

    gateway: whether its link is there; the devices have theirs in any case.
    """

    async def main() -> None:
        clock = MovedClock(at)
        edge_clock = MovedClock(edge_at) if edge_at else clock
        async with AsyncExitStack() as stack:
            junction = await stack.enter_async_context(ModbusServer())
            junction.words(1, "holding").update({PLAN: 1})
            cabinet = Talker("town/cabinet/a", clock, {"mains": 1, "voltage": 231, "contactor": 0})
            lamp = Talker("town/lamp/1", clock, {"on": 1, "level": 0, "power": 1})
            for talker in (cabinet, lamp):
                await stack.enter_async_context(running(talker.run(broker)))
            there = None
            if gateway:
                link = await stack.enter_async_context(
                    MqttLink(broker, "gateway", subscriptions=["kvartal/1/+/up/#"])
                )
                await link.until_up(10)
                there = Gateway(link, clock)
                await stack.enter_async_context(running(there.run()))
            street = Street(
                clock=clock,
                edge_clock=edge_clock,
                cabinet=cabinet,
                lamp=lamp,
                junction=junction,
                gateway=there,
                configuration=configuration(broker, junction.port, programs),
                settings=EdgeSettings(
                    id="edge-1", broker=broker if gateway else NOBODY, data_dir=folder / "data"
                ),
            )
            await street.start()
            try:
                await scene(street)
            finally:
                while street._running:
                    await street.stop()

    asyncio.run(main())


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """Do something meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def configuration(
    broker: str, modbus_port: int, programs: tuple[Program, ...]
) -> EdgeConfiguration:
    modbus = f"modbus+tcp://127.0.0.1:{modbus_port}"
    devices = (
        ("cab-1", "generic-feeder-cabinet", "radio", "a"),
        ("lamp-1", "generic-street-light", "radio", "1"),
        ("traffic-1", "generic-traffic-controller", "corner", "1"),
    )
    return EdgeConfiguration(
        revision=1,
        edge="edge-1",
        endpoints=(
            Endpoint(id="radio", edge="edge-1", protocol="mqtt", address=broker),
            Endpoint(id="corner", edge="edge-1", protocol="modbus", address=modbus),
        ),
        devices=tuple(
            Device(id=each, profile=profile, endpoint=line, unit=unit, name=BOTH, place="")
            for each, profile, line, unit in devices
        ),
        programs=programs,
    )
