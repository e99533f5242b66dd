import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from adapters.mqtt.broker import find_mosquitto
from adapters.mqtt.link import MqttLink
from core.clock import Clock, SystemClock
from edge import uplink
from edge.inventory import Inventory
from edge.node import Edge
from edge.settings import EdgeSettings
from edge.spool import Spool
from edge.spool_file import KEEP_S
from tests.adapters.conftest import running_broker
from tests.edge.running import Gateway, RunEdge, Running
from tests.edge.stand import PROFILES, FedLine, HandClock, eventually, make_inventory


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_spool(tmp_path: Path) -> Callable[..., Spool]:
    """Open the spool of this test; within an event loop."""

    def fail(error: BaseException) -> None:
        raise AssertionError("the spool has failed") from error

    def make(clock: Clock | None = None, limit: int = 10**8, keep_s: float = KEEP_S) -> Spool:
        folder = tmp_path / "spool"
        return Spool("edge-1", folder, limit, clock or SystemClock(), fail, keep_s=keep_s)

    return make


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    with ExitStack() as stack:
        yield stack.enter_context(running_broker(tmp_path, "mosquitto"))[0]


@pytest.fixture
def with_edge(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunEdge:
    """Run a test with a running edge that reads one heat point."""
    monkeypatch.setattr(uplink, "RESEND_AFTER_S", 0.5)
    monkeypatch.setattr(uplink, "WATCH_EVERY_S", 0.1)
    monkeypatch.setattr(uplink, "REBIRTH_EVERY_S", 0.1)
    settings = EdgeSettings(id="edge-1", broker=broker, data_dir=tmp_path / "data")
    (tmp_path / "data").mkdir()
    line = FedLine()
    edges: list[tuple[asyncio.Event, asyncio.Task[None]]] = []

    def start() -> None:
        first = make_inventory("heat-1", protocol="modbus").configuration
        copy = tmp_path / "data" / "configuration.json"
        if not copy.exists():
            copy.write_text(json.dumps(asdict(first)))
        # The document must name a protocol that exists; the line stands for it.
        node = Edge(settings, PROFILES, SystemClock(), opener=line.open)
        stop = asyncio.Event()
        edges.append((stop, asyncio.create_task(node.run(stop, _ignore))))

    async def stop() -> None:
        wish, task = edges[-1]
        wish.set()
        async with asyncio.timeout(5):
            await task

    def run(test: Callable[[Running], Awaitable[None]]) -> None:
        async def main() -> None:
            async with MqttLink(broker, "gateway", subscriptions=["kvartal/1/+/up/#"]) as link:
                await link.until_up(10)
                gateway = Gateway(link)
                taking = asyncio.create_task(gateway.run())
                start()
                await eventually(lambda: gateway.births)
                await test(Running(gateway, line, start, stop))
                if not edges[-1][1].done():
                    await stop()
                taking.cancel()

        asyncio.run(main())

    return run


def _ignore(_inventory: Inventory) -> None:
    """Nobody waits for the ready line here."""
