"""What the edge's tests stand on: a device model, a clock set by hand, a line that a test feeds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from adapters import wire
from adapters.contract import Connection, Item, OpenAdapter, Point
from adapters.profile import Profile, bundled_profiles
from core.clock import SECOND, Clock, to_datetime
from core.configuration import EdgeConfiguration
from core.readings import Readings
from core.registry import Device, Endpoint
from edge.inventory import Inventory
from edge.spool import Spool

BOTH = {"en": "x", "ru": "x"}
HEAT = Profile.model_validate(
    {
        "profile": "heat",
        "family": "heat_point",
        "protocol": "modbus",
        "name": BOTH,
        "source": "made up for tests",
        "signals": [
            {
                "key": "temperature",
                "name": BOTH,
                "minimum": 0,
                "maximum": 100,
                "deadband": 0.5,
                "modbus": {"address": 0},
            },
            {
                "key": "pump",
                "name": BOTH,
                "kind": "state",
                "writable": True,
                "states": {0: BOTH, 1: BOTH},
                "modbus": {"address": 1},
            },
            {
                "key": "setpoint",
                "name": BOTH,
                "writable": True,
                "minimum": 20,
                "maximum": 90,
                "silent_after_s": 600,
                "modbus": {"address": 2},
            },
        ],
        "alarms": [
            {
                "key": "hot",
                "signal": "temperature",
                "test": "above",
                "limit": 80,
                "deadband": 5,
                "severity": "high",
                "problem": "heating.low",
                "name": BOTH,
            }
        ],
    }
)
PROFILES = {**bundled_profiles(), "heat": HEAT}


@dataclass
class HandClock:
    """A clock that stands still until a test moves it."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return to_datetime(self.time_ns())

    def time_ns(self) -> int:
        return int(self.seconds * SECOND)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class FedLine:
    """A line whose items a test puts in; an exception is raised by the stream, None ends it."""

    queue: "asyncio.Queue[Item | Exception | None]" = field(default_factory=asyncio.Queue)
    refusal: Exception | None = None  # raised when the line is opened
    opened: int = 0
    closed: int = 0
    dropped: int = 0
    written: list[tuple[str, float]] = field(default_factory=list)
    answer: Callable[[float], float] = lambda value: value

    def open(self, _protocol: str) -> OpenAdapter:
        return self._open

    @asynccontextmanager
    async def _open(
        self, _endpoint: Endpoint, _points: Sequence[Point], _clock: Clock
    ) -> AsyncIterator[Connection]:
        if self.refusal is not None:
            raise self.refusal
        self.opened += 1
        try:
            yield self
        finally:
            self.closed += 1

    async def stream(self) -> AsyncIterator[Item]:
        while True:
            item = await self.queue.get()
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item

    async def write(self, point: Point, value: float) -> float:
        self.written.append((point.name, value))
        return self.answer(value)


def make_inventory(
    *devices: str, revision: int = 1, numbering: int = 1, protocol: str = ""
) -> Inventory:
    """devices: ids of heat points; each has an endpoint of its own, whose protocol is called
    like the device."""
    configuration = EdgeConfiguration(
        revision=revision,
        edge="edge-1",
        endpoints=tuple(
            Endpoint(id=f"line-{each}", edge="edge-1", protocol=protocol or each, address="")
            for each in devices
        ),
        devices=tuple(
            Device(id=each, profile="heat", endpoint=f"line-{each}", unit="1", name=BOTH, place="p")
            for each in devices
        ),
    )
    return Inventory(configuration, PROFILES, numbering)


@dataclass
class SpoolReader:
    """What a gateway would be given, decoded."""

    spool: Spool

    async def events(self) -> list[wire.WireEvent]:
        rows = await self.spool.read("events", 1, 10**9)
        return [event for row in rows for event in wire.decode(row.payload, wire.EventBlock).events]

    async def readings(self) -> list[Readings]:
        rows = await self.spool.read("telemetry", 1, 10**9)
        return [wire.readings(wire.decode(row.payload, wire.TelemetryBlock)) for row in rows]


async def eventually(claim: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until a claim is true."""
    async with asyncio.timeout(within_s):
        while not claim():
            await asyncio.sleep(0.01)
