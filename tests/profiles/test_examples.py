"""Messages that vendors and projects publish, with what they mean in their words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.profile import bundled_profiles
from core.quality import VERDICT
from tests.adapters.conftest import running_broker
from tests.adapters.test_lorawan import EUI, uplink
from tests.adapters.test_mqtt_payloads import Message, hear

# TheThingsNetwork/lorawan-devices, vendor/axioma/qalcosonic-w1-codec.yaml
QALCOSONIC = bytes.fromhex(
    "01aeac986a003217000000000000000000008003800054000e40051000480002400200002000"
    "00000000000000000000000000"
)
TASMOTA = {
    "Time": "2023-04-04T17:01:33", "Switch1": "ON",
    "ENERGY": {
        "TotalStartTime": "2020-01-05T12:41:22", "Total": 14.68792, "Yesterday": 0.00001,
        "Today": 0.00869, "Period": 1, "Power": 32, "ApparentPower": 35, "ReactivePower": 16,
        "Factor": 0.89, "Voltage": 238, "Current": 0.148,
    },
}  # fmt: skip

LORAWAN: list[tuple[str, Message, dict[str, float]]] = [
    (
        "axioma-qalcosonic-w1",
        uplink(QALCOSONIC, port=100),
        {
            "volume": 5.938, "battery_low": 0, "fault": 0, "temporary_fault": 0, "odd_flow": 0,
            "backflow": 0, "burst_or_cold": 0,
        },
    ),
    # the manual of LWL01, whose layout is that of LWL02, as quoted in Node-RED's forum, topic 47032
    (
        "dragino-lwl02",
        uplink(bytes.fromhex("0b7602000017000000"), decoded={"BAT_V": 2.934}),
        {"leak": 0, "leaks": 23, "last_leak": 0, "battery": 2.934},
    ),
    # Milesight-IoT/SensorDecoders, README.md of each model
    (
        "milesight-em300-th",
        uplink(
            bytes.fromhex("01755c03673401046865"),
            decoded={"battery": 92, "temperature": 30.8, "humidity": 50.5},
        ),
        {"battery": 92, "temperature": 30.8, "humidity": 50.5},
    ),
    (
        "milesight-em300-sld",
        uplink(
            bytes.fromhex("01755c03673401046865050000"),
            decoded={
                "battery": 92, "temperature": 30.8, "humidity": 50.5, "leakage_status": "normal",
            },
        ),
        {"battery": 92, "temperature": 30.8, "humidity": 50.5, "leak": 0},
    ),
    (
        "milesight-em300-mld",
        uplink(
            bytes.fromhex("01755c050000"), decoded={"battery": 92, "leakage_status": "normal"}
        ),
        {"battery": 92, "leak": 0},
    ),
    (
        "milesight-em310-udl",
        uplink(
            bytes.fromhex("01755c03824408040001"),
            decoded={"battery": 92, "distance": 2116, "position": "tilt"},
        ),
        {"battery": 92, "distance": 2116, "position": 1},
    ),
    (
        "milesight-em500-swl",
        uplink(bytes.fromhex("01756403770200"), decoded={"battery": 100, "water_level": 2}),
        {"battery": 100, "water_level": 2},
    ),
    (
        "milesight-em500-co2",
        uplink(
            bytes.fromhex("01756403671901046873057d670406736827"),
            decoded={
                "battery": 100, "temperature": 28.1, "humidity": 57.5, "co2": 1127,
                "pressure": 1008.8,
            },
        ),
        {"battery": 100, "temperature": 28.1, "humidity": 57.5, "co2": 1127, "pressure": 1008.8},
    ),
    (
        "milesight-am319",
        uplink(
            bytes.fromhex(
                "0367ee0004687c05000106cb02077da803087d2500097366270a7d04000b7d20000c7d3000"
            ),
            decoded={
                "temperature": 23.8, "humidity": 62, "pir": "trigger", "light_level": 2,
                "co2": 936, "tvoc": 37, "pressure": 1008.6, "hcho": 0.04, "pm2_5": 32, "pm10": 48,
            },
        ),
        {
            "temperature": 23.8, "humidity": 62, "co2": 936, "pressure": 1008.6, "hcho": 0.04,
            "pm25": 32, "pm10": 48,
        },
    ),
    # TheThingsNetwork/lorawan-devices, vendor/elvaco/cmi4160-codec.yaml, cmi4111- and cmi4130-
    (
        "elvaco-cmi4160",
        uplink(
            bytes.fromhex(
                "1e04068fa10100041384b71e00022bcf0f023b5d00025a1003025e9801"
                "0779822532" "69a511400401fd1700"
            ),
            port=2,
        ),
        {
            "energy": 106895, "volume": 2013.06, "power": 4047, "flow": 0.093,
            "supply_temperature": 78.4, "return_temperature": 40.8, "error_code": 0,
        },
    ),
    (
        "elvaco-cmi4111",
        uplink(
            bytes.fromhex(
                "0504065a2600000414f0140a00022d0b00023b2600025a7b02025e7c01"
                "0c787135496904fd1700000800"
            ),
            port=2,
        ),
        {
            "energy": 9818, "volume": 6607.2, "power": 1100, "flow": 0.038,
            "supply_temperature": 63.5, "return_temperature": 38, "error_code": 524288,
        },
    ),
    (
        "elvaco-cmi4130",
        uplink(
            bytes.fromhex(
                "0f0407e1040200041511a24c00022d3e00023b0c03025aa602025e6002"
                "0c781967901002fd170000"
            ),
            port=2,
        ),
        {
            "energy": 1323210, "volume": 502222.5, "power": 6200, "flow": 0.78,
            "supply_temperature": 67.8, "return_temperature": 60.8, "error_code": 0,
        },
    ),
    # TheThingsNetwork/lorawan-devices, vendor/kamstrup/mbusparser.yaml
    (
        "kamstrup-flowiq-2200",
        uplink(
            bytes.fromhex(
                "78446d0020f32a4413ec00000052ff25100042ff1c0500623b0000523b0000615b80515b80"
            ),
            port=1,
        ),
        {
            "volume": 0.236, "dry": 0, "reverse": 0, "leak": 0, "burst": 0, "tamper": 1,
            "battery_low": 0,
        },
    ),
    (
        "kamstrup-flowiq-2200",
        uplink(
            bytes.fromhex("78446d00331837441303000000" "4d931322610100000003" + "00" * 30), port=1
        ),
        {"volume": 0.003},
    ),
    # TheThingsNetwork/lorawan-devices, vendor/dragino/laq4-codec.yaml
    (
        "dragino-laq4",
        uplink(
            bytes.fromhex("0d07050012020b00fb01b3"),
            port=2,
            decoded={
                "Alarm_status": "TRUE", "Bat_V": 3.335, "CO2_ppm": 523, "Hum_SHT": 43.5,
                "TVOC_ppb": 18, "TempC_SHT": 25.1, "Work_mode": "CO2",
            },
        ),
        {"battery": 3.335, "co2": 523, "humidity": 43.5, "tvoc": 18, "temperature": 25.1},
    ),
    # nasys/nas-codecs, test/ul20xx_1_1_x_uplink_decoder.test.js: status and usage
    (
        "nas-ul20xx",
        uplink(
            bytes.fromhex("01f37f205e8244320916200701d20294550401fe50190012501900"),
            port=23,
            decoded={
                "packet_type": "status_packet",
                "dimming_source": [
                    {
                        "address": "dali_broadcast", "dimming_level__percent": 25,
                        "status": {"driver_error": False, "lamp_failure": False},
                    },
                ],
            },
        ),
        {
            "level": 25, "relay": 1, "lamp_failure": 0, "driver_error": 0, "dali_fault": 1,
            "metering_fault": 0, "lamp_error_24h": 1, "temperature": 22,
        },
    ),
    (
        "nas-ul20xx",
        uplink(
            bytes.fromhex("00ff80d0ef2f0112ff479403002a00f94a030027005de5c072d902d0ef2f01"),
            port=26,
            decoded={
                "packet_type": "usage_packet",
                "consumption": [{"address": "internal_measurement", "lamp_on_time__h": 5533}],
            },
        ),
        {"burning_hours": 5533},
    ),
    # nasys/nas-codecs, LCU_chirpstack_example_data.json
    (
        "nas-ul20xx",
        uplink(
            bytes.fromhex("018eb28266200047071a000201defe210000"),
            port=23,
            decoded={
                "packet_type": "status_packet",
                "dimming_source": [
                    {
                        "address": "dali_broadcast", "dimming_level__percent": 0,
                        "status": {"driver_error": False, "lamp_failure": False},
                    },
                ],
            },
        ),
        {
            "level": 0, "relay": 0, "lamp_failure": 0, "driver_error": 0, "dali_fault": 0,
            "metering_fault": 1, "lamp_error_24h": 0, "temperature": 26,
        },
    ),
]  # fmt: skip

JSON: list[tuple[str, Message, dict[str, float]]] = [
    # documentation of SmartApplianceEnabler, a log of what its MQTT electricity meter received
    (
        "tasmota-energy",
        ("tele/1/SENSOR", TASMOTA),
        {"voltage": 238, "current": 0.148, "power": 32, "power_factor": 0.89, "energy": 14.68792},
    ),
    # docs/MQTT.md of tasmota/docs
    ("tasmota-energy", ("stat/1/POWER", b"ON"), {"on": 1}),
    ("tasmota-energy", ("stat/1/POWER", b"OFF"), {"on": 0}),
    # docs/devices/ of Koenkk/zigbee2mqtt.io: true and false
    (
        "aqara-sjcgq12lm",
        ("zigbee2mqtt/1", {"water_leak": True, "tamper": False, "battery": 97, "linkquality": 60}),
        {"leak": 1, "tamper": 0, "battery": 97},
    ),
    (
        "heiman-hs1cg-m",
        ("zigbee2mqtt/1", {"gas": True, "tamper": False, "battery_low": False}),
        {"gas": 1, "tamper": 0},
    ),
]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("broker")
    with running_broker(folder, "mosquitto") as (url, _process):
        yield url


def named(case: Any) -> str:
    return case if isinstance(case, str) else ""


@pytest.mark.parametrize(("name", "message", "meaning"), LORAWAN, ids=named)
def test_an_uplink_means_what_its_publisher_says(
    broker: str, name: str, message: Message, meaning: dict[str, float]
) -> None:
    found = hear(broker, bundled_profiles()[name], [message], units=[EUI])
    assert found.values == {
        f"m{EUI}.{key}": [pytest.approx(value)] for key, value in meaning.items()
    }
    assert {code & VERDICT for key in found.values for code in found.codes(key)} == {0}


@pytest.mark.parametrize(("name", "message", "meaning"), JSON, ids=named)
def test_a_message_means_what_its_publisher_says(
    broker: str, name: str, message: Message, meaning: dict[str, float]
) -> None:
    found = hear(broker, bundled_profiles()[name], [message])
    assert found.values == {f"m1.{key}": [pytest.approx(value)] for key, value in meaning.items()}
