"""A thousand devices in one edge: how soon all are read, what it holds, and who waits for whom.

Most are Modbus units, ten on a line; the others publish JSON or are variables of an OPC UA server.
The ceiling of the start is a Python that loads what an edge must, and nothing more.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import psutil

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from core.quality import is_good
from simulators.bench.measure import Result
from simulators.bench.registers import Registers, p95, profile, registers
from simulators.bench.sink import Sink
from simulators.bench.stand import OWN_SIGNALS, Stand, devices_broker, say, standing, variables
from simulators.bench.variables_server import NAMESPACE, name_of
from simulators.stage.children import CannotStart
from simulators.stage.ports import HOST, free_port

SERVERS = 3  # of Modbus units
LINES, UNITS = 24, 10  # to each, and on a line
REGISTERS = 10  # of a unit
SPEAKERS, VARIABLES = 180, 100
DEVICES = SERVERS * LINES * UNITS + SPEAKERS + VARIABLES
DEAD = tuple(range(5, LINES * UNITS, 14))  # units of each server, at most one on a line
POLL_S = 1.0
PATIENCE_S = 60.0
SETTLE_S = 5.0
MEGABYTE = 1_000_000
LOADS = (
    "import asyncua, paho.mqtt.client, numpy, pymodbus.client, pydantic, yaml, zstandard, uvloop"
)


async def measure(state: Path, seconds: float) -> Result:
    """Start an edge, let it run, and let fifty devices die. seconds: for each of the last two."""
    broker, opcua = free_port(), free_port()
    async with standing(state) as stand, AsyncExitStack() as stack:
        await stand.start(devices_broker(state, broker))
        await stand.start(variables(opcua))
        servers = [await stack.enter_async_context(registers()) for _ in range(SERVERS)]
        bare_s = await _bare()
        say(f"loading the libraries alone: {bare_s:.1f} s")
        speaking = asyncio.create_task(_speak(f"mqtt://{HOST}:{broker}"))
        stack.push_async_callback(_ended, speaking)
        firsts = _Firsts(stand.sink)
        document = _document([each.port for each in servers], broker, opcua)
        began = stand.clock.monotonic()
        async with stand.edge(_profiles(), document) as pid:
            await firsts.until_all(began)
            start_s = stand.clock.monotonic() - began
            say(f"{DEVICES} devices are read after {start_s:.1f} s")
            await asyncio.sleep(SETTLE_S)
            before = await _watched(servers, seconds)
            for each in servers:
                await each.silence(DEAD)
            await _until_told(stand)
            after = await _watched(servers, seconds)
            memory = psutil.Process(pid).memory_info().rss
    return Result(
        bench="crowd",
        unit="s until all are read",
        ours=start_s,
        ceiling=bare_s,
        ratio=bare_s / start_s,
        lost=0,
        more={
            "devices": DEVICES,
            "start_s": start_s,
            "memory_mb": memory / MEGABYTE,
            "poll_p95_s": before,
            "poll_p95_s_beside_dead": after,
            "poll_p95_growth": after / before - 1.0,
        },
    )


class _Firsts:
    """When each device was first read. They follow each other as in the document."""

    def __init__(self, sink: Sink) -> None:
        modbus = DEVICES - SPEAKERS - VARIABLES
        sizes = np.repeat([REGISTERS, 1, 1], [modbus, SPEAKERS, VARIABLES])
        self._first = OWN_SIGNALS + np.cumsum(sizes) - sizes
        self._is_read = np.zeros(OWN_SIGNALS + int(sizes.sum()), np.bool_)
        self._take = sink.take
        sink.take = self._note  # type: ignore[method-assign]

    def _note(self, block: wire.TelemetryBlock) -> None:
        self._take(block)
        readings = wire.readings(block)
        self._is_read[readings.signal[is_good(readings.quality)]] = True

    async def until_all(self, began: float) -> None:
        clock = SystemClock()
        while not self._is_read[self._first].all():
            if clock.monotonic() > began + PATIENCE_S:
                missing = int((~self._is_read[self._first]).sum())
                raise CannotStart(f"{missing} devices are not read after {PATIENCE_S:.0f} s")
            await asyncio.sleep(0.05)


async def _watched(servers: list[Registers], seconds: float) -> float:
    """Give the 95th percentile of the interval at which living Modbus units are polled, in s."""
    for each in servers:
        await each.intervals()
    await asyncio.sleep(seconds)
    told = [item for each in servers for item in (await each.intervals()).items()]
    return p95(told, DEAD)


async def _until_told(stand: Stand) -> None:
    """Wait until every dead device is known to be lost."""
    deadline = stand.clock.monotonic() + PATIENCE_S
    while sum(not online for _, online, _ in stand.sink.changes) < SERVERS * len(DEAD):
        if stand.clock.monotonic() > deadline:
            raise CannotStart("the edge does not tell that devices are lost")
        await asyncio.sleep(0.1)


async def _speak(url: str) -> None:
    """Publish for every MQTT device once a second, for ever."""
    async with MqttLink(url, "bench-speakers") as link:
        await link.until_up(PATIENCE_S)
        count = 0
        while True:
            count += 1
            for number in range(SPEAKERS):
                link.publish(f"crowd/{number}", json.dumps({"count": count}).encode(), 0)
            await asyncio.sleep(POLL_S)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _bare() -> float:
    """Give how long a Python takes that only loads the libraries, in seconds."""
    clock = SystemClock()
    began = clock.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", LOADS, stderr=PIPE)
    _, errors = await process.communicate()
    if process.returncode:
        raise CannotStart(errors.decode(errors="replace").strip())
    return clock.monotonic() - began


def _profiles() -> list[dict[str, object]]:
    name = {"en": "Count", "ru": "Счёт"}
    common: dict[str, object] = {"family": "electricity_meter", "name": name}
    signal: dict[str, object] = {"key": "count", "name": name, "poll_s": POLL_S}
    return [
        profile("registers", REGISTERS, POLL_S),
        common
        | {
            "profile": "speaker",
            "protocol": "mqtt",
            "source": "generic, what simulators/bench/crowd.py publishes",
            "signals": [signal | {"mqtt": {"topic": "crowd/{unit}", "field": "/count"}}],
        },
        common
        | {
            "profile": "variable",
            "protocol": "opcua",
            "source": "generic, what simulators/bench/variables_server.py serves",
            "signals": [signal | {"opcua": {"node": f"nsu={NAMESPACE};s={{unit}}"}}],
        },
    ]


def _document(modbus: list[int], broker: int, opcua: int) -> dict[str, object]:
    lines = [(port, line) for port in modbus for line in range(LINES)]
    endpoints = [
        {
            "id": f"modbus-{port}-{line}",
            "protocol": "modbus",
            "address": f"modbus+tcp://{HOST}:{port}",
        }
        for port, line in lines
    ]
    endpoints += [
        {"id": "air", "protocol": "mqtt", "address": f"mqtt://{HOST}:{broker}"},
        {"id": "plant", "protocol": "opcua", "address": f"opc.tcp://{HOST}:{opcua}"},
    ]
    devices = [
        {
            "id": f"meter-{port}-{unit}",
            "profile": "registers",
            "endpoint": f"modbus-{port}-{line}",
            "unit": str(unit),
        }
        for port, line in lines
        for unit in range(1 + line * UNITS, 1 + (line + 1) * UNITS)
    ]
    devices += [
        {"id": f"speaker-{each}", "profile": "speaker", "endpoint": "air", "unit": str(each)}
        for each in range(SPEAKERS)
    ]
    devices += [
        {
            "id": f"variable-{each}",
            "profile": "variable",
            "endpoint": "plant",
            "unit": name_of(each),
        }
        for each in range(VARIABLES)
    ]
    return {"endpoints": endpoints, "devices": devices}
