"""How long a changed value travels: from the wire of a device to a page, and to an open incident.

Stamping devices are read over Modbus by a real edge, sent through a real broker to a real gateway
with its stores, and come out of its WebSocket. Beside it, in the same run, the raw libraries do the
same way without decoding, storing or acknowledging: that is the ceiling.
"""

import asyncio
import json
import random
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import websockets

from core.clock import SystemClock
from simulators.bench.measure import Processor, Result, percentile
from simulators.bench.plant import FAMILY, Plant
from simulators.bench.stamping_server import StampingServer
from simulators.stage.children import Child, Children
from simulators.stage.ports import free_port, is_open

WARM_UP_S = 5.0
LINES = 10
UNITS = 5  # on each line
SIGNALS = 100  # of each unit, all of them new at every poll
USUALLY = LINES * UNITS * SIGNALS  # points per second: every unit is polled once
MODEL = "stamping-device.yaml"
ALARM_EVERY_S = 0.25
BROKER_USER = "gateway"  # may publish and subscribe what the bare chain needs
SETTLE_S = 3.0  # for what is still under way when the clock is stopped


@dataclass(slots=True)
class Seen:
    """What the page got. Latencies in milliseconds; stamps in microseconds since 1970 UTC."""

    values: list[float] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)


async def measure(state: Path, seconds: float, rate: float) -> Result:
    """Run both chains for so many seconds each, at so many points per second.

    state: an empty folder.
    """
    clock = SystemClock()
    period_s = USUALLY / rate
    server = StampingServer(clock)
    listeners = [await server.listen(0) for _ in range(LINES)]
    ports = [listener.sockets[0].getsockname()[1] for listener in listeners]
    plant = Plant(state, ports, UNITS, models=[_models(state, period_s)])
    children = Children(state / "logs", clock, _say)
    try:
        await plant.start_broker(children)
        ceiling = await _ceiling(plant, children, seconds, period_s)
        _say(f"raw libraries: p99 {percentile(ceiling, 99):.1f} ms over {len(ceiling)} values")
        await plant.start(children)
        began, seen, processor_s = await _ours(plant, server, seconds)
        lost, sent = await asyncio.to_thread(plant.lost, server, began, began + seconds)
    finally:
        await children.stop()
        for listener in listeners:
            listener.close()
    points = sent * SIGNALS
    p99 = percentile(seen.values, 99)
    return Result(
        bench="latency",
        unit="ms",
        ours=p99,
        ceiling=percentile(ceiling, 99),
        ratio=percentile(ceiling, 99) / p99,
        lost=lost,
        more={
            "p50_ms": percentile(seen.values, 50),
            "p99_ms": p99,
            "alarm_p50_ms": percentile(seen.alarms, 50),
            "alarm_p99_ms": percentile(seen.alarms, 99),
            "ceiling_p50_ms": percentile(ceiling, 50),
            "points_per_s": points / seconds,
            "values": len(seen.values),
            "alarms": len(seen.alarms),
            "cpu_s_per_100k": processor_s / points * 100_000,
        },
    )


def _models(state: Path, period_s: float) -> Path:
    """Write the device's model with another period; give its folder."""
    folder = state / "models"
    folder.mkdir()
    model = Path(__file__).with_name(MODEL).read_text(encoding="utf-8")
    for key in ("poll_s", "every_s"):
        model = model.replace(f"{key}: 1,", f"{key}: {period_s:g},")
    (folder / MODEL).write_text(model, encoding="utf-8")
    return folder


async def _ceiling(
    plant: Plant, children: Children, seconds: float, period_s: float
) -> list[float]:
    """Measure the raw libraries; latencies in milliseconds."""
    port = free_port()
    common = [sys.executable, "-m", "simulators.bench.bare_chain"]
    broker = ["--broker-port", str(plant.hub.broker_port), "--user", BROKER_USER]
    broker += ["--password-file", str(plant.hub.password_file(BROKER_USER))]
    gateway = Child(
        name="bare-gateway",
        command=[*common, "gateway", *broker, "--ports", str(port)],
        ready=lambda _child: is_open(port),
    )
    lines = ["--ports", *map(str, plant.ports), "--units", str(UNITS), "--period", str(period_s)]
    edge = Child(
        name="bare-edge", command=[*common, "edge", *broker, *lines], ready=lambda _child: True
    )
    clock = SystemClock()
    latencies: list[float] = []
    for child in (gateway, edge):
        await children.start(child)
        await children.wait_ready(child)
    warm = clock.monotonic() + WARM_UP_S
    async with websockets.connect(f"ws://127.0.0.1:{port}") as page:
        while clock.monotonic() < warm + seconds:
            message = await asyncio.wait_for(page.recv(decode=False), WARM_UP_S)
            now = clock.time_ns() / 1_000
            (stamp,) = struct.unpack(">d", message)
            if clock.monotonic() > warm:
                latencies.append((now - stamp) / 1_000)
    for child in (edge, gateway):
        await children.dismiss(child)
    return latencies


async def _ours(plant: Plant, server: StampingServer, seconds: float) -> tuple[float, Seen, float]:
    """Measure the product; when the window began (seconds UTC), what was seen, processor time."""
    clock = SystemClock()
    seen = Seen()
    async with page_of(plant) as page:
        await page.send(json.dumps({"kind": "subscribe", "families": {FAMILY: "sent_at"}}))
        reading = asyncio.create_task(_read(page, seen))
        await asyncio.sleep(WARM_UP_S)
        seen.values.clear()
        seen.alarms.clear()
        processor = Processor(plant.pids())
        before = processor.seconds()
        began = clock.time_ns() / 1e9
        until = clock.monotonic() + seconds
        while clock.monotonic() < until:
            _change_an_alarm(server, plant)
            await asyncio.sleep(ALARM_EVERY_S)
        spent = processor.seconds() - before
        await asyncio.sleep(SETTLE_S)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return began, seen, spent


def _change_an_alarm(server: StampingServer, plant: Plant) -> None:
    """Raise the alarm of a unit that has none, or clear it where it has."""
    unit = (random.choice(plant.ports), random.randint(1, UNITS))
    server.in_alarm ^= {unit}


async def _read(page: websockets.ClientConnection, seen: Seen) -> None:
    clock = SystemClock()
    async for message in page:
        now = clock.time_ns() / 1_000
        content = json.loads(message)
        if content["kind"] == "values":
            seen.values += [(now - stamp) / 1_000 for stamp in content["value"] if stamp]
        elif content["kind"] == "change" and content["topic"] == "incident":
            incident = content["incident"]
            if incident["active"] and incident["condition"] == "stamped":
                seen.alarms.append((now - incident["value"]) / 1_000)


@asynccontextmanager
async def page_of(plant: Plant) -> AsyncIterator[websockets.ClientConnection]:
    """Open the live channel of a page."""
    address = plant.hub.address.replace("http", "ws", 1)
    headers = {"Cookie": plant.api.cookie}
    async with websockets.connect(
        f"{address}/api/v1/live?after=0",
        additional_headers=headers,
        origin=websockets.Origin(plant.hub.address),
        max_queue=None,
    ) as page:
        yield page


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
