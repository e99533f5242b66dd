"""How soon an alarm is an incident on a page while a backlog drains over a slow link.

The link between edge and broker is cut until the spool holds the backlog, and comes back as slow as
a poor mobile connection. From then on devices go into alarm twice a second, until a fresh reading
shows that nothing waits any more. The ceiling is what the link alone takes for a round trip.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import websockets

from core.clock import SystemClock
from simulators.bench.latency import page_of
from simulators.bench.measure import Result, percentile
from simulators.bench.plant import FAMILY, Plant
from simulators.bench.relay import Relay, Slowness
from simulators.bench.stamping_server import StampingServer
from simulators.stage.children import CannotStart, Children

BACKLOG = 100_000  # points
RATE = 256_000 / 8  # bytes per second each way
DELAY_S = 0.1  # each way
LINES, UNITS = 10, 5
POINTS_PER_S = LINES * UNITS * 100  # while the devices count
ALARM_EVERY_S = 0.5
FRESH_S = 3.0  # a reading that is younger has not waited behind others
PATIENCE_S = 300.0
SETTLE_S = 3.0


@dataclass(slots=True)
class Seen:
    """What the page got. alarms: milliseconds from the device's answer. newest: of the readings,
    microseconds since 1970 UTC."""

    alarms: list[float] = field(default_factory=list)
    newest: float = 0.0


async def measure(state: Path, backlog: int) -> Result:
    """Drain so many points over a slow link. state: an empty folder."""
    clock = SystemClock()
    server = StampingServer(clock, counts=False)
    listeners = [await server.listen(0) for _ in range(LINES)]
    plant = Plant(state, [each.sockets[0].getsockname()[1] for each in listeners], UNITS)
    children = Children(state / "logs", clock, _say)
    try:
        await plant.start_broker(children)
        async with Relay(plant.hub.broker_port, Slowness(RATE, DELAY_S)) as relay:
            plant.hub = replace(plant.hub, edge_broker=f"mqtt://127.0.0.1:{relay.port}")
            await plant.start(children)
            began = clock.time_ns() / 1e9
            await relay.cut()
            with _counting(server):
                await asyncio.sleep(backlog / POINTS_PER_S)
            seen, took = await _drain(plant, server, relay)
            ended = clock.time_ns() / 1e9 - FRESH_S
            lost, _ = await asyncio.to_thread(plant.lost, server, began, ended)
    finally:
        await children.stop()
        for listener in listeners:
            listener.close()
    p95 = percentile(seen.alarms, 95)
    round_trip = 2_000 * DELAY_S
    return Result(
        bench="link",
        unit="ms",
        ours=p95,
        ceiling=round_trip,
        ratio=round_trip / p95,
        lost=lost,
        more={
            "alarm_p50_ms": percentile(seen.alarms, 50),
            "alarm_p95_ms": p95,
            "alarm_max_ms": percentile(seen.alarms, 100),
            "alarms": len(seen.alarms),
            "drained_in_s": took,
            "points_per_s": backlog / took,
        },
    )


@contextmanager
def _counting(server: StampingServer) -> Iterator[None]:
    server.counts = True
    yield
    server.counts = False


async def _drain(plant: Plant, server: StampingServer, relay: Relay) -> tuple[Seen, float]:
    """Heal the link and raise alarms until a fresh reading comes; give what was seen, and the
    seconds that it took."""
    clock, seen = SystemClock(), Seen()
    async with page_of(plant) as page:
        await page.send(json.dumps({"kind": "subscribe", "families": {FAMILY: "sent_at"}}))
        reading = asyncio.create_task(_read(page, seen))
        await relay.heal()
        healed = clock.monotonic()
        units = [(port, unit) for unit in range(1, UNITS + 1) for port in plant.ports]
        turn = 0
        while clock.time_ns() / 1e3 - seen.newest > FRESH_S * 1e6:
            if clock.monotonic() - healed > PATIENCE_S:
                raise CannotStart(f"the backlog is not drained after {PATIENCE_S:.0f} s")
            server.in_alarm ^= {units[turn % len(units)]}
            turn += 1
            await asyncio.sleep(ALARM_EVERY_S)
        took = clock.monotonic() - healed
        await asyncio.sleep(SETTLE_S)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return seen, took


async def _read(page: websockets.ClientConnection, seen: Seen) -> None:
    clock = SystemClock()
    async for message in page:
        now = clock.time_ns() / 1_000
        content = json.loads(message)
        if content["kind"] == "values":
            seen.newest = max(seen.newest, *content["value"])
        elif content["kind"] == "change" and content["topic"] == "incident":
            incident = content["incident"]
            if incident["active"] and incident["condition"] == "stamped":
                seen.alarms.append((now - incident["value"]) / 1_000)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
