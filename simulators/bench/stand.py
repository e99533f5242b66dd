"""One edge in a process of its own, with a broker and a sink that acknowledges: no gateway."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.mqtt.broker import find_mosquitto
from adapters.profile import bundled_profiles
from core.clock import SystemClock
from simulators.bench.sink import Sink, listening
from simulators.stage.children import CannotStart, Child, Children
from simulators.stage.hub import Hub, write_private
from simulators.stage.ports import HOST, free_port, is_open

EDGE = "edge-1"
START_S = 60.0
OWN_SIGNALS = len(bundled_profiles()["kvartal-edge"].signals)
"""The edge's own signals, which have the numbers before all others."""


class Stand:
    """children: of this bench, ended with it. sink: stands where the gateway is."""

    def __init__(self, hub: Hub, children: Children, sink: Sink) -> None:
        self.hub = hub
        self.children = children
        self.sink = sink
        self.clock = SystemClock()

    async def start(self, child: Child) -> None:
        """Start a process and wait until it is ready."""
        await self.children.start(child)
        await self.children.wait_ready(child, within=START_S)

    @asynccontextmanager
    async def edge(
        self, profiles: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
    ) -> AsyncIterator[int]:
        """Run an edge with these device models and devices; gives its process."""
        models = self.hub.state / "models"
        models.mkdir(exist_ok=True)
        for profile in profiles:
            file = models / f"{profile['profile']}.yaml"
            file.write_text(json.dumps(profile), encoding="utf-8")
        devices = self.hub.state / "devices.yaml"
        devices.write_text(json.dumps(document), encoding="utf-8")
        edge = self.hub.edge_process()
        edge.command = [*edge.command, "--devices", str(devices)]
        await self.start(edge)
        if edge.process is None:
            raise CannotStart("the edge has ended")
        try:
            yield edge.process.pid
        finally:
            await self.children.dismiss(edge)

    async def until_came(self, points: int) -> None:
        """Wait until the sink has had so many points in all."""
        deadline = self.clock.monotonic() + START_S
        while self.sink.points < points:
            if self.clock.monotonic() > deadline:
                raise CannotStart(f"the devices are not read after {START_S:.0f} s")
            await asyncio.sleep(0.1)


@asynccontextmanager
async def standing(state: Path) -> AsyncIterator[Stand]:
    """Start broker and sink. state: an empty folder, in which everything lies."""
    hub = Hub(
        state=state, broker_port=free_port(), port=free_port(), edge=EDGE,
        profiles=[state / "models"],
    )  # fmt: skip
    hub.write_secrets()
    password = hub.password_file("gateway").read_text(encoding="utf-8").strip()
    children = Children(state / "logs", SystemClock(), say)
    try:
        broker = hub.broker()
        await children.start(broker)
        await children.wait_ready(broker)
        async with listening(hub.broker_url, EDGE, password) as sink:
            yield Stand(hub, children, sink)
    finally:
        await children.stop()


def devices_broker(state: Path, port: int) -> Child:
    """Give a broker for devices, without users, that drops nothing."""
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


def variables(port: int) -> Child:
    """Give an OPC UA server of counting variables."""
    return Child(
        name="variables",
        command=[sys.executable, "-m", "simulators.bench.variables_server", str(port)],
        ready=lambda _child: is_open(port),
    )


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
