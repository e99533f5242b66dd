"""Every bundled profile is served over its own protocol and read back, value by value.

What goes on the wire is made here and by the simulators' encoder, from what the profile says of
its places; the adapter must find the same values there.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from adapters.contract import Point
from adapters.modbus.adapter import open_modbus
from adapters.mqtt.address import LorawanAddress, MqttAddress, RawField
from adapters.profile import Profile, SignalProfile, bundled_profiles
from core.clock import SystemClock
from core.quality import GOOD
from core.registry import Device, Endpoint
from simulators.servers.mqtt_devices import put
from simulators.servers.registers import Image
from tests.adapters.conformance import Line, run
from tests.adapters.conftest import running_broker
from tests.adapters.modbus_server import ModbusServer
from tests.adapters.opcua_rig import ServerThread, points_of, reading
from tests.adapters.test_lorawan import EUI, uplink
from tests.adapters.test_mqtt_payloads import Message, hear

PROFILES = bundled_profiles()
TABLES = ("holding", "input", "coil", "discrete")
TIME = "2026-01-01T00:00:00Z"
RSSI = -87  # of the event that test_lorawan builds


def of(protocol: str) -> list[str]:
    return sorted(name for name, each in PROFILES.items() if each.protocol == protocol)


def value_of(signal: SignalProfile, place: int) -> float:
    """Choose a value that the signal can have, in a byte too: another for each place."""
    if signal.states:
        return max(signal.states)
    low = 0 if signal.minimum is None else signal.minimum
    high = low + 100 if signal.maximum is None else signal.maximum
    return round(low + (high - low) * (place + 1) / 40, 1)


def values_of(profile: Profile) -> dict[str, float]:
    return {each.key: value_of(each, place) for place, each in enumerate(profile.signals)}


def step_of(signal: SignalProfile) -> float:
    """Give what the wire can just tell apart, in the signal's unit; 0 where it has fractions."""
    if signal.modbus is not None:
        return 0.0 if signal.modbus.type in {"f32", "f64"} else abs(signal.modbus.scale)
    at = signal.lorawan
    if at is not None and at.raw is not None and at.raw.type != "float":
        return abs(at.scale)
    return 0.0


def near(profile: Profile) -> dict[str, Any]:
    """Give the same values, to half a step."""
    return {
        signal.key: pytest.approx(value_of(signal, place), abs=step_of(signal) * 0.5001, rel=1e-6)
        for place, signal in enumerate(profile.signals)
    }


def test_what_has_no_wire_of_its_own_is_known() -> None:
    others = {name for name, each in PROFILES.items() if each.protocol in {"camera", "internal"}}
    assert others == {
        "generic-road-camera", "generic-yard-camera", "kvartal-diagnostics", "kvartal-edge",
    }  # fmt: skip


def serve(server: ModbusServer, profile: Profile) -> None:
    values = values_of(profile)
    for table in TABLES[:2]:
        image = Image(profile, table)
        wire = image.registers(values, image.start, image.stop - image.start)
        server.put(7, table, image.start, wire)
    for table in TABLES[2:]:
        server.words(7, table).update(
            {each.first: int(values[each.signal]) for each in Image(profile, table).fields}
        )


@pytest.mark.parametrize("name", of("modbus"))
def test_registers_are_read_back(name: str) -> None:
    profile = PROFILES[name]

    async def read() -> dict[str, float]:
        async with ModbusServer() as server:
            serve(server, profile)
            address = f"modbus+tcp://127.0.0.1:{server.port}"
            endpoint = Endpoint(id="line", edge="edge-1", protocol="modbus", address=address)
            device = Device(
                id="unit", profile=name, endpoint="line", unit="7", name={"en": "u"}, place="here"
            )
            points = [Point(at, device, profile, each) for at, each in enumerate(profile.signals)]
            async with open_modbus(endpoint, points, SystemClock()) as connection:
                line = Line(connection, points)
                await line.until_read()
                await line.stream.aclose()  # type: ignore[attr-defined]
        assert set(line.qualities.values()) == {GOOD}
        return {key.partition(".")[2]: value for key, value in line.values.items()}

    assert run(read()) == near(profile)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("broker")
    with running_broker(folder, "mosquitto") as (url, _process):
        yield url


def spoken(address: MqttAddress, value: float) -> object:
    """Say a value as its device does."""
    words = {code: word for word, code in address.codes.items()}
    if words:
        return words[value]
    return (value - address.offset) / address.scale


