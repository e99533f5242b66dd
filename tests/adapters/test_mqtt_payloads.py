"""What the MQTT adapter makes of the messages that devices in the field really send."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from adapters.contract import Point
from adapters.mqtt import adapter
from adapters.mqtt.adapter import open_mqtt
from adapters.mqtt.json_template import LARGEST_PAYLOAD
from adapters.mqtt.link import MqttLink
from adapters.mqtt.topics import needed
from adapters.profile import Profile
from core.clock import SystemClock
from core.errors import Permanent
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality
from core.readings import Readings
from core.registry import Device, Endpoint
from tests.adapters.conftest import running_broker

MALFORMED = quality(BAD, Reason.MALFORMED)
NO_CLOCK = quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)
OLD = quality(UNCERTAIN, Reason.STALE)
NO_VALUE = quality(BAD, Reason.DEVICE_FAILURE)
END = "end/of/test"  # its message comes last and tells that all others have come

Message = tuple[str, object]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("broker")
    with running_broker(folder, "mosquitto") as (url, _process):
        yield url


def profile(addresses: dict[str, dict[str, Any]], **more: Any) -> Profile:
    name = {"ru": "Прибор", "en": "Meter"}
    signals = [
        {"key": key, "name": name, "mqtt": address} | more for key, address in addresses.items()
    ]
    return Profile.model_validate(
        {
            "profile": "field", "family": "air_quality", "protocol": "mqtt", "name": name,
            "source": "generic, made for a test", "signals": signals,
        }
    )  # fmt: skip


END_PROFILE = profile({"end": {"topic": END}})


def points_of(model: Profile, units: Sequence[str], options: dict[str, object]) -> list[Point]:
    def device(unit: str) -> Device:
        return Device(
            id=f"m{unit}", profile="field", endpoint="line", unit=unit, name={"en": unit},
            place="here", options=options,
        )  # fmt: skip

    pairs = [(device(unit), model, signal) for unit in units for signal in model.signals]
    pairs.append((device("-last"), END_PROFILE, END_PROFILE.signals[0]))
    return [Point(number, *pair) for number, pair in enumerate(pairs, 10)]


class Heard:
    """Every reading by name: value, quality and time, in the order in which they came."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.names = {point.number: point.name for point in points}
        self.readings: dict[str, list[tuple[float, int, int]]] = {}
        self.sizes: list[int] = []

    def add(self, block: Readings) -> None:
        self.sizes.append(len(block))
        columns = (block.signal, block.value, block.quality, block.time)
        for number, value, code, time in zip(*(c.tolist() for c in columns), strict=True):
            self.readings.setdefault(self.names[number], []).append((value, code, time))

    @property
    def values(self) -> dict[str, list[float]]:
        return {
            name: [value for value, _, _ in readings]
            for name, readings in self.readings.items()
            if name != "m-last.end"
        }

    def codes(self, name: str) -> list[int]:
        return [code for _, code, _ in self.readings[name]]

    def times(self, name: str) -> list[int]:
        return [time for _, _, time in self.readings[name]]


def hear(
    broker: str,
    model: Profile,
    messages: Sequence[Message],
    *,
    units: Sequence[str] = ("1",),
    options: dict[str, object] | None = None,
    retained: Sequence[Message] = (),
) -> Heard:
    """Give what the adapter says when these messages are published. retained: before it comes."""
    endpoint = Endpoint(id="line", edge=f"e-{uuid.uuid4()}", protocol="mqtt", address=broker)
    points = points_of(model, units, options or {})
    heard = Heard(points)

    def payload(content: object) -> bytes:
        return content if isinstance(content, bytes) else json.dumps(content).encode()

    async def run() -> None:
        device = MqttLink(broker, f"device-{uuid.uuid4()}")
        device._client.max_queued_messages_set(0)  # as many as the test has
        async with device:
            await device.until_up(5)
            for topic, content in retained:
                device._client.publish(topic, payload(content), qos=1, retain=True)
            async with open_mqtt(endpoint, points, SystemClock()) as connection:
                for topic, content in [*messages, (END, 1)]:
                    device.publish(topic, payload(content))
                async with asyncio.timeout(10), contextlib.aclosing(connection.stream()) as stream:  # type: ignore[type-var]
                    async for item in stream:
                        assert isinstance(item, Readings)
                        heard.add(item)
                        if "m-last.end" in heard.readings:
                            break
            for topic, _ in retained:
                device._client.publish(topic, b"", qos=1, retain=True)
            await device.flush(5)

    asyncio.run(run())
    return heard


