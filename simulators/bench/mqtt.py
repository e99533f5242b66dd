"""How many JSON messages one edge takes from a broker, beside paho that only counts them.

The whole edge runs: adapter, pipeline, spool and uplink, with a sink that acknowledges. Devices
have a broker of their own. Only so many messages are under way at once, so that the rate is what
the reader can take and a message that does not arrive is lost.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters import wire
from core.clock import SystemClock
from simulators.bench.measure import Processor, Result
from simulators.bench.message_source import BLOCK, DEVICES
from simulators.bench.sink import Sink
from simulators.bench.stand import OWN_SIGNALS, Stand, devices_broker, say, standing
from simulators.stage.children import CannotStart
from simulators.stage.ports import HOST, free_port

VALUES = ("voltage", "current", "power")  # of each message
WINDOW = 40_000  # messages under way
EVERY_S = 0.01
WARM_UP_S = 2.0
SETTLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Speed:
    """rate: messages per second. cpu_s: of the reader, per 100,000 points."""

    rate: float
    cpu_s: float
    lost: int


async def measure(state: Path, seconds: float) -> Result:
    """Let paho count, then the edge read, for so many seconds each. state: an empty folder."""
    port = free_port()
    async with standing(state) as stand:
        await stand.start(devices_broker(state, port))
        bare = await _bare(port, seconds)
        say(f"paho alone: {bare.rate:,.0f} messages/s")
        ours = await _ours(stand, port, seconds)
    return Result(
        bench="mqtt",
        unit="messages/s",
        ours=ours.rate,
        ceiling=bare.rate,
        ratio=ours.rate / bare.rate,
        lost=ours.lost,
        more={
            "cpu_s_per_100k": ours.cpu_s,
            "ceiling_cpu_s_per_100k": bare.cpu_s,
            "points_per_s": ours.rate * len(VALUES),
        },
    )


async def _bare(port: int, seconds: float) -> Speed:
    async with _program("bare_mqtt", port) as reader:
        count, cpu_s = 0, 0.0
        assert reader.stdout is not None  # noqa: S101 - asked for when it was started
        await reader.stdout.readline()  # it has subscribed

        async def listen() -> None:
            nonlocal count, cpu_s
            assert reader.stdout is not None  # noqa: S101 - as above
            async for line in reader.stdout:
                words = line.split()
                count, cpu_s = int(words[0]), float(words[1])

        listening_to_it = asyncio.create_task(listen())
        try:
            return await _speed(port, lambda: count, lambda: cpu_s, seconds)
        finally:
            listening_to_it.cancel()
            await asyncio.wait([listening_to_it])


async def _ours(stand: Stand, port: int, seconds: float) -> Speed:
    points = _counted(stand.sink)
    async with stand.edge([_profile()], _document(port)) as edge:
        processor = Processor([edge])
        return await _speed(port, lambda: points() // len(VALUES), processor.seconds, seconds)


def _counted(sink: Sink) -> Callable[[], int]:
    """Count the devices' points: without the edge's own, and what it tells of its links."""
    points, take, end = 0, sink.take, OWN_SIGNALS + DEVICES * len(VALUES)

    def count(block: wire.TelemetryBlock) -> None:
        nonlocal points
        take(block)
        signal = wire.readings(block).signal
        points += int(((signal >= OWN_SIGNALS) & (signal < end)).sum())

    sink.take = count  # type: ignore[method-assign]
    return lambda: points


async def _speed(
    port: int, arrived: Callable[[], int], cpu_s: Callable[[], float], seconds: float
) -> Speed:
    """Let the devices speak as fast as a reader takes it. arrived: messages; cpu_s: seconds."""
    clock = SystemClock()
    async with _program("message_source", port) as source:
        sent = await _let_send(source, BLOCK)
        deadline = clock.monotonic() + SETTLE_S
        while not arrived():
            if clock.monotonic() > deadline:
                raise CannotStart(f"no message has arrived after {SETTLE_S:g} s")
            await asyncio.sleep(EVERY_S)

        async def flow(for_s: float) -> tuple[float, int, float]:
            """Give the seconds it took, messages and processor time."""
            nonlocal sent
            began, before, spent = clock.monotonic(), arrived(), cpu_s()
            while clock.monotonic() < began + for_s:
                sent = await _let_send(source, arrived() + WINDOW)
                await asyncio.sleep(EVERY_S)
            return clock.monotonic() - began, arrived() - before, cpu_s() - spent

        await flow(WARM_UP_S)
        took, messages, spent = await flow(seconds)
        deadline = clock.monotonic() + SETTLE_S
        while arrived() < sent and clock.monotonic() < deadline:  # noqa: ASYNC110 - counts
            await asyncio.sleep(EVERY_S)
        points = messages * len(VALUES)
        lost = (sent - arrived()) * len(VALUES)
        return Speed(messages / took, spent / points * 100_000, lost)


async def _let_send(source: Process, allowed: int) -> int:
    """Let the devices send until so many messages are out; give how many are."""
    assert source.stdin is not None  # noqa: S101 - asked for when it was started
    assert source.stdout is not None  # noqa: S101 - as above
    source.stdin.write(f"{allowed}\n".encode())
    return int(await source.stdout.readline())


@asynccontextmanager
async def _program(name: str, port: int) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"simulators.bench.{name}", "--port", str(port),
        stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


def _profile() -> dict[str, object]:
    return {
        "profile": "three-values",
        "family": "electricity_meter",
        "protocol": "mqtt",
        "name": {"en": "Three values", "ru": "Три значения"},
        "source": "generic, what simulators/bench/message_source.py publishes",
        "signals": [
            {
                "key": key,
                "name": {"en": key, "ru": key},
                "mqtt": {"topic": "bench/{unit}", "field": f"/{key}"},
            }
            for key in VALUES
        ],
    }


def _document(port: int) -> dict[str, object]:
    return {
        "endpoints": [{"id": "air", "protocol": "mqtt", "address": f"mqtt://{HOST}:{port}"}],
        "devices": [
            {
                "id": f"meter-{number}",
                "profile": "three-values",
                "endpoint": "air",
                "unit": str(number),
            }
            for number in range(DEVICES)
        ],
    }
