"""An edge that is written out message by message, on a real broker, before a real gateway."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters import wire
from adapters.mqtt.link import MqttLink, Will
from core.clock import Clock, SystemClock
from core.readings import Readings
from tests.gateway.conftest import TOWN, Gateway, started  # type: ignore[import-not-found]

EPOCH = "00f1e2d3c4b5a697"
WITHIN_S = 10.0
CLOCK = SystemClock()

LAMP = wire.ProfileBirth(
    profile="lamp",
    family="street_light",
    name={"en": "Lamp", "ru": "Фонарь"},
    signals=[
        wire.SignalBirth(key="on", name={"en": "On", "ru": "Горит"}, kind="state"),
        wire.SignalBirth(key="power", name={"en": "Power", "ru": "Мощность"}, unit="W"),
    ],
    alarms=[
        wire.AlarmBirth(
            key="overload",
            signal="power",
            severity="high",
            problem="lighting.lamp",
            name={"en": "Overload", "ru": "Перегрузка"},
        ),
    ],
)


class Edge:
    """An edge that says what a test tells it to, and keeps what comes down."""

    def __init__(self, link: MqttLink) -> None:
        self._link = link
        self.heard: list[tuple[str, bytes]] = []

    async def listen(self) -> None:
        async for batch in self._link.messages():
            self.heard += [(topic.rpartition("/")[2], payload) for topic, payload in batch]

    def send(self, kind: str, message: wire.Message | bytes, name: str = "edge-1") -> None:
        payload = message if isinstance(message, bytes) else wire.encode(message)
        self._link.publish(wire.up(name, kind), payload)

    async def until_sent(self) -> None:
        """Wait until the broker has taken everything."""
        await self._link.flush(WITHIN_S)

    def die(self, name: str = "edge-1") -> None:
        """Say goodbye, as an orderly stop does."""
        self.send("death", wire.Death(edge=name, epoch=EPOCH), name)

    def be_born(self, numbering: int = 1, revision: int = 1, name: str = "edge-1") -> None:
        self.send(
            "birth",
            wire.Birth(
                edge=name,
                epoch=EPOCH,
                numbering=numbering,
                revision=revision,
                software="test",
                sent_at=CLOCK.time_ns(),
                profiles=[LAMP],
                devices=[
                    wire.DeviceBirth(device="lamp-1-head", profile="lamp", first=0),
                    wire.DeviceBirth(device="lamp-2-head", profile="lamp", first=2),
                ],
            ),
            name,
        )

    def say(self, seq: int, value: float, *, numbering: int = 1) -> None:
        """Send one reading of the power of lamp 1, as block `seq`."""
        now = CLOCK.time_ns()
        self.send_readings(seq, Readings.of([1], now, [value], 0, now), numbering=numbering)

    def send_readings(
        self, seq: int, block: Readings, *, numbering: int = 1, lowest: int = 1
    ) -> None:
        """Send readings as block `seq` of telemetry."""
        self.send(
            "telemetry",
            wire.TelemetryBlock(
                edge="edge-1",
                epoch=EPOCH,
                seq=seq,
                lowest=lowest,
                numbering=numbering,
                read_at=block.read_at,
                **wire.columns(block),
            ),
        )

    def tell(self, seq: int, *, active: bool, lowest: int = 1, condition: str = "overload") -> None:
        """Send a condition of lamp 1, raised or cleared, as block `seq` of events."""
        event = wire.Condition(
            device="lamp-1-head",
            condition=condition,
            active=active,
            time=CLOCK.time_ns(),
            number=seq,
        )
        self.send_events(seq, event, lowest=lowest)

    def send_events(self, seq: int, *events: wire.WireEvent, lowest: int = 1) -> None:
        """Send events as block `seq`."""
        block = wire.EventBlock(
            edge="edge-1", epoch=EPOCH, seq=seq, lowest=lowest, events=list(events)
        )
        self.send("events", block)

    def acknowledged(self, stream: str) -> set[int]:
        acks = [wire.decode(each, wire.Ack) for kind, each in self.heard if kind == "ack"]
        return {
            number
            for ack in acks
            if ack.stream == stream
            for first, last in ack.ranges
            for number in range(first, last + 1)
        }

    def heard_of(self, kind: str) -> int:
        return sum(each == kind for each, _ in self.heard)

    def offered(self) -> int:
        """Give the revision of the newest configuration that was offered."""
        offers = [each for kind, each in self.heard if kind == "configuration"]
        return max(
            (wire.decode(each, wire.ConfigurationOffer).revision for each in offers), default=0
        )

    async def until(self, claim: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not claim():
                await asyncio.sleep(0.01)

    async def until_acknowledged(self, stream: str, *numbers: int) -> None:
        await self.until(lambda: set(numbers) <= self.acknowledged(stream))


@asynccontextmanager
async def connected(
    url: str, client: str = "test-edge", name: str = "edge-1"
) -> AsyncIterator[Edge]:
    death = wire.encode(wire.Death(edge=name, epoch=EPOCH))
    async with MqttLink(
        url,
        client,
        will=Will(wire.up(name, "death"), death),
        subscriptions=[wire.down(name, "#")],
    ) as link:
        await link.until_up(WITHIN_S)
        edge = Edge(link)
        listening = asyncio.create_task(edge.listen())
        try:
            yield edge
        finally:
            listening.cancel()


Story = Callable[[Gateway, Edge], Awaitable[None]]


def play(
    folder: Path,
    broker: str,
    story: Story,
    *,
    town: dict[str, Any] = TOWN,
    clock: Clock = CLOCK,
    **options: float | str,
) -> None:
    """Let an edge be there before a gateway is, and then the story happen. options: settings."""

    async def body() -> None:
        async with (
            connected(broker) as edge,
            started(folder, town, broker=broker, clock=clock, **options) as gateway,
        ):
            # The gateway calls the roll as soon as it is there: it may well miss what comes before.
            await edge.until(lambda: edge.heard_of("rebirth") > 0)
            edge.heard.clear()
            await story(gateway, edge)

    asyncio.run(body())
