"""A part of the city goes dark: ten thousand alarms in ten seconds, while dispatchers work.

Feeder cabinets lose their mains and each lamp behind them falls silent, in no order. A real gateway
takes the alarms through a real broker from what stands for an edge; a page asks for the worklist
all the while. What counts is when the last alarm is committed, how many cases are left of them, and
how long a page waits. The ceiling is the time in which the alarms came.
"""

import asyncio
import json
import random
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from simulators.bench.measure import Processor, Result, percentile
from simulators.bench.stand import say
from simulators.people.api import Api
from simulators.stage.children import CannotStart, Children
from simulators.stage.hub import Hub, Person, token
from simulators.stage.ports import free_port

EDGE, PLACE = "edge-1", "bank"
LAMPS = 99  # behind each cabinet
AT_ONCE = 50  # events in a block
TOOK_S = 10.0
ASK_EVERY_S = 0.2
PATIENCE_S = 300.0
PROFILES = {
    "cabinet": ("mains_lost", "high", "lighting.cabinet", "equals"),
    "lamp": ("silent", "low", "lighting.lamp", "silent"),
}


@dataclass(slots=True)
class Page:
    """How long a page has waited for the worklist, each time, in milliseconds."""

    waits: list[float] = field(default_factory=list)


async def measure(state: Path, alarms: int) -> Result:
    """Raise so many alarms at once. state: an empty folder."""
    clock = SystemClock()
    cabinets = max(1, alarms // (LAMPS + 1))
    hub = Hub(state=state, broker_port=free_port(), port=free_port(), edge=EDGE)
    hub.write_secrets()
    children = Children(state / "logs", clock, say)
    gateway, page = hub.gateway(), Page()
    try:
        person = Person("dispatcher", PLACE, "Bench")
        (link,) = await hub.prepare(_registry(state, cabinets), [person])
        for child in (hub.broker(), gateway):
            await children.start(child)
            await children.wait_ready(child)
        if gateway.process is None:
            raise CannotStart("the gateway has ended")
        api = Api(hub.address)
        await asyncio.to_thread(api.sign_in, token(link))
        processor = Processor([gateway.process.pid])
        async with _source(hub, cabinets) as source, _asking(api, page):
            before, began = processor.seconds(), clock.monotonic()
            await source.raise_all(_alarms(cabinets, clock.time_ns()))
            committed = clock.monotonic() - began
            spent = processor.seconds() - before
        cases = await asyncio.to_thread(api.get, "/api/v1/cases")
    finally:
        await children.stop()
    told = cabinets * (LAMPS + 1)
    return Result(
        bench="outage",
        unit="s",
        ours=committed,
        ceiling=TOOK_S,
        ratio=TOOK_S / committed,
        lost=told - sum(case["incidents"] for case in cases),
        more={
            "alarms": told,
            "causes": cabinets,
            "cases": len(cases),
            "worklist_p50_ms": percentile(page.waits, 50),
            "worklist_p99_ms": percentile(page.waits, 99),
            "worklist_max_ms": percentile(page.waits, 100),
            "worklist_asked": len(page.waits),
            "cpu_s": spent,
        },
    )


class Source:
    """An edge that is nothing but its uplink. committed: the blocks that were acknowledged."""

    def __init__(self, link: MqttLink, epoch: str) -> None:
        self._link = link
        self._epoch = epoch
        self._clock = SystemClock()
        self.committed: set[int] = set()

    def send(self, kind: str, message: wire.Message) -> None:
        self._link.publish(wire.up(EDGE, kind), wire.encode(message))

    async def hear(self) -> None:
        """Note what is acknowledged."""
        async for batch in self._link.messages():
            for topic, payload in batch:
                if not topic.endswith("/ack"):
                    continue
                ack = wire.decode(payload, wire.Ack)
                for first, last in ack.ranges if ack.stream == "events" else ():
                    self.committed |= set(range(first, last + 1))

    async def raise_all(self, events: Sequence[wire.WireEvent]) -> None:
        """Send the events evenly over ten seconds, and wait until all are committed."""
        began = self._clock.monotonic()
        blocks = [events[at : at + AT_ONCE] for at in range(0, len(events), AT_ONCE)]
        for seq, block in enumerate(blocks, 1):
            due = began + TOOK_S * seq / len(blocks)
            await asyncio.sleep(max(0.0, due - self._clock.monotonic()))
            message = wire.EventBlock(
                edge=EDGE, epoch=self._epoch, seq=seq, lowest=1, events=list(block)
            )
            self.send("events", message)
        while len(self.committed) < len(blocks):
            if self._clock.monotonic() - began > PATIENCE_S:
                raise CannotStart(f"{len(self.committed)} of {len(blocks)} blocks are committed")
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _source(hub: Hub, cabinets: int) -> AsyncIterator[Source]:
    """Connect and be born."""
    clock, epoch = SystemClock(), secrets.token_hex(8)
    password = hub.password_file(EDGE).read_text(encoding="utf-8").strip()
    down = [f"{wire.ROOT}/{EDGE}/down/#"]
    async with MqttLink(hub.broker_url, "bench", EDGE, password, subscriptions=down) as link:
        await link.until_up(10)
        source = Source(link, epoch)
        devices = [
            wire.DeviceBirth(device=name, profile=name.partition("-")[0], first=number)
            for number, name in enumerate(_devices(cabinets))
        ]
        birth = wire.Birth(
            edge=EDGE, epoch=epoch, numbering=1, revision=0, software="bench",
            sent_at=clock.time_ns(), profiles=[_profile(name) for name in PROFILES],
            devices=devices,
        )  # fmt: skip
        source.send("birth", birth)
        hearing = asyncio.create_task(source.hear())
        try:
            yield source
        finally:
            hearing.cancel()
            await asyncio.wait([hearing])


@asynccontextmanager
async def _asking(api: Api, page: Page) -> AsyncIterator[None]:
    """Ask for the worklist again and again meanwhile."""
    clock = SystemClock()

    async def ask() -> None:
        while True:
            began = clock.monotonic()
            await asyncio.to_thread(api.get, "/api/v1/cases")
            page.waits.append((clock.monotonic() - began) * 1000)
            await asyncio.sleep(ASK_EVERY_S)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.wait([asking])


def _profile(name: str) -> wire.ProfileBirth:
    key, severity, problem, test = PROFILES[name]
    words = {"en": f"{name}: {key}"}
    return wire.ProfileBirth(
        profile=name,
        family="bench",
        name={"en": name},
        signals=[wire.SignalBirth(key="mains", name={"en": "Mains"})],
        alarms=[
            wire.AlarmBirth(
                key=key, signal="mains", severity=severity, problem=problem, name=words, test=test
            )
        ],
    )


def _alarms(cabinets: int, now: int) -> list[wire.WireEvent]:
    """Give an alarm of each device, in the same disorder each time."""
    devices = _devices(cabinets)
    random.Random(1).shuffle(devices)
    return [
        wire.Condition(
            device=name,
            condition=PROFILES[name.partition("-")[0]][0],
            active=True,
            time=now + number,
            number=number,
        )
        for number, name in enumerate(devices, 1)
    ]


def _devices(cabinets: int) -> list[str]:
    names = []
    for cabinet in range(cabinets):
        names.append(f"cabinet-{cabinet}")
        names += [f"lamp-{cabinet}-{lamp}" for lamp in range(LAMPS)]
    return names


def _registry(state: Path, cabinets: int) -> Path:
    """Write the registry of a bank whose streets are lit from cabinets."""
    name, devices = {"en": "Bank"}, _devices(cabinets)
    kinds = {"cabinet": "feeder_cabinet", "lamp": "street_light"}
    document = {
        "name": name,
        "places": [
            {"id": "town", "kind": "region", "name": name},
            {"id": PLACE, "kind": "municipality", "parent": "town", "name": name},
        ],
        "edges": [{"id": EDGE, "name": name, "place": PLACE}],
        "endpoints": [
            {"id": "line", "edge": EDGE, "protocol": "mqtt", "address": "mqtt://127.0.0.1:9"}
        ],
        "assets": [
            {"id": each, "kind": kinds[each.partition("-")[0]], "name": {"en": each},
             "place": PLACE, "latitude": 55.0, "longitude": 37.0 + number * 1e-4}
            for number, each in enumerate(devices)
        ],
        "feeds": [
            {"source": f"cabinet-{each.split('-')[1]}", "target": each}
            for each in devices if each.startswith("lamp")
        ],
        "devices": [
            {"id": each, "name": {"en": each}, "profile": each.partition("-")[0],
             "endpoint": "line", "place": PLACE, "unit": each}
            for each in devices
        ],
        "bindings": [{"asset": each, "device": each} for each in devices],
    }  # fmt: skip
    state.mkdir(parents=True, exist_ok=True)
    path = state / "registry.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
