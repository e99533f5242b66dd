"""A whole edge with a real broker and a small gateway, spoken to over the wire format only."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import TypeVar

import msgspec

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from core.configuration import EdgeConfiguration
from core.readings import Readings
from tests.edge.stand import PROFILES, FedLine

T = TypeVar("T", bound=wire.WireEvent)
HEALTH_SIGNALS = len(PROFILES["kvartal-edge"].signals)
TEMPERATURE = HEALTH_SIGNALS  # the first signal of the first device


@dataclass
class Gateway:
    """Takes what an edge sends, and acknowledges it while `acks` is set; events in their order.

    holds: it does not vouch for telemetry. missed: numbers of telemetry that it cannot take.
    next_event: the number that it waits for.
    """

    link: MqttLink
    acks: bool = True
    holds: bool = False
    births: list[wire.Birth] = field(default_factory=list)
    deaths: int = 0
    kinds: list[str] = field(default_factory=list)  # as they came
    events: dict[int, wire.EventBlock] = field(default_factory=dict)
    telemetry: dict[int, Readings] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)  # telemetry that came once more
    missed: set[int] = field(default_factory=set)
    misses: list[int] = field(default_factory=list)  # the same, as often as they came
    next_event: int = 1

    async def run(self) -> None:
        async for batch in self.link.messages():
            for topic, payload in batch:
                self.take(topic.rpartition("/")[2], payload)

    def take(self, kind: str, payload: bytes) -> None:
        self.kinds.append(kind)
        match kind:
            case "birth":
                self.births.append(wire.decode(payload, wire.Birth))
            case "death":
                self.deaths += 1
            case "events":
                events = wire.decode(payload, wire.EventBlock)
                self.events[events.seq] = events
                self.take_in_order(events)
            case _:
                block = wire.decode(payload, wire.TelemetryBlock)
                if block.seq in self.missed:
                    self.misses.append(block.seq)
                    return
                if block.seq in self.telemetry:
                    self.again.append(block.seq)
                self.telemetry[block.seq] = wire.readings(block)
                self.acknowledge(block, "telemetry")

    def take_in_order(self, events: wire.EventBlock) -> None:
        """Wait behind a gap, unless the edge says that it keeps nothing there."""
        if not self.acks:
            return
        self.next_event = max(self.next_event, events.lowest)
        if events.seq < self.next_event:
            self.acknowledge(events, "events")
        while self.next_event in self.events:
            self.acknowledge(self.events[self.next_event], "events")
            self.next_event += 1

    def acknowledge(self, block: wire.Block, stream: wire.Stream) -> None:
        if not self.acks:
            return
        numbers, time = [(block.seq, block.seq)], SystemClock().time_ns()
        ack = wire.Ack(epoch=block.epoch, stream=stream, ranges=numbers, time=time)
        if self.holds and stream == "telemetry":
            ack = msgspec.structs.replace(ack, ranges=[], held=numbers)
        self.send("ack", ack)

    def send(self, kind: str, message: wire.Message) -> None:
        self.link.publish(wire.down("edge-1", kind), wire.encode(message))

    def of(self, kind: type[T]) -> list[T]:
        """Give the events of one kind, in the order of their blocks."""
        blocks = [self.events[seq] for seq in sorted(self.events)]
        return [event for block in blocks for event in block.events if isinstance(event, kind)]

    def temperatures(self) -> list[float]:
        """Give what was measured, in the order of the blocks."""
        return [
            value
            for seq in sorted(self.telemetry)
            for number, value in zip(
                self.telemetry[seq].signal.tolist(), self.telemetry[seq].value.tolist(), strict=True
            )
            if number == TEMPERATURE
        ]


@dataclass
class Running:
    """An edge with one line, and its gateway."""

    gateway: Gateway
    line: FedLine
    start: Callable[[], None]
    stop: Callable[[], Awaitable[None]]

    def measure(self, *values: float) -> None:
        for value in values:
            self.line.queue.put_nowait(Readings.of(TEMPERATURE, 1, value, 0, 1))


RunEdge = Callable[[Callable[[Running], Awaitable[None]]], None]


def own(birth: wire.Birth) -> list[wire.DeviceBirth]:
    """Give what devices were born with, without what the edge tells of its link to each."""
    return [each for each in birth.devices if not each.profile.startswith("kvartal-diagnostics")]


def offer(configuration: EdgeConfiguration) -> wire.ConfigurationOffer:
    document = json.dumps(asdict(configuration)).encode()
    return wire.ConfigurationOffer(revision=configuration.revision, document=document)
