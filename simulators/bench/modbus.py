"""How fast one edge reads Modbus, beside pymodbus alone, and whether dead units slow the others.

The whole edge runs: adapter, pipeline, spool and uplink, with a broker and a sink that
acknowledges. The simulated devices are another process.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.profile import bundled_profiles
from core.clock import SystemClock
from simulators.bench.measure import Processor, Result, percentile
from simulators.bench.sink import Sink, listening
from simulators.stage.children import CannotStart, Children
from simulators.stage.hub import Hub
from simulators.stage.ports import free_port

LINES = 100
REGISTERS = 100  # of each device, one signal each, all of them new at every answer
BACK_TO_BACK_S = 0.0001  # a period that is over as soon as it has begun
PACED_S = 0.1
WARM_UP_S = 2.0
START_S = 60.0
PATIENCE_S = 20.0
SHARED_LINES, SHARED_UNITS, SHARED_S = 10, 5, 1.0
DEAD = (1, 12, 23, 34, 45)  # units, each on another line
EDGE = "edge-1"
WATCHED = 2  # signals of each device: its first and its last


@dataclass(frozen=True, slots=True)
class Speed:
    """points: per second. cpu_s: of the edge, per 100,000 points."""

    points: float
    cpu_s: float
    missing: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """growth: of the 95th percentile of the live units' interval. known_s, back_s: the slowest."""

    growth: float
    known_s: float
    back_s: float


async def measure(state: Path, seconds: float) -> Result:
    """Measure back to back, then paced, then with dead units. seconds: for each part."""
    clock = SystemClock()
    hub = Hub(
        state=state,
        broker_port=free_port(),
        port=free_port(),
        edge=EDGE,
        profiles=[state / "models"],
    )
    hub.write_secrets()
    password = hub.password_file("gateway").read_text(encoding="utf-8").strip()
    children = Children(state / "logs", clock, _say)
    try:
        async with _devices() as devices:
            port = int(await _said(devices))
            broker = hub.broker()
            await children.start(broker)
            await children.wait_ready(broker)
            async with listening(hub.broker_url, EDGE, password) as sink:
                bare = await _bare(port, seconds, 0.0)
                ceiling = bare["registers"] / bare["seconds"]
                _say(f"pymodbus alone: {ceiling:,.0f} registers/s")
                bench = _Bench(hub, children, sink, port)
                full = await bench.speed(BACK_TO_BACK_S, seconds)
                _say(f"the whole edge: {full.points:,.0f} points/s")
                bare_paced = await _bare(port, seconds, PACED_S)
                paced = await bench.speed(PACED_S, seconds)
                crowd = await bench.crowd(devices, seconds)
    finally:
        await children.stop()
    return Result(
        bench="modbus",
        unit="points/s",
        ours=full.points,
        ceiling=ceiling,
        ratio=full.points / ceiling,
        lost=(full.missing + paced.missing) * REGISTERS // WATCHED,
        more={
            "cpu_s_per_100k": full.cpu_s,
            "ceiling_cpu_s_per_100k": _cpu_s_per_100k(bare),
            "paced_points_per_s": paced.points,
            "paced_cpu_s_per_100k": paced.cpu_s,
            "paced_ceiling_cpu_s_per_100k": _cpu_s_per_100k(bare_paced),
            "poll_p95_growth": crowd.growth,
            "dead_known_s": crowd.known_s,
            "dead_back_s": crowd.back_s,
        },
    )


