"""How many JSON messages one edge takes from a broker, beside paho that only counts them.

The whole edge runs: adapter, pipeline, spool and uplink, with a sink that acknowledges. Devices
have a broker of their own. Only so many messages are under way at once, so that the rate is what
the reader can take and a message that does not arrive is lost.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters import wire
from adapters.mqtt.broker import find_mosquitto
from adapters.profile import bundled_profiles
from core.clock import SystemClock
from simulators.bench.measure import Processor, Result
from simulators.bench.message_source import BLOCK, DEVICES
from simulators.bench.sink import Sink, listening
from simulators.stage.children import CannotStart, Child, Children
from simulators.stage.hub import Hub, write_private
from simulators.stage.ports import HOST, free_port, is_open

VALUES = ("voltage", "current", "power")  # of each message
WINDOW = 40_000  # messages under way
EVERY_S = 0.01
WARM_UP_S = 2.0
SETTLE_S = 10.0
EDGE = "edge-1"


@dataclass(frozen=True, slots=True)
class Speed:
    """rate: messages per second. cpu_s: of the reader, per 100,000 points."""

    rate: float
    cpu_s: float
    lost: int


async def measure(state: Path, seconds: float) -> Result:
    """Let paho count, then the edge read, for so many seconds each. state: an empty folder."""
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
    port = free_port()
    try:
        for broker in (_devices_broker(state, port), hub.broker()):
            await children.start(broker)
            await children.wait_ready(broker)
        bare = await _bare(port, seconds)
        _say(f"paho alone: {bare.rate:,.0f} messages/s")
        async with listening(hub.broker_url, EDGE, password) as sink:
            ours = await _ours(hub, children, sink, port, seconds)
    finally:
        await children.stop()
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


def _devices_broker(state: Path, port: int) -> Child:
    """Give a broker without users that drops nothing."""
    program = find_mosquitto()
    if program is None:
        raise CannotStart("mosquitto is neither on the PATH nor in /usr/sbin")
    lines = [f"listener {port} {HOST}", "allow_anonymous true", "max_queued_messages 0"]
    configuration = state / "devices-broker.conf"
    write_private(configuration, "\n".join([*lines, "set_tcp_nodelay true", ""]))
    return Child(
        name="devices-broker",
        command=[program, "-c", str(configuration)],
        ready=lambda _child: is_open(port),
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


async def _ours(hub: Hub, children: Children, sink: Sink, port: int, seconds: float) -> Speed:
    models = hub.state / "models"
    models.mkdir()
    (models / "three-values.yaml").write_text(json.dumps(_profile()), encoding="utf-8")
    devices = hub.state / "devices.yaml"
    devices.write_text(json.dumps(_document(port)), encoding="utf-8")
    edge = hub.edge_process()
    edge.command = [*edge.command, "--devices", str(devices)]
    points = _counted(sink)
    await children.start(edge)
    await children.wait_ready(edge)
    assert edge.process is not None  # noqa: S101 - it was started
    processor = Processor([edge.process.pid])
    return await _speed(port, lambda: points() // len(VALUES), processor.seconds, seconds)


def _counted(sink: Sink) -> Callable[[], int]:
    """Count the devices' points: the edge's own signals come before all others."""
    own = len(bundled_profiles()["kvartal-edge"].signals)
    points, take = 0, sink.take

    def count(block: wire.TelemetryBlock) -> None:
        nonlocal points
        take(block)
        points += int((wire.readings(block).signal >= own).sum())

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


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