def test_wildcards_and_options_of_the_device_are_part_of_a_topic(broker: str) -> None:
    model = profile({"t": {"topic": "{site}/+/{unit}/#", "field": "/t"}})
    messages = [("north/a/1/x", {"t": 1}), ("north/b/1/x/y", {"t": 2}), ("south/a/1/x", {"t": 3})]
    heard = hear(broker, model, messages, options={"site": "north"})
    assert heard.values == {"m1.t": [1, 2]}


def test_devices_share_an_object_keyed_by_device(broker: str) -> None:
    model = profile({"t": {"topic": "hall", "field": "/meters/{unit}/t"}})
    heard = hear(
        broker, model, [("hall", {"meters": {"1": {"t": 5}, "a/b": {"t": 6}}})], units=["1", "a/b"]
    )
    assert heard.values == {"m1.t": [5], "ma/b.t": [6]}


def test_devices_share_an_array_whose_elements_name_them(broker: str) -> None:
    model = profile(
        {
            "t": {"topic": "hall", "each": "/list", "unit": "/id", "field": "/t"},
            "h": {"topic": "hall", "each": "/list", "unit": "/id", "field": "/h", "scale": 0.1},
        }
    )
    elements = [{"id": 1, "t": 5, "h": 400}, {"id": "2", "t": 6}, {"id": 3, "t": 7}, "nonsense"]
    heard = hear(broker, model, [("hall", {"list": elements})], units=["1", "2"])
    assert heard.values == {"m1.t": [5], "m1.h": [40], "m2.t": [6]}


def test_records_name_the_quantity_beside_the_value(broker: str) -> None:
    address = {"topic": "senml", "each": "", "field": "/v"}
    model = profile({key: address | {"where": {"/n": key}} for key in ("temperature", "humidity")})
    records = [{"n": "humidity", "v": 40}, {"n": "temperature", "v": 21}, {"n": "dew", "v": 7}]
    heard = hear(broker, model, [("senml", records)])
    assert heard.values == {"m1.humidity": [40], "m1.temperature": [21]}


def test_samples_of_one_message_keep_their_times(broker: str) -> None:
    model = profile(
        {"t": {"topic": "log", "each": "/s", "field": "/0", "time": "/1", "time_unit": "ms"}}
    )
    samples = {"s": [[1, 1_700_000_000_000], [2, 1_700_000_001_000]]}
    heard = hear(broker, model, [("log", samples)])
    assert heard.values == {"m1.t": [1, 2]}
    assert heard.times("m1.t") == [1_700_000_000 * 10**9, 1_700_000_001 * 10**9]


def test_words_and_flags_are_states(broker: str) -> None:
    codes = {"ON": 1, "OFF": 0, "FAULT": 2}
    model = profile({"s": {"topic": "s", "field": "/s", "codes": codes}})
    heard = hear(broker, model, [("s", {"s": s}) for s in ("ON", "FAULT", False, True, "MAYBE")])
    assert heard.values["m1.s"][:4] == [1, 2, 0, 1]
    assert heard.codes("m1.s") == [GOOD, GOOD, GOOD, GOOD, MALFORMED]


def test_a_payload_may_be_the_value_itself(broker: str) -> None:
    model = profile(
        {
            "number": {"topic": "plain/n"},
            "word": {"topic": "plain/w", "payload": "text", "codes": {"open": 1, "shut": 0}},
        }
    )
    messages = [("plain/n", b"21.5"), ("plain/w", b"open\n"), ("plain/n", b'"22"')]
    heard = hear(broker, model, messages)
    assert heard.values == {"m1.number": [21.5, 22], "m1.word": [1]}