class _Bench:
    """port: of the devices."""

    def __init__(self, hub: Hub, children: Children, sink: Sink, port: int) -> None:
        self._hub = hub
        self._children = children
        self._sink = sink
        self._port = port
        self._clock = SystemClock()

    async def speed(self, poll_s: float, seconds: float) -> Speed:
        """Read every device on a line of its own."""
        async with self._edge([[unit] for unit in range(1, LINES + 1)], poll_s) as pid:
            self._sink.watch(_numbers())
            processor = Processor([pid])
            points, spent, began = self._sink.points, processor.seconds(), self._clock.monotonic()
            await asyncio.sleep(seconds)
            points, spent = self._sink.points - points, processor.seconds() - spent
            took = self._clock.monotonic() - began
            return Speed(points / took, spent / points * 100_000, self._sink.missing)

    async def crowd(self, devices: Process, seconds: float) -> Crowd:
        """Let five of fifty units on ten lines die and come back."""
        units = np.arange(1, SHARED_LINES * SHARED_UNITS + 1).reshape(SHARED_LINES, -1).tolist()
        async with self._edge(units, SHARED_S):
            await _told(devices, intervals=True)
            await asyncio.sleep(seconds)
            before = await _told(devices, intervals=True)
            known_s = await self._until_changed(devices, DEAD, online=False)
            await _told(devices, intervals=True)
            await asyncio.sleep(seconds)
            after = await _told(devices, intervals=True)
            back_s = await self._until_changed(devices, (), online=True)
        return Crowd(_p95(after) / _p95(before) - 1.0, known_s, back_s)

    async def _until_changed(
        self, devices: Process, silent: Sequence[int], *, online: bool
    ) -> float:
        """Let units fall silent or speak; give when the last of the five was told, in seconds."""
        self._sink.changes.clear()
        began = self._clock.monotonic()
        await _told(devices, silence=list(silent))
        wanted = {f"device-{unit}" for unit in DEAD}
        while True:
            told = {
                device: at - began for device, state, at in self._sink.changes if state is online
            }
            if wanted <= told.keys():
                return max(told[device] for device in wanted)
            if self._clock.monotonic() > began + PATIENCE_S:
                return float("nan")
            await asyncio.sleep(0.05)

    async def _until_all_came(self, points: int) -> None:
        deadline = self._clock.monotonic() + START_S
        while self._sink.points < points:
            if self._clock.monotonic() > deadline:
                raise CannotStart(f"the devices are not read after {START_S:.0f} s")
            await asyncio.sleep(0.1)
        await asyncio.sleep(WARM_UP_S)

    @asynccontextmanager
    async def _edge(self, lines: Sequence[Sequence[int]], poll_s: float) -> AsyncIterator[int]:
        """Run an edge with these units on each line; gives its process."""
        models = self._hub.state / "models"
        models.mkdir(exist_ok=True)
        (models / "registers.yaml").write_text(json.dumps(_profile(poll_s)), encoding="utf-8")
        devices = self._hub.state / "devices.yaml"
        devices.write_text(json.dumps(self._document(lines)), encoding="utf-8")
        edge = self._hub.edge_process()
        edge.command = [*edge.command, "--devices", str(devices)]
        came = self._sink.points
        await self._children.start(edge)
        await self._children.wait_ready(edge)
        await self._until_all_came(came + REGISTERS * sum(map(len, lines)))
        assert edge.process is not None  # noqa: S101 - it was started
        try:
            yield edge.process.pid
        finally:
            await self._children.dismiss(edge)

    def _document(self, lines: Sequence[Sequence[int]]) -> dict[str, object]:
        address = f"modbus+tcp://127.0.0.1:{self._port}"
        return {
            "endpoints": [
                {"id": f"line-{number}", "protocol": "modbus", "address": address}
                for number in range(len(lines))
            ],
            "devices": [
                {
                    "id": f"device-{unit}",
                    "profile": "registers",
                    "endpoint": f"line-{number}",
                    "unit": str(unit),
                }
                for number, units in enumerate(lines)
                for unit in units
            ],
        }


def _numbers() -> NDArray[np.intp]:
    """Give the numbers of the watched signals. The edge's own signals come before all others."""
    own = len(bundled_profiles()["kvartal-edge"].signals)
    first = np.arange(LINES) * REGISTERS + own
    return np.concatenate([first, first + REGISTERS - 1])


def _profile(poll_s: float) -> dict[str, object]:
    return {
        "profile": "registers",
        "family": "electricity_meter",
        "protocol": "modbus",
        "name": {"en": "Registers", "ru": "Регистры"},
        "source": "generic, what simulators/bench/register_server.py answers",
        "signals": [
            {
                "key": f"count_{number}",
                "name": {"en": f"Count {number}", "ru": f"Счёт {number}"},
                "poll_s": poll_s,
                "modbus": {"address": number},
            }
            for number in range(REGISTERS)
        ],
    }


@asynccontextmanager
async def _devices() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.bench.register_server", stdin=PIPE, stdout=PIPE,
        limit=16 * 1024 * 1024, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def _bare(port: int, seconds: float, period: float) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.bench.bare_modbus", "--port", str(port),
        "--lines", str(LINES), "--registers", str(REGISTERS), "--seconds", str(seconds),
        "--period", str(period), stdout=PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def _cpu_s_per_100k(bare: Mapping[str, float]) -> float:
    return bare["cpu_s"] / bare["registers"] * 100_000


async def _told(process: Process, **order: Any) -> Any:
    """Give the devices' answer to an order."""
    assert process.stdin is not None  # noqa: S101 - asked for when it was started
    process.stdin.write(json.dumps(order).encode() + b"\n")
    return json.loads(await _said(process))


async def _said(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - asked for when it was started
    return await process.stdout.readline()


def _p95(intervals: Mapping[str, Sequence[float]]) -> float:
    """Give the 95th percentile of the intervals of the units that live, in seconds."""
    live = [times for unit, times in intervals.items() if int(unit) not in DEAD]
    return percentile(chain.from_iterable(live), 95)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
