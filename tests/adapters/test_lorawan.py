"""LoRaWAN meters behind ChirpStack 4: uplinks are built by its own package of message types."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from chirpstack_api import gw, integration
from google.protobuf.json_format import MessageToJson
from google.protobuf.struct_pb2 import Struct

from adapters.mqtt.address import RawField
from adapters.mqtt.pointer import MISSING
from adapters.mqtt.raw_payload import value_of
from adapters.profile import Profile, bundled_profiles
from core.quality import BAD, GOOD, Reason, quality
from tests.adapters.conftest import running_broker
from tests.adapters.test_mqtt_payloads import Heard, Message, hear

EUI = "0102030405060708"
TIME = 1_767_225_600  # 2026-01-01 00:00 UTC
MALFORMED = quality(BAD, Reason.MALFORMED)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


def profile(**addresses: dict[str, Any]) -> Profile:
    name = {"ru": "Счётчик", "en": "Meter"}
    return Profile.model_validate(
        {
            "profile": "field", "family": "water_meter", "protocol": "mqtt", "name": name,
            "source": "generic, made for a test",
            "signals": [
                {"key": key, "name": name, "lorawan": address}
                for key, address in addresses.items()
            ],
        }
    )  # fmt: skip


def uplink(
    data: bytes = b"",
    *,
    decoded: dict[str, Any] | None = None,
    port: int = 10,
    eui: str = EUI,
    seconds: int = TIME,
) -> Message:
    """Topic and payload of an uplink as the MQTT integration publishes it."""
    event = integration.UplinkEvent(deduplication_id="d", f_cnt=7, f_port=port, data=data, dr=5)
    event.time.FromDatetime(datetime.fromtimestamp(seconds, UTC))
    event.time.nanos = 775_023_242
    event.device_info.dev_eui = eui
    event.device_info.device_name = "water meter, flat 12"
    event.rx_info.append(gw.UplinkRxInfo(gateway_id="0016c001f153a14c", rssi=-87, snr=9.5))
    if decoded is not None:
        content = Struct()
        content.update(decoded)
        event.object.CopyFrom(content)
    return f"application/a-1/device/{eui}/event/up", MessageToJson(event).encode()


def heard(broker: str, model: Profile, *uplinks: Message) -> Heard:
    return hear(broker, model, uplinks, units=[EUI])


def test_what_the_network_server_decoded_is_read(broker: str) -> None:
    model = profile(
        volume={"object": "/volume", "scale": 0.001},
        valve={"object": "/valve/state", "codes": {"open": 1, "closed": 0}},
        rssi={"uplink": "/rxInfo/0/rssi"},
    )
    found = heard(broker, model, uplink(decoded={"volume": 12345, "valve": {"state": "open"}}))
    assert found.values == {
        f"m{EUI}.volume": [12.345], f"m{EUI}.valve": [1], f"m{EUI}.rssi": [-87],
    }  # fmt: skip
    assert found.codes(f"m{EUI}.volume") == [GOOD]
    assert found.times(f"m{EUI}.volume") == [TIME * 10**9 + 775_023_000]


def test_bytes_are_decoded_as_the_profile_states(broker: str) -> None:
    model = profile(
        volume={"raw": {"at": 1, "length": 4, "endian": "little"}, "scale": 0.001},
        temperature={"raw": {"at": 5, "length": 2, "type": "int"}, "scale": 0.1, "offset": 1},
        leak={"raw": {"at": 7, "type": "bit", "bit": 2}},
    )
    payload = b"\x01" + struct.pack("<I", 4_000_000_000) + struct.pack(">h", -55) + b"\x04"
    found = heard(broker, model, uplink(payload))
    assert found.values == {
        f"m{EUI}.volume": [4_000_000], f"m{EUI}.temperature": [-4.5], f"m{EUI}.leak": [1],
    }  # fmt: skip


def test_only_messages_of_the_stated_port_and_kind_have_the_value(broker: str) -> None:
    model = profile(
        volume={"raw": {"at": 1, "when": {0: 0x10}}, "port": 10},
        alarm={"raw": {"at": 0}, "port": 2},
    )
    messages = [uplink(b"\x10\x05"), uplink(b"\x20\x06"), uplink(b"\x10\x07", port=2)]
    found = heard(broker, model, *messages)
    assert found.values == {f"m{EUI}.volume": [5], f"m{EUI}.alarm": [0x10]}


def test_an_uplink_that_is_delivered_twice_is_taken_once(broker: str) -> None:
    model = profile(volume={"raw": {"at": 0}})
    again = uplink(b"\x05")
    found = heard(broker, model, again, again, uplink(b"\x05", seconds=TIME + 60))
    assert found.values == {f"m{EUI}.volume": [5, 5]}


def test_another_meter_is_not_mixed_up(broker: str) -> None:
    model = profile(volume={"raw": {"at": 0}})
    found = heard(broker, model, uplink(b"\x07", eui="ffffffffffffffff"), uplink(b"\x05"))
    assert found.values == {f"m{EUI}.volume": [5]}


def test_a_payload_that_is_too_short_spoils_the_value(broker: str) -> None:
    model = profile(near={"raw": {"at": 0}}, far={"raw": {"at": 4, "length": 4}})
    found = heard(broker, model, uplink(b"\x05\x06"))
    assert found.codes(f"m{EUI}.near") == [GOOD]
    assert found.codes(f"m{EUI}.far") == [MALFORMED]


def test_an_uplink_without_bytes_says_nothing(broker: str) -> None:
    assert heard(broker, profile(volume={"raw": {"at": 0}}), uplink()).values == {}


def test_the_bundled_meter_is_read(broker: str) -> None:
    model = bundled_profiles()["generic-lorawan-water-meter"]
    decoded = {"volume": 12.5, "battery": 88, "leak": False}
    found = heard(broker, model, uplink(decoded=decoded))
    assert found.values == {
        f"m{EUI}.volume": [12.5], f"m{EUI}.battery": [88], f"m{EUI}.leak": [0],
        f"m{EUI}.signal": [-87],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "data", "value"),
    [
        ({"at": 0, "length": 3}, "AQID", 0x010203),
        ({"at": 0, "length": 3, "endian": "little"}, "AQID", 0x030201),
        ({"at": 0, "length": 2, "type": "int"}, "//8=", -1),
        ({"at": 0, "length": 4, "type": "float"}, "P4AAAA==", 1.0),
        ({"at": 0, "length": 4, "type": "float", "endian": "little"}, "AACAPw==", 1.0),
        ({"at": 0, "length": 4, "type": "float"}, "f8AAAA==", "not a number"),
        ({"at": 0, "length": 2, "type": "bcd"}, "EjQ=", 1234),
        ({"at": 0, "length": 2, "type": "bcd", "endian": "little"}, "EjQ=", 3412),
        ({"at": 0, "length": 2, "type": "bcd"}, "EjT=", 1234),
        ({"at": 0, "length": 1, "type": "bcd"}, "qg==", "aa is not BCD"),
        ({"at": 0, "length": 2, "type": "bit", "bit": 15}, "gAA=", 1),
        ({"at": 1}, "AQ==", "wanted 2 bytes, found 1"),
        ({"at": 0, "when": {5: 1}}, "AQ==", MISSING),
        ({"at": 0}, "%%%%", "not base64"),
        ({"at": 0}, "é", "not base64"),
        ({"at": 0}, 12, "not base64"),
        ({"at": 0}, None, "not base64"),
        ({"at": 0}, "", MISSING),
    ],
)
def test_a_field_of_bytes_is_read_or_refused(field: Any, data: object, value: object) -> None:
    assert value_of(data, RawField.model_validate(field)) == value
