"""An edge whose password cannot be read just now."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from edge import uplink
from edge.node import Edge
from edge.settings import EdgeSettings
from tests.adapters.conftest import running_broker
from tests.edge.stand import PROFILES, FedLine, eventually


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


def test_an_edge_waits_for_its_password_and_reads_on(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "REFUSED_PAUSE_S", 0.1)
    password = tmp_path / "password"
    settings = EdgeSettings(
        id="edge-1", broker=broker, data_dir=tmp_path / "data", broker_password_file=password
    )

    async def test() -> None:
        stop, topics = asyncio.Event(), list[str]()

        async def listen(link: MqttLink) -> None:
            async for batch in link.messages():
                topics.extend(topic for topic, _ in batch)

        async with MqttLink(broker, "gateway", subscriptions=["kvartal/1/+/up/#"]) as link:
            await link.until_up(10)
            listening = asyncio.create_task(listen(link))
            edge = Edge(settings, PROFILES, SystemClock(), opener=FedLine().open)
            running = asyncio.create_task(edge.run(stop, lambda _: None))
            await eventually(lambda: [each for each in logs if str(password) in str(each)])
            password.write_text("secret\n")
            await eventually(lambda: "kvartal/1/edge-1/up/birth" in topics)
            stop.set()
            await running
            listening.cancel()

    with capture_logs() as logs:
        asyncio.run(test())
    assert {each["event"] for each in logs if each["log_level"] == "error"} == {
        "link to the broker cannot be opened"
    }
