"""The wire format: what a released version has said stays readable, and nonsense is refused."""

import json
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from adapters import wire
from core.readings import Readings

GOLDEN = Path(__file__).parent / "wire_v1"
EPOCH = "00f1e2d3c4b5a697"
T0 = 1_795_000_000_000_000_000


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.bin").read_bytes()


def frame(content: object) -> bytes:
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(content))


def test_a_birth_of_version_1_is_understood() -> None:
    birth = wire.decode(golden("birth"), wire.Birth)
    assert (birth.edge, birth.epoch, birth.numbering, birth.revision) == ("edge-1", EPOCH, 3, 7)
    voltage, relay = birth.profiles[0].signals
    assert (voltage.key, voltage.unit, voltage.kind, voltage.maximum) == (
        "voltage",
        "V",
        "gauge",
        480.0,
    )
    assert (relay.kind, relay.writable, relay.states[1]["ru"]) == ("state", True, "включено")
    assert birth.profiles[0].alarms[0].problem == "electricity.quality"
    assert [(each.device, each.first) for each in birth.devices] == [("meter-1", 0), ("meter-2", 2)]


def test_readings_of_version_1_are_understood() -> None:
    block = wire.decode(golden("telemetry"), wire.TelemetryBlock)
    assert (block.seq, block.lowest, block.numbering) == (42, 40, 3)
    readings = wire.readings(block)
    assert readings.signal.tolist() == [0, 1, 2]
    assert readings.time.tolist() == [T0 + 100_000_000, T0 + 200_000_000, T0 + 300_000_000]
    assert readings.value.tolist()[:2] == [231.5, 1.0]
    assert math.isnan(readings.value[2])
    assert readings.quality.tolist() == [0, 0, 0x81]


def test_events_of_version_1_are_understood() -> None:
    block = wire.decode(golden("events"), wire.EventBlock)
    assert block.events == [
        wire.Condition(
            device="meter-1",
            condition="high",
            active=True,
            time=T0 + 1_000_000_000,
            number=9,
            value=254.25,
        ),
        wire.ActiveSet(
            time=T0 + 2_000_000_000,
            conditions=[
                wire.ActiveCondition(device="meter-1", condition="high", since=T0 + 1_000_000_000)
            ],
        ),
        wire.DeviceChange(
            device="meter-2", online=False, time=T0 + 3_000_000_000, reason="no answer"
        ),
        wire.CommandResult(command="c-1", state="confirmed", time=T0 + 4_000_000_000, value=1.0),
        wire.ConfigurationResult(
            revision=8, accepted=False, time=T0 + 5_000_000_000, text="profile em4 is not known"
        ),
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("death", wire.Death(edge="edge-1", epoch=EPOCH)),
        (
            "ack",
            wire.Ack(
                epoch=EPOCH,
                stream="telemetry",
                ranges=[(1, 40), (42, 42)],
                time=T0 + 6_000_000_000,
            ),
        ),
        (
            "ack_held",
            wire.Ack(
                epoch=EPOCH,
                stream="telemetry",
                ranges=[],
                held=[(43, 50)],
                time=T0 + 6_000_000_000,
            ),
        ),
        ("rebirth", wire.Rebirth(reason="numbering 4 is not known")),
        ("refusal", wire.Refusal(reason="version 9, accepted are 1")),
        ("configuration", wire.ConfigurationOffer(revision=8, document=b'{"revision": 8}')),
        (
            "command",
            wire.CommandOrder(
                command="c-1",
                device="meter-1",
                signal="relay",
                value=1.0,
                expires_at=T0 + 60_000_000_000,
            ),
        ),
        (
            "acknowledge",
            wire.AcknowledgeOrder(
                command="a-1",
                device="pump-1",
                condition="level_high",
                raised_at=T0,
                by="Anna",
                comment="on my way",
                expires_at=T0 + 600_000_000_000,
            ),
        ),
        (
            "acknowledged",
            wire.EventBlock(
                edge="edge-1",
                epoch=EPOCH,
                seq=43,
                lowest=40,
                events=[
                    wire.Condition(
                        device="pump-1",
                        condition="level_high",
                        active=False,
                        time=T0 + 7_000_000_000,
                        number=12,
                        acknowledged=True,
                        by="boris",
                    )
                ],
            ),
        ),
    ],
)
def test_a_message_of_version_1_is_understood(name: str, message: wire.Message) -> None:
    assert wire.decode(golden(name), type(message)) == message