def test_null_is_what_a_device_says_that_has_no_value(broker: str) -> None:
    model = profile({"t": {"topic": "null", "field": "/t"}})
    with capture_logs() as logs:
        heard = hear(broker, model, [("null", {"t": None})])
    assert heard.codes("m1.t") == [NO_VALUE]
    assert [each for each in logs if each["event"] == "trouble begins"] == []


@pytest.mark.parametrize(
    "stamp", ["1970-01-01T00:00:05Z", "2099-01-01T00:00:00Z", 5, "2026-01-01 12:00", "noon"]
)
def test_a_time_that_cannot_be_right_is_replaced_and_doubted(broker: str, stamp: object) -> None:
    model = profile({"t": {"topic": "clock", "field": "/t", "time": "/at"}})
    heard = hear(broker, model, [("clock", {"t": 1, "at": stamp})])
    now = datetime.now(UTC).timestamp()  # noqa: TID251 - compared with the adapter's
    assert heard.codes("m1.t") == [NO_CLOCK]
    assert heard.times("m1.t")[0] / 1e9 == pytest.approx(now, abs=20)


def test_a_stamp_without_a_zone_is_read_in_the_zone_of_the_profile(broker: str) -> None:
    model = profile({"t": {"topic": "zone", "field": "/t", "time": "/at", "zone": "Asia/Omsk"}})
    heard = hear(broker, model, [("zone", {"t": 1, "at": "2026-01-01T06:00:00"})])
    assert heard.times("m1.t") == [int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 10**9]
    assert heard.codes("m1.t") == [GOOD]


def test_a_retained_value_is_as_old_as_its_stamp(broker: str) -> None:
    model = profile({"t": {"topic": "kept/a", "field": "/t", "time": "/at"}})
    heard = hear(broker, model, [], retained=[("kept/a", {"t": 1, "at": 1_700_000_000})])
    assert heard.readings["m1.t"] == [(1, OLD, 1_700_000_000 * 10**9)]


def test_a_retained_value_of_this_minute_is_good(broker: str) -> None:
    now = datetime.now(UTC).timestamp()  # noqa: TID251 - the device's own clock
    model = profile({"t": {"topic": "kept/b", "field": "/t", "time": "/at"}})
    heard = hear(broker, model, [], retained=[("kept/b", {"t": 1, "at": now})])
    assert heard.codes("m1.t") == [GOOD]


def test_a_retained_value_without_a_stamp_is_doubted_until_the_next_one(broker: str) -> None:
    model = profile({"t": {"topic": "kept/c", "field": "/t"}})
    heard = hear(broker, model, [("kept/c", {"t": 2})], retained=[("kept/c", {"t": 1})])
    assert heard.values == {"m1.t": [1, 2]}
    assert heard.codes("m1.t") == [OLD, GOOD]


def test_what_is_delivered_again_is_taken_once(broker: str) -> None:
    model = profile({"t": {"topic": "twice", "field": "/t", "time": "/at"}})
    first, second = {"t": 1, "at": 1_700_000_000}, {"t": 1, "at": 1_700_000_060}
    heard = hear(broker, model, [("twice", m) for m in (first, first, second, second)])
    assert heard.times("m1.t") == [1_700_000_000 * 10**9, 1_700_000_060 * 10**9]


def test_the_same_value_without_a_stamp_is_a_new_reading(broker: str) -> None:
    model = profile({"t": {"topic": "same", "field": "/t"}})
    assert hear(broker, model, [("same", {"t": 1})] * 2).values == {"m1.t": [1, 1]}


