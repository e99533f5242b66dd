"""How the simulator lays values into registers: written by hand, not by the adapter's codec."""

from typing import Any

import pytest

from adapters.profile import Profile
from simulators.servers.registers import Image


def image(manners: dict[str, Any], **addresses: dict[str, Any]) -> Image:
    profile = Profile.model_validate(
        {
            "profile": "odd", "family": "electricity_meter", "protocol": "modbus",
            "name": {"ru": "Прибор", "en": "Device"}, "source": "generic, one of each kind",
            "modbus": manners,
            "signals": [
                {"key": key, "name": {"ru": key, "en": key}, "writable": True, "modbus": address}
                for key, address in addresses.items()
            ],
        }
    )  # fmt: skip
    return Image(profile, "holding")


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        ({"type": "bcd16"}, 1234, "1234"),
        ({"type": "bcd32", "order": "little_swapped"}, 12345678, "56781234"),
        ({"type": "bcd16"}, 12345, "9999"),
        ({"bit": 4, "width": 3}, 5, "0050"),
        ({"bit": 15}, 1, "8000"),
        ({"bit": 0, "width": 2}, 9, "0003"),
    ],
)
def test_decimal_digits_and_bits_are_laid_down(
    address: dict[str, Any], value: float, words: str
) -> None:
    registers = image({}, level={"address": 0, **address}).registers
    assert registers({"level": value}, 0, len(words) // 4) == bytes.fromhex(words)


def test_bits_share_a_register() -> None:
    shared = image({}, mode={"address": 3, "bit": 4, "width": 3}, door={"address": 3, "bit": 15})
    assert shared.registers({"mode": 5, "door": 1}, 3, 1) == b"\x80\x50"
    written = shared.written(3, b"\x80\x20")
    assert written is not None
    assert {field.signal: value for field, value in written} == {"mode": 2, "door": 1}


def test_registers_may_be_counted_from_one() -> None:
    assert image({"first_register": 1}, level={"address": 1}).registers({"level": 7}, 0, 1) == (
        b"\x00\x07"
    )