def test_what_is_sent_says_its_version() -> None:
    raw = zstandard.ZstdDecompressor().decompress(wire.encode(wire.Rebirth(reason="x")))
    assert msgspec.msgpack.decode(raw)["v"] == 1


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False),
            st.integers(0, 255),
        ),
        max_size=50,
    )
)
def test_readings_come_through_unchanged(rows: list[tuple[int, int, float, int]]) -> None:
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    sent = Readings.of(*(list(column) for column in columns), read_at=T0)
    block = wire.TelemetryBlock(
        edge="e",
        epoch=EPOCH,
        seq=1,
        lowest=1,
        numbering=1,
        read_at=sent.read_at,
        **wire.columns(sent),
    )
    came = wire.readings(wire.decode(wire.encode(block), wire.TelemetryBlock))
    for name in ("signal", "time", "value", "quality"):
        np.testing.assert_array_equal(getattr(came, name), getattr(sent, name))


@given(st.binary(max_size=200))
def test_nonsense_is_refused_with_a_reason(payload: bytes) -> None:
    with pytest.raises(wire.WireError, match="Death: "):
        wire.decode(payload, wire.Death)


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_damaged_message_is_refused_or_still_a_message(place: int, change: int) -> None:
    payload = bytearray(golden("telemetry"))
    payload[place % len(payload)] ^= change
    try:
        block = wire.decode(bytes(payload), wire.TelemetryBlock)
        wire.readings(block)
    except wire.WireError:
        return
    assert block.v == 1


def test_another_version_is_refused() -> None:
    with pytest.raises(wire.WireError, match="Rebirth: version 9, accepted are 1"):
        wire.decode(frame({"v": 9, "reason": "x"}), wire.Rebirth)


def test_a_message_without_a_version_is_refused() -> None:
    with pytest.raises(wire.WireError, match="missing required field `v`"):
        wire.decode(frame({"reason": "x"}), wire.Rebirth)


def test_a_message_that_would_unpack_to_more_than_the_limit_is_refused_unread() -> None:
    with pytest.raises(wire.WireError, match="wanted 0 to 8388608"):
        wire.decode(zstandard.ZstdCompressor().compress(bytes(9 * 1024 * 1024)), wire.Rebirth)


def test_columns_of_different_lengths_are_refused() -> None:
    block = wire.decode(golden("telemetry"), wire.TelemetryBlock)
    short = msgspec.structs.replace(block, value=block.value[:-8])
    with pytest.raises(wire.WireError, match=r"telemetry 42: .*column value"):
        wire.readings(short)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("epoch", "not hexadecimal", "matching regex"),
        ("edge", "e" * 65, "length <= 64"),
        ("seq", 2**63, "<= 9007199254740992"),
        ("numbering", -1, ">= 0"),
        ("read_at", 2**64 - 1, "<= 9223372036854775807"),
    ],
)
def test_a_number_or_a_name_out_of_bounds_is_refused(
    key: str, value: object, complaint: str
) -> None:
    block = msgspec.to_builtins(wire.decode(golden("telemetry"), wire.TelemetryBlock))
    with pytest.raises(wire.WireError, match=complaint):
        wire.decode(frame(block | {key: value}), wire.TelemetryBlock)


def test_a_birth_cannot_ask_for_more_numbers_than_memory_has() -> None:
    birth = msgspec.to_builtins(wire.decode(golden("birth"), wire.Birth))
    birth["devices"][0]["first"] = 2**40
    with pytest.raises(wire.WireError, match=r"devices\[0\]\.first"):
        wire.decode(frame(birth), wire.Birth)


