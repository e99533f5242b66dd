"""The Modbus devices of `register_server`, in a process of their own, and what it tells of them."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

from simulators.bench.measure import percentile


class Registers:
    """port: behind which every unit answers."""

    def __init__(self, process: Process, port: int) -> None:
        self._process = process
        self.port = port

    async def silence(self, units: Collection[int]) -> None:
        """Let these units say nothing, and all others answer."""
        await self._told(silence=sorted(units))

    async def intervals(self) -> Mapping[str, Sequence[float]]:
        """Give the seconds between requests to each unit since this was asked last."""
        told: Mapping[str, Sequence[float]] = await self._told(intervals=True)
        return told

    async def _told(self, **order: Any) -> Any:
        """Give the answer to an order."""
        assert self._process.stdin is not None  # noqa: S101 - asked for when it was started
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return json.loads(await _said(self._process))


@asynccontextmanager
async def registers() -> AsyncIterator[Registers]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.bench.register_server", stdin=PIPE, stdout=PIPE,
        limit=16 * 1024 * 1024, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield Registers(process, int(await _said(process)))
    finally:
        process.kill()
        await process.wait()


async def _said(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - asked for when it was started
    return await process.stdout.readline()


def p95(intervals: Iterable[tuple[str, Sequence[float]]], dead: Collection[int]) -> float:
    """Give the 95th percentile of the intervals of the units that live, in seconds."""
    live = [times for unit, times in intervals if int(unit) not in dead]
    return percentile(chain.from_iterable(live), 95)


def profile(name: str, signals: int, poll_s: float) -> dict[str, object]:
    """Give a model with so many holding registers, all of which count the answers."""
    return {
        "profile": name,
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
            for number in range(signals)
        ],
    }
