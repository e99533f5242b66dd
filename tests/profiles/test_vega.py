"""Packets of Vega's devices, packed field by field as the tables of their manuals list them.

No manual prints a whole packet. The order of the fields here is the manual's, not the profile's.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.profile import bundled_profiles
from tests.adapters.conftest import running_broker
from tests.adapters.test_lorawan import EUI, uplink
from tests.adapters.test_mqtt_payloads import hear

TIME = 1_764_115_200
COUNTS = (1, 20, 300, 4_000_000_000)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("broker")
    with running_broker(folder, "mosquitto") as (url, _process):
        yield url


def td_11(tenths: int) -> bytes:
    """Type, charge, limits, time, temperature, both limits, reason, inputs (opened case)."""
    return struct.pack("<BBBIhbbBB", 1, 88, 1, TIME, tenths, 5, 60, 2, 0b10)


# type, charge, settings, time, temperature, inputs
READINGS = struct.pack("<BBBIb4I", 1, 93, 0b110, TIME, -7, *COUNTS)
# type, charge, settings, number of the input, time, inputs
ALARM = struct.pack("<BBBBI4I", 2, 93, 0b110, 3, TIME, *COUNTS)
# type, charge, limits, time, temperature, both limits, reason, inputs and outputs, current
CONVERTER = struct.pack("<BBBIbHHBBH", 1, 77, 0, TIME, 21, 400, 2000, 0, 0b01101, 1234)

PULSES = {"pulses_1": 1, "pulses_2": 20, "pulses_3": 300, "pulses_4": 4_000_000_000}


@pytest.mark.parametrize(
    ("name", "packet", "meaning"),
    [
        ("vega-si-11", READINGS, {**PULSES, "battery": 93, "temperature": -7}),
        ("vega-si-11", ALARM, {**PULSES, "battery": 93}),
        (
            "vega-td-11",
            td_11(-123),
            {"temperature": -12.3, "out_of_limits": 1, "input": 0, "tamper": 1, "battery": 88},
        ),
        (
            "vega-tp-11",
            CONVERTER,
            {
                "loop_current": 12.34, "out_of_limits": 0, "external_power": 1, "input_1": 0,
                "input_2": 1, "output_1": 1, "output_2": 0, "temperature": 21, "battery": 77,
            },
        ),
    ],
    ids=["readings", "alarm", "temperature", "current"],
)  # fmt: skip
def test_a_packet_means_what_the_manual_says(
    broker: str, name: str, packet: bytes, meaning: dict[str, float]
) -> None:
    found = hear(broker, bundled_profiles()[name], [uplink(packet, port=2)], units=[EUI])
    assert found.values == {
        f"m{EUI}.{key}": [pytest.approx(value)] for key, value in meaning.items()
    }


@pytest.mark.parametrize("tenths", [-1000, -1270], ids=["broken", "shorted"])
def test_a_failed_thermistor_is_out_of_range(broker: str, tenths: int) -> None:
    profile = bundled_profiles()["vega-td-11"]
    (temperature,) = [each for each in profile.signals if each.key == "temperature"]
    assert temperature.minimum is not None
    found = hear(broker, profile, [uplink(td_11(tenths), port=2)], units=[EUI])
    (value,) = found.values[f"m{EUI}.temperature"]
    assert value < temperature.minimum
