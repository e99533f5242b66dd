"""What devices announce as Home Assistant has them do, heard over a real broker."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Browsable, FoundPoint
from adapters.mqtt.adapter import open_mqtt
from adapters.mqtt.address import MqttAddress
from adapters.mqtt.discovery import announced, pointer_in
from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from core.registry import Endpoint
from tests.adapters.conftest import running_broker
from tests.adapters.test_mqtt_payloads import hear, profile

TEMPERATURE = "homeassistant/sensor/0x01/temperature/config"
FULL = {
    "name": "temperature",
    "state_topic": "zigbee2mqtt/hall",
    "value_template": "{{ value_json.temperature }}",
    "unit_of_measurement": "°C",
    "device_class": "temperature",
    "device": {"identifiers": ["zigbee2mqtt_0x01"], "name": "Hall", "manufacturer": "Somebody"},
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


def offered(content: object, topic: str = TEMPERATURE) -> list[FoundPoint]:
    found = announced(topic, json.dumps(content).encode())
    assert found is not None
    return found


def test_an_announcement_is_a_found_point() -> None:
    (point,) = offered(FULL)
    assert json.loads(point.address) == {"topic": "zigbee2mqtt/hall", "field": "/temperature"}
    assert (point.name, point.kind, point.unit) == ("Hall temperature", "sensor temperature", "°C")
    assert not point.writable


def test_abbreviated_keys_are_the_same() -> None:
    short = {
        "name": "temperature", "~": "zigbee2mqtt/hall", "stat_t": "~", "dev_cla": "temperature",
        "val_tpl": "{{ value_json['temperature'] | round(1) }}", "unit_of_meas": "°C",
        "dev": {"ids": "0x01", "name": "Hall", "mf": "Somebody"},
    }  # fmt: skip
    assert offered(short) == offered(FULL)


def test_a_switch_has_two_states_and_takes_orders() -> None:
    content = {"stat_t": "relay/state", "cmd_t": "relay/set", "pl_on": "1", "pl_off": "0"}
    (point,) = offered(content, "homeassistant/switch/relay/config")
    codes = {"1": 1, "0": 0}
    assert json.loads(point.address) == {"topic": "relay/state", "payload": "text", "codes": codes}
    assert point.writable


def test_a_device_announces_all_its_components_at_once() -> None:
    content = {
        "dev": {"name": "Box"}, "o": {"name": "maker"}, "state_topic": "box/state",
        "cmps": {
            "t": {"p": "sensor", "val_tpl": "{{ value_json.t }}", "name": "T"},
            "d": {"p": "binary_sensor", "val_tpl": "{{ value_json.door }}", "name": "Door"},
            "b": {"p": "button", "command_topic": "box/press", "state_topic": None},
        },
    }  # fmt: skip
    found = offered(content, "homeassistant/device/box/config")
    assert [(point.name, point.kind) for point in found] == [
        ("Box T", "sensor"),
        ("Box Door", "binary_sensor"),
    ]
    assert json.loads(found[1].address)["codes"] == {"ON": 1, "OFF": 0}


@pytest.mark.parametrize(
    ("template", "pointer"),
    [
        ("{{ value_json.temperature }}", "/temperature"),
        ("{{value_json.a.b}}", "/a/b"),
        ("{{ value_json['a/b']['~'] }}", "/a~1b/~0"),
        ('{{ value_json["ENERGY"].Power[0] | float(0) }}', "/ENERGY/Power/0"),
        ("{{ value_json.t | float | round(2) }}", "/t"),
        ("{{ value_json }}", ""),
        ("{{ value_json.t * 10 }}", None),
        ("{% if value_json.t %}1{% endif %}", None),
        ("{{ states('sensor.x') }}", None),
        ("{{ value_json.t | regex_replace('a', 'b') }}", None),
    ],
)
def test_a_value_template_is_a_pointer_or_not_simple(template: str, pointer: str | None) -> None:
    assert pointer_in(template) == pointer


def test_a_message_that_is_the_value_is_read_whole() -> None:
    whole, plain = offered(FULL | {"value_template": "{{ value_json }}"}), offered({"stat_t": "a"})
    assert json.loads(whole[0].address) == {"topic": "zigbee2mqtt/hall", "field": ""}
    assert json.loads(plain[0].address) == {"topic": "a", "payload": "text"}


def test_a_template_that_is_not_simple_is_said_to_be_so() -> None:
    (point,) = offered(FULL | {"value_template": "{{ value_json.t * 10 }}"})
    assert point.kind == "sensor temperature; its value_template is not a simple one"
    assert json.loads(point.address) == {"topic": "zigbee2mqtt/hall"}


@pytest.mark.parametrize("content", [{}, [], "x", None, {"stat_t": 5}, {"cmps": 5}, {"dev": 5}])
@pytest.mark.parametrize("topic", [TEMPERATURE, "homeassistant/device/x/config"])
def test_an_announcement_without_a_state_offers_nothing(content: object, topic: str) -> None:
    assert offered(content, topic) == []


@given(payload=st.binary(max_size=100))
def test_garbage_offers_nothing(payload: bytes) -> None:
    assert announced(TEMPERATURE, payload) == []


def test_what_is_no_announcement_is_not_taken_for_one() -> None:
    assert announced("homeassistant/status", b"online") is None


def test_what_is_announced_is_browsed_and_can_be_read(broker: str) -> None:
    found: list[FoundPoint] = []

    async def browse() -> None:
        endpoint = Endpoint(id="scan", edge=str(uuid.uuid4()), protocol="mqtt", address=broker)
        async with MqttLink(broker, "device") as device:
            await device.until_up(5)
            device.publish(TEMPERATURE, json.dumps(FULL).encode(), retain=True)
            device.publish("other/topic", b"21.5", retain=True)
            await device.flush(5)
        async with open_mqtt(endpoint, (), SystemClock()) as connection:
            assert isinstance(connection, Browsable)
            async with asyncio.timeout(10), contextlib.aclosing(connection.browse()) as points:  # type: ignore[type-var]
                async for point in points:
                    found.append(point)
                    if len(found) == 2:
                        break

    asyncio.run(browse())
    announcement = next(point for point in found if point.unit)
    address: dict[str, Any] = json.loads(announcement.address)
    assert MqttAddress.model_validate(address).field == "/temperature"
    heard = hear(broker, profile({"t": address}), [("zigbee2mqtt/hall", {"temperature": 19.5})])
    assert heard.values == {"m1.t": [19.5]}
    assert [point.address for point in found if not point.unit] == ["other/topic"]