def test_a_block_cannot_hold_up_cases_with_more_events_than_one_transaction_bears() -> None:
    block = msgspec.to_builtins(wire.decode(golden("events"), wire.EventBlock))
    event = {"type": "device", "device": "lamp-1", "online": True, "time": 1}
    wire.decode(frame(block | {"events": [event] * 1000}), wire.EventBlock)
    message = frame(block | {"events": [event] * 1001})
    assert wire.decode(message, wire.EventHead).seq == block["seq"]
    with pytest.raises(wire.WireError, match="length <= 1000"):
        wire.decode(message, wire.EventBlock)


@pytest.mark.parametrize(
    "unknown", [b"\xa1\xff\xc0", b"\xa1x" + b"\x91" * 100_000 + b"\xc0"], ids=["key", "depth"]
)
def test_an_unknown_part_that_cannot_be_read_is_refused(unknown: bytes) -> None:
    raw = b"\x82\xa1v\x01" + unknown
    with pytest.raises(wire.WireError, match="Death: "):
        wire.decode(zstandard.ZstdCompressor().compress(raw), wire.Death)


LONG = "x" * 100_000 + "\0"
TEXTS = {"en": "a\0b", "ru": LONG}


@pytest.mark.parametrize(
    "event",
    [
        wire.Condition(device="d", condition="c", active=True, time=1, number=1, text=TEXTS),
        wire.DeviceChange(device="d", online=False, time=1, reason=LONG),
        wire.CommandResult(command="c", state="refused", time=1, text=LONG),
        wire.ConfigurationResult(revision=1, accepted=False, time=1, text=LONG),
    ],
)
def test_texts_of_events_are_bounded_and_have_no_nul(event: wire.WireEvent) -> None:
    raw = msgspec.to_builtins(event)
    for key in {"text", "reason"} & raw.keys():
        raw[key] = TEXTS if isinstance(raw[key], dict) else LONG
    block = {"v": 1, "edge": "e", "epoch": EPOCH, "seq": 1, "lowest": 1, "events": [raw]}
    (came,) = wire.decode(frame(block), wire.EventBlock).events
    assert came == event
    assert "\\u0000" not in json.dumps(msgspec.to_builtins(came))
    assert len(json.dumps(msgspec.to_builtins(came))) < 2 * wire.MOST_TEXT


def test_texts_of_births_are_bounded_and_have_no_nul() -> None:
    birth = msgspec.to_builtins(wire.decode(golden("birth"), wire.Birth))
    birth["software"] = LONG
    (profile,) = birth["profiles"]
    profile["name"] = profile["signals"][0]["name"] = profile["alarms"][0]["cause"] = TEXTS
    profile["signals"][1]["states"] = {1: TEXTS}
    came = wire.decode(frame(birth), wire.Birth)
    expected = {"en": "a\N{REPLACEMENT CHARACTER}b", "ru": "x" * wire.MOST_TEXT}
    (model,) = came.profiles
    assert came.software == "x" * wire.MOST_TEXT
    assert model.name == model.signals[0].name == model.alarms[0].cause == expected
    assert model.signals[1].states[1] == expected


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("devices", "device", "meter\0"),
        ("profiles", "profile", "\0"),
        ("profiles", "family", "a\0b"),
    ],
)
def test_a_name_with_a_nul_is_refused(part: str, key: str, value: str) -> None:
    birth = msgspec.to_builtins(wire.decode(golden("birth"), wire.Birth))
    birth[part][0][key] = value
    with pytest.raises(wire.WireError, match="matching regex"):
        wire.decode(frame(birth), wire.Birth)


@pytest.mark.parametrize(
    ("key", "value"), [("unit", "m" * 41), ("key", "k" * 41), ("kind", "k" * 65)]
)
def test_a_word_of_a_signal_that_no_store_can_keep_is_refused(key: str, value: str) -> None:
    birth = msgspec.to_builtins(wire.decode(golden("birth"), wire.Birth))
    birth["profiles"][0]["signals"][0][key] = value
    with pytest.raises(wire.WireError, match="of length"):
        wire.decode(frame(birth), wire.Birth)
