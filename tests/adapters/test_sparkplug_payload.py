"""Payloads of Sparkplug B, written and read by hand beside the codec: wire types of protobuf, field
numbers of Eclipse Sparkplug 3.0.0, chapter 6."""

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.sparkplug_payload import Unreadable, command, decode, value_of


def field(number: int, value: bytes | int) -> bytes:
    """A length-delimited or a varint field."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.parametrize(
    ("datatype", "value", "found"),
    [
        (1, field(10, 0xFF), -1),
        (1, field(10, 0xFFFFFFFF), -1),
        (2, field(10, 0x8000), -32768),
        (3, field(10, 0xFFFFFFFE), -2),
        (4, field(11, 2**64 - 3), -3),
        (5, field(10, 255), 255),
        (7, field(11, 2**32 - 1), 2**32 - 1),
        (7, field(10, 2**32 - 1), 2**32 - 1),
        (8, field(11, 2**64 - 1), 2**64 - 1),
        (9, b"\x65" + struct.pack("<f", 0.5), 0.5),
        (10, b"\x69" + struct.pack("<d", -1e300), -1e300),
        (11, field(14, 1), True),
        (12, field(15, "ОК".encode()), "ОК"),
        (3, field(7, 1), None),  # is_null
        (3, b"", None),
    ],
)
def test_a_metric_is_read_as_its_type_says(datatype: int, value: bytes, found: object) -> None:
    metric = field(1, b"m") + field(4, datatype) + value
    assert value_of(decode(field(2, metric)).metrics[0], datatype) == found


@pytest.mark.parametrize(
    ("datatype", "value", "body"),
    [
        (2, -2, field(10, 0xFFFFFFFE)),
        (4, -2, field(11, 2**64 - 2)),
        (7, 5, field(11, 5)),
        (11, 1, field(14, 1)),
        (12, "ON", field(15, b"ON")),
        (9, 0.5, b"\x65" + struct.pack("<f", 0.5)),
    ],
)
def test_a_command_is_written_as_the_type_says(
    datatype: int, value: float | str, body: bytes
) -> None:
    metric = field(1, b"m") + field(3, 9) + field(4, datatype) + body
    assert command("m", datatype, value, 9) == field(1, 9) + field(2, metric)


@pytest.mark.parametrize(
    ("datatype", "value"),
    [(1, 128), (3, 2**40), (4, 2**63), (7, -1), (5, 256), (6, float("nan")), (9, 1e300)],
)
def test_a_command_beyond_its_type_is_refused(datatype: int, value: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        command("m", datatype, value, 9)


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(40_000_000))
    with pytest.raises(Unreadable, match="above"):
        decode(field(4, b"SPBV1.0_COMPRESSED") + field(5, bomb))


@given(payload=st.binary(max_size=200))
def test_garbage_is_a_payload_or_unreadable(payload: bytes) -> None:
    with contextlib.suppress(Unreadable):
        decode(payload)
