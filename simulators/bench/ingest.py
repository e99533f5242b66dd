"""How many readings one gateway takes from the wire into its store, beside DuckDB alone.

The gateway runs as it is installed, behind its broker; what stands for the edges sends blocks that
were made before. A reading counts when its acknowledgement has come, which is after the commit. At
the end the gateway is stopped and the store asked what it holds: `lost` is what was acknowledged
and is not there, `doubled` what is there twice.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import psutil
import pyarrow as pa

from core.clock import SystemClock
from simulators.bench.block_source import DEVICES, PROFILE, SERIES
from simulators.bench.measure import Processor, Result
from simulators.bench.stand import say
from simulators.stage.children import CannotStart, Children
from simulators.stage.hub import Hub
from simulators.stage.ports import free_port

EDGE = "edge-1"
PLACE = "town"
SIZES = (500, 100)  # points in a block
MADE = 30_000_000  # points, made before they are sent
PACE = 1_000_000  # points per second
EVERY_S = 0.05
WARM_UP = 2_000_000  # points
PATIENCE_S = 120.0


@dataclass(slots=True)
class Flow:
    """What one kind of traffic showed. rates: points per second; cpu: share of a core, percent."""

    rate: float
    cpu: float
    memory_mb: float


@dataclass(slots=True)
class Told:
    """What the source has said: points."""

    sent: int = 0
    acknowledged: int = 0


async def measure(state: Path, seconds: float) -> Result:
    """Send blocks of each size at full speed, and then at a steady pace. state: an empty folder."""
    full: dict[int, Flow] = {}
    lost = doubled = 0
    for points in SIZES:
        flow, missing, twice = await _session(state / f"of-{points}", points, None, seconds)
        say(f"{points} points a block: {flow.rate:,.0f} points/s, {flow.cpu:.0f} % of a core")
        full[points], lost, doubled = flow, lost + missing, doubled + twice
    steady, missing, twice = await _session(state / "steady", SIZES[0], PACE, seconds)
    say(f"at {steady.rate:,.0f} points/s: {steady.cpu:.0f} %, {steady.memory_mb:.0f} MB")
    big = full[SIZES[0]]
    ceiling = await asyncio.to_thread(_bare, state / "bare.duckdb", seconds)
    return Result(
        bench="ingest",
        unit="points/s",
        ours=big.rate,
        ceiling=ceiling,
        ratio=big.rate / ceiling,
        lost=lost + missing,
        more={
            "doubled": doubled + twice,
            "small_blocks_points_per_s": full[SIZES[1]].rate,
            "paced_points_per_s": steady.rate,
            "paced_cpu_percent": steady.cpu,
            "paced_memory_mb": steady.memory_mb,
            "memory_mb": big.memory_mb,
        },
    )


async def _session(
    state: Path, points: int, pace: int | None, seconds: float
) -> tuple[Flow, int, int]:
    """Run an installation for one kind of traffic; give what was lost and doubled, too."""
    hub = Hub(state=state, broker_port=free_port(), port=free_port(), edge=EDGE)
    hub.write_secrets()
    children = Children(state / "logs", SystemClock(), say)
    gateway = hub.gateway()
    try:
        await hub.prepare(_registry(state), [])
        for child in (hub.broker(), gateway):
            await children.start(child)
            await children.wait_ready(child)
        if gateway.process is None:
            raise CannotStart("the gateway has ended")
        async with _source(hub, points) as (process, told):
            flow = await _flow(process, told, gateway.process.pid, pace, seconds)
    finally:
        await children.stop()
    stored, distinct = await asyncio.to_thread(_stored, state / "gateway" / "readings.duckdb")
    return flow, told.acknowledged - distinct, stored - distinct


async def _flow(
    process: Process, told: Told, gateway: int, pace: int | None, seconds: float
) -> Flow:
    clock = SystemClock()
    processor, memory = Processor([gateway]), psutil.Process(gateway)
    await _allow(process, WARM_UP)
    await _until(told, WARM_UP)
    began, before, spent = clock.monotonic(), told.acknowledged, processor.seconds()
    largest = 0
    while (took := clock.monotonic() - began) < seconds and told.acknowledged < MADE * 0.95:
        allowed = MADE if pace is None else before + int(pace * took)
        await _allow(process, min(allowed, MADE))
        await asyncio.sleep(EVERY_S)
        largest = max(largest, memory.memory_info().rss)
    rate = (told.acknowledged - before) / took
    cpu = (processor.seconds() - spent) / took * 100
    await _allow(process, 0)
    await asyncio.sleep(1.0)  # for what was sent before the order came
    await _until(told, told.sent)
    return Flow(rate, cpu, largest / 1e6)


async def _allow(process: Process, points: int) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for when it was started
    process.stdin.write(f"{points}\n".encode())
    await process.stdin.drain()


async def _until(told: Told, points: int) -> None:
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_S
    while told.acknowledged < points:
        if clock.monotonic() > deadline:
            say(f"of {points} points {told.acknowledged} are acknowledged")
            return
        await asyncio.sleep(EVERY_S)


@asynccontextmanager
async def _source(hub: Hub, points: int) -> AsyncIterator[tuple[Process, Told]]:
    arguments = ["--broker", hub.broker_url, "--edge", EDGE]
    arguments += ["--password-file", str(hub.password_file(EDGE))]
    arguments += ["--points", str(points), "--count", str(MADE // points)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.bench.block_source", *arguments, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None  # noqa: S101 - asked for when it was started
    told = Told()

    async def listen() -> None:
        assert process.stdout is not None  # noqa: S101 - as above
        async for line in process.stdout:
            told.sent, told.acknowledged = map(int, line.split())

    if await process.stdout.readline() != b"ready\n":
        raise CannotStart("the source of blocks does not start")
    listening = asyncio.create_task(listen())
    try:
        yield process, told
    finally:
        process.kill()
        await process.wait()
        listening.cancel()
        await asyncio.wait([listening])


def _registry(state: Path) -> Path:
    """Write a registry of devices that only the source knows how to read."""
    name = {"en": "Bench"}
    devices = [{"id": f"device-{n}", "name": name, "profile": PROFILE} for n in range(DEVICES)]
    document = {
        "name": name,
        "places": [{"id": PLACE, "kind": "municipality", "name": name}],
        "edges": [{"id": EDGE, "name": name, "place": PLACE}],
        "endpoints": [
            {
                "id": "line",
                "edge": EDGE,
                "protocol": "modbus",
                "address": "modbus+tcp://127.0.0.1:9",
            }
        ],
        "devices": [{**each, "endpoint": "line", "place": PLACE, "unit": "1"} for each in devices],
    }
    state.mkdir(exist_ok=True)
    path = state / "registry.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _stored(path: Path) -> tuple[int, int]:
    """Give how many readings of the source's are stored, and how many moments."""
    readings = "SELECT series, time FROM readings UNION ALL SELECT series, time FROM late"
    query = f"SELECT count(*), count(DISTINCT (series, time)) FROM ({readings})"  # noqa: S608
    with duckdb.connect(str(path), read_only=True) as connection:
        rows, moments = connection.execute(query).fetchall()[0]
    return int(rows), int(moments)


def _bare(path: Path, seconds: float) -> float:
    """Give the points per second that DuckDB alone commits, 250,000 at a time."""
    clock = SystemClock()
    rows = 250_000
    table = pa.table(
        {
            "series": np.arange(rows, dtype=np.uint32) % SERIES,
            "time": np.arange(rows, dtype=np.int64),
            "value": np.round(230 + np.random.default_rng(1).normal(0, 2, rows), 1),
            "quality": np.zeros(rows, np.uint8),
        }
    )
    points = 0
    with duckdb.connect(str(path), config={"memory_limit": "400MB", "threads": 2}) as connection:
        connection.execute(
            "CREATE TABLE readings (series UINTEGER, time BIGINT, value DOUBLE, quality UTINYINT)"
        )
        connection.register("arriving", table)
        began = clock.monotonic()
        while (took := clock.monotonic() - began) < seconds and points < MADE:
            connection.execute("INSERT INTO readings SELECT * FROM arriving")
            points += rows
    return points / took
