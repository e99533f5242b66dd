"""How fast one edge reads Modbus, beside pymodbus alone, and whether dead units slow the others.

The whole edge runs: adapter, pipeline, spool and uplink, with a broker and a sink that
acknowledges. The simulated devices are another process.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulators.bench.measure import Processor, Result
from simulators.bench.registers import Registers, p95, profile, registers
from simulators.bench.stand import OWN_SIGNALS, Stand, say, standing

LINES = 100
REGISTERS = 100  # of each device, one signal each, all of them new at every answer
BACK_TO_BACK_S = 0.0001  # a period that is over as soon as it has begun
PACED_S = 0.1
WARM_UP_S = 2.0
PATIENCE_S = 20.0
SHARED_LINES, SHARED_UNITS, SHARED_S = 10, 5, 1.0
DEAD = (1, 12, 23, 34, 45)  # units, each on another line
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
    async with standing(state) as stand, registers() as devices:
        bare = await _bare(devices.port, seconds, 0.0)
        ceiling = bare["registers"] / bare["seconds"]
        say(f"pymodbus alone: {ceiling:,.0f} registers/s")
        bench = _Bench(stand, devices)
        full = await bench.speed(BACK_TO_BACK_S, seconds)
        say(f"the whole edge: {full.points:,.0f} points/s")
        bare_paced = await _bare(devices.port, seconds, PACED_S)
        paced = await bench.speed(PACED_S, seconds)
        crowd = await bench.crowd(seconds)
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
    def __init__(self, stand: Stand, devices: Registers) -> None:
        self._stand = stand
        self._sink = stand.sink
        self._clock = stand.clock
        self._devices = devices

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

    async def crowd(self, seconds: float) -> Crowd:
        """Let five of fifty units on ten lines die and come back."""
        units = np.arange(1, SHARED_LINES * SHARED_UNITS + 1).reshape(SHARED_LINES, -1).tolist()
        async with self._edge(units, SHARED_S):
            await self._devices.intervals()
            await asyncio.sleep(seconds)
            before = await self._devices.intervals()
            known_s = await self._until_changed(DEAD, online=False)
            await self._devices.intervals()
            await asyncio.sleep(seconds)
            after = await self._devices.intervals()
            back_s = await self._until_changed((), online=True)
        growth = p95(after.items(), DEAD) / p95(before.items(), DEAD) - 1.0
        return Crowd(growth, known_s, back_s)

    async def _until_changed(self, silent: Sequence[int], *, online: bool) -> float:
        """Let units fall silent or speak; give when the last of the five was told, in seconds."""
        self._sink.changes.clear()
        began = self._clock.monotonic()
        await self._devices.silence(silent)
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

    @asynccontextmanager
    async def _edge(self, lines: Sequence[Sequence[int]], poll_s: float) -> AsyncIterator[int]:
        """Run an edge with these units on each line; gives its process."""
        wanted = self._sink.points + REGISTERS * sum(map(len, lines))
        models = [profile("registers", REGISTERS, poll_s)]
        async with self._stand.edge(models, self._document(lines)) as pid:
            await self._stand.until_came(wanted)
            await asyncio.sleep(WARM_UP_S)
            yield pid

    def _document(self, lines: Sequence[Sequence[int]]) -> dict[str, object]:
        address = f"modbus+tcp://127.0.0.1:{self._devices.port}"
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
    """Give the numbers of the watched signals."""
    first = np.arange(LINES) * REGISTERS + OWN_SIGNALS
    return np.concatenate([first, first + REGISTERS - 1])


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