def topics_of(profile: Profile) -> list[Message]:
    """Make one message a topic, with every value that the profile looks for there."""
    documents: dict[str, dict[str, object]] = {}
    plain: list[Message] = []
    for signal, value in zip(profile.signals, values_of(profile).values(), strict=True):
        assert signal.mqtt is not None
        topic = signal.mqtt.topic.replace("{unit}", "1")
        if signal.mqtt.payload == "text":
            plain.append((topic, str(spoken(signal.mqtt, value)).encode()))
            continue
        document = documents.setdefault(topic, {})
        put(document, signal.mqtt.field, spoken(signal.mqtt, value))
        if signal.mqtt.time:
            put(document, signal.mqtt.time, TIME)
    return [*plain, *documents.items()]


JSON = [name for name in of("mqtt") if all(each.mqtt for each in PROFILES[name].signals)]
LORAWAN = [name for name in of("mqtt") if all(each.lorawan for each in PROFILES[name].signals)]


def test_every_profile_of_a_broker_is_of_a_kind_that_is_served_here() -> None:
    assert sorted(JSON + LORAWAN) == of("mqtt")


@pytest.mark.parametrize("name", JSON)
def test_messages_are_read_back(broker: str, name: str) -> None:
    profile = PROFILES[name]
    found = hear(broker, profile, topics_of(profile))
    assert {key: value[-1] for key, value in found.values.items()} == {
        f"m1.{key}": value for key, value in near(profile).items()
    }


def bytes_of(field: RawField, raw: float) -> bytes:
    """Encode a field anew: what the adapter decodes must not be made by the adapter."""
    if field.type == "float":
        big = struct.pack(">f" if field.length == 4 else ">d", raw)
    elif field.type == "bcd":
        big = bytes.fromhex(str(round(raw)).zfill(2 * field.length))
    elif field.type == "bit":
        big = (round(raw) << field.bit).to_bytes(field.length, "big")
    else:
        big = round(raw).to_bytes(field.length, "big", signed=field.type == "int")
    return big if field.endian == "big" else big[::-1]


def payload_of(fields: list[tuple[RawField, float]]) -> bytes:
    """Lay the fields down in one payload, with the bytes that say which message it is."""
    ends = [field.at + field.length for field, _ in fields]
    ends += [place + 1 for field, _ in fields for place in field.when]
    payload = bytearray(max(ends, default=1))
    for field, raw in fields:
        for place, byte in enumerate(bytes_of(field, raw), field.at):
            payload[place] |= byte
        for place, byte in field.when.items():
            payload[place] = byte
    return bytes(payload)


def uplinks_of(profile: Profile) -> list[Message]:
    """Make one uplink a port, with the bytes and the decoded object of that port."""
    fields: dict[int, list[tuple[RawField, float]]] = {}
    objects: dict[str, object] = {}
    for signal, value in zip(profile.signals, values_of(profile).values(), strict=True):
        at = signal.lorawan
        assert isinstance(at, LorawanAddress)
        of_port = fields.setdefault(at.port or 1, [])
        if at.raw is not None:
            of_port.append((at.raw, (value - at.offset) / at.scale))
        elif at.object is not None:
            put(objects, at.object, spoken(at.as_messages(), value))
    return [uplink(payload_of(each), port=port, decoded=objects) for port, each in fields.items()]


@pytest.mark.parametrize("name", LORAWAN)
def test_uplinks_are_read_back(broker: str, name: str) -> None:
    profile = PROFILES[name]
    found = hear(broker, profile, uplinks_of(profile), units=[EUI])
    expected = near(profile) | {
        each.key: RSSI for each in profile.signals if each.lorawan and each.lorawan.uplink
    }
    assert {key: value[-1] for key, value in found.values.items()} == {
        f"m{EUI}.{key}": value for key, value in expected.items()
    }


@pytest.mark.parametrize("name", of("opcua"))
def test_nodes_are_read_back(name: str) -> None:
    profile = PROFILES[name]

    async def build(rig: ServerThread) -> None:
        await rig.server.register_namespace("urn:test")  # it becomes number 2
        for key, value in values_of(profile).items():
            address = profile.signal(key).opcua
            assert address is not None
            node = address.node.replace("{unit}", "P1")
            await rig.variable(node, float(value), ua.VariantType.Double)

    async def read(address: str) -> dict[str, float]:
        async with reading(address, points_of(profile)) as line:
            await line.until_read()
            return {key.partition(".")[2]: value for key, value in line.values.items()}

    with ServerThread(build) as server:
        assert run(read(server.address)) == near(profile)
