"""What is said to a device behind a broker when a value is set."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.contract import Point
from adapters.mqtt.adapter import open_mqtt, payload_of
from adapters.mqtt.address import MqttAddress
from adapters.mqtt.columns import unscaled
from core.clock import SystemClock
from core.errors import Permanent
from core.registry import Endpoint
from tests.adapters.conftest import running_broker
from tests.adapters.test_mqtt_payloads import points_of, profile


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


def point_with(address: dict[str, Any], **options: object) -> Point:
    return points_of(profile({"v": {"topic": "a"} | address}, writable=True), ["1"], options)[0]


@pytest.mark.parametrize(
    ("value", "scale", "offset", "raw"),
    [
        (21.7, 0.1, 0.0, 217.0),
        (0.3, 0.1, 0.0, 3.0),
        (0.1 + 0.2, 1.0, 0.3, 0.0),
        (2.0**62, 1.0, 0.0, 2.0**62),
        (21.75, 0.1, 0.0, 217.5),
        (1e-9, 1.0, 0.0, 1e-9),
    ],
)
def test_what_is_whole_but_for_rounding_is_told_as_a_whole_number(
    value: float, scale: float, offset: float, raw: float
) -> None:
    assert unscaled(value, scale, offset) == raw


@pytest.mark.parametrize(
    ("form", "payload"),
    [({"set_field": "/v"}, b'{"v":217}'), ({"payload": "text"}, b"217")],
)
def test_a_setpoint_in_tenths_is_sent_as_a_whole_number(
    form: dict[str, Any], payload: bytes
) -> None:
    point = point_with({"set_topic": "b", "scale": 0.1, **form})
    assert isinstance(point.signal.mqtt, MqttAddress)
    assert payload_of(point.signal.mqtt, point, 21.7) == payload


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "topic b/{room} names an option it does not have"),
        ({"room": "+"}, r"room '\+' cannot be part of a topic"),
    ],
)
def test_an_order_to_a_topic_that_cannot_be_is_refused(
    broker: str, options: dict[str, object], complaint: str
) -> None:
    point = point_with({"set_topic": "b/{room}"}, **options)
    line = Endpoint(id="line", edge="edge-1", protocol="mqtt", address=broker)

    async def write() -> None:
        async with open_mqtt(line, [point], SystemClock()) as connection:
            await connection.write(point, 1)

    with pytest.raises(Permanent, match=complaint):
        asyncio.run(write())
