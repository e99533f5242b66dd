"""What an edge refuses to set, whoever wants it."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import wire
from adapters.contract import DeviceState
from adapters.mqtt.broker import find_mosquitto
from adapters.mqtt.link import MqttLink
from core.configuration import EdgeConfiguration
from core.registry import Device, Endpoint
from edge.interlocks import by_hand
from edge.inventory import Inventory
from edge.node import Edge
from edge.settings import EdgeSettings
from edge.writing import Refused, Writer
from tests.adapters.conftest import running_broker
from tests.edge.stand import BOTH, PROFILES, FedLine, eventually
from tests.edge.street import Gateway, MovedClock, running

LIFT = Inventory(
    EdgeConfiguration(
        revision=1, edge="edge-1",
        endpoints=(Endpoint(id="house", edge="edge-1", protocol="opcua", address=""),),
        devices=(Device(id="lift-7", profile="generic-lift", endpoint="house", unit="L7",
                        name=BOTH, place=""),),
    ),
    PROFILES,
)  # fmt: skip


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    with ExitStack() as stack:
        yield stack.enter_context(running_broker(tmp_path, "mosquitto"))[0]


def test_an_edge_refuses_to_put_a_lift_back_in_service(tmp_path: Path, broker: str) -> None:
    line = FedLine()

    async def main() -> wire.CommandResult:
        clock = MovedClock(datetime(2026, 11, 26, tzinfo=UTC))
        async with MqttLink(broker, "gateway", subscriptions=["kvartal/1/+/up/#"]) as link:
            await link.until_up(10)
            gateway = Gateway(link, clock)
            settings = EdgeSettings(id="edge-1", broker=broker, data_dir=tmp_path / "data")
            edge = Edge(settings, PROFILES, clock, LIFT.configuration, opener=line.open)
            stop = asyncio.Event()
            async with running(gateway.run()), running(edge.run(stop, lambda _: None)):
                await eventually(lambda: gateway.births)
                (lift,) = (e for e in gateway.births[1].profiles if e.family == "lift")
                assert {e.key: e.by_hand for e in lift.signals if e.by_hand} == {
                    "out_of_service": [0]
                }
                line.queue.put_nowait(DeviceState("lift-7", True, clock.time_ns()))
                await gateway.command("lift-7", "out_of_service", 1)
                return await gateway.command("lift-7", "out_of_service", 0)

    result = asyncio.run(main())
    assert (result.state, line.written) == ("refused", [("lift-7.out_of_service", 1)])
    assert result.text.startswith('lift-7.out_of_service is set to "in service" only by hand')


def test_a_lift_is_taken_out_of_service_from_afar() -> None:
    point = Writer(LIFT, {}, [by_hand]).checked("lift-7", "out_of_service", 1)
    assert point.name == "lift-7.out_of_service"


def test_a_lift_is_put_back_in_service_only_by_hand() -> None:
    with pytest.raises(Refused) as refused:
        Writer(LIFT, {}, [by_hand]).checked("lift-7", "out_of_service", 0)
    assert str(refused.value) == (
        'lift-7.out_of_service is set to "in service" only by hand at the device. '
        "Send somebody there."
    )