def test_overlapping_patterns_deliver_once(broker: str) -> None:
    model = profile(
        {"t": {"topic": "lap/{unit}", "field": "/t"}, "h": {"topic": "lap/#", "field": "/h"}}
    )
    heard = hear(broker, model, [("lap/1", {"t": 1, "h": 2})])
    assert heard.values == {"m1.t": [1], "m1.h": [2]}


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (["a/b", "a/+"], ["a/+"]),
        (["a/+", "a/#"], ["a/#"]),
        (["a/#", "a/+/#", "#"], ["#"]),
        (["a/+", "+/b"], ["a/+", "+/b"]),
        (["a/b/#", "a/+"], ["a/b/#", "a/+"]),
        (["a", "a"], ["a"]),
    ],
)
def test_a_filter_that_another_covers_is_not_subscribed(
    filters: list[str], left: list[str]
) -> None:
    assert needed(filters) == left


def test_a_huge_payload_is_not_decoded(broker: str) -> None:
    model = profile({"t": {"topic": "huge", "field": "/t"}})
    huge = b'{"t": 1, "x": "' + b" " * LARGEST_PAYLOAD + b'"}'
    with capture_logs() as logs:
        heard = hear(broker, model, [("huge", huge), ("huge", {"t": 2})])
    assert heard.codes("m1.t") == [MALFORMED, GOOD]
    assert [each["event"] for each in logs if each.get("at") == "huge"] == [
        "trouble begins",
        "trouble is over",
    ]


@pytest.mark.parametrize(
    "payload", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"t": NaN}', b'{"t": 1e999}', b"\x00"]
)
def test_nonsense_spoils_its_own_signal_and_nothing_else(broker: str, payload: bytes) -> None:
    model = profile({"t": {"topic": "bad/{unit}", "field": "/t"}})
    heard = hear(broker, model, [("bad/1", payload), ("bad/2", {"t": 2})], units=["1", "2"])
    assert heard.codes("m1.t") == [MALFORMED]
    assert heard.values["m2.t"] == [2]


def test_a_unit_that_is_a_wildcard_is_refused(broker: str) -> None:
    model = profile({"t": {"topic": "x/{unit}"}})
    with pytest.raises(Permanent, match=r"device m#: unit '#' cannot be part of a topic"):
        hear(broker, model, [], units=["#"])


def test_an_option_that_is_not_there_is_named(broker: str) -> None:
    model = profile({"t": {"topic": "{site}/x"}})
    with pytest.raises(Permanent, match=r"device m1: topic \{site\}/x names an option"):
        hear(broker, model, [])


def test_a_storm_is_bounded_and_what_is_dropped_is_counted(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "INBOX", 20_000)
    monkeypatch.setattr("adapters.mqtt.link.PAUSE_S", 0.0)
    model = profile({"t": {"topic": "storm", "field": "/t"}})
    points = points_of(model, ["1"], {})
    endpoint = Endpoint(id="line", edge="storm", protocol="mqtt", address=broker)

    async def run() -> tuple[int, int]:
        async with (
            MqttLink(broker, "storm") as device,
            open_mqtt(endpoint, points, SystemClock()) as connection,
        ):
            await device.until_up(5)
            async with asyncio.timeout(20):
                while not connection.dropped:
                    device.publish("storm", b'{"t": 1, "x": "' + b"-" * 1000 + b'"}', 0)
                    await asyncio.sleep(0.0005)
            return connection.link.waiting, connection.dropped

    with capture_logs() as logs:
        waiting, dropped = asyncio.run(run())
    assert waiting <= 20_000
    assert dropped > 0
    assert "inbox is full, messages are dropped" in [each["event"] for each in logs]


def test_a_burst_is_decoded_in_parts_so_that_others_have_their_turn(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TOGETHER", 10)
    model = profile({"t": {"topic": "burst", "field": "/t"}})
    heard = hear(broker, model, [("burst", {"t": number}) for number in range(500)])
    assert heard.values == {"m1.t": list(range(500))}
    assert max(heard.sizes) <= 10


def test_a_thousand_devices_are_one_client(broker: str) -> None:
    model = profile({"t": {"topic": "many/{unit}/state", "field": "/t"}})
    units = [str(number) for number in range(1000)]
    heard = hear(broker, model, [(f"many/{unit}/state", {"t": 1}) for unit in units], units=units)
    assert len(heard.values) == 1000
    assert np.sum(list(heard.values.values())) == 1000
