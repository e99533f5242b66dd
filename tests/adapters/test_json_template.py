"""The JSON-over-MQTT adapter against a real broker."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from adapters.mqtt.link import MqttLink
from adapters.mqtt.pointer import found_at, pointer_of
from adapters.mqtt.stamp import StampForm
from adapters.profile import Profile
from core.errors import Retryable
from core.quality import BAD, UNCERTAIN, Reason, quality
from simulators.bench.relay import Relay
from tests.adapters.conformance import UNITS, Conformance
from tests.ports import free_port

START = {"setpoint": 21, "level": 55.5, "broken": False, "hours": 1_000_000}
PERIOD_S = 0.05


def signal(key: str) -> dict[str, Any]:
    address = {"topic": "town/lamp/{unit}", "field": f"/{key}", "time": "/time"}
    writable = key == "setpoint"
    if writable:
        address |= {"set_topic": "town/lamp/{unit}/set", "set_field": f"/{key}"}
    name = {"ru": key, "en": key}
    return {"key": key, "name": name, "writable": writable, "mqtt": address}


PROFILE = Profile.model_validate(
    {
        "profile": "test-lamp", "family": "street_light", "protocol": "mqtt",
        "name": {"ru": "Лампа", "en": "Lamp"}, "source": "generic, numbers and a flag",
        "signals": [
            *map(signal, START),
            {
                "key": "voltage", "name": {"ru": "Вольт", "en": "Volt"}, "unit": "V",
                "mqtt": {
                    "topic": "town/extra/{unit}", "field": "/l1/1", "scale": 0.1, "offset": -1,
                },
            },
        ],
    }
)  # fmt: skip


class MqttRig:
    """Lamps that publish their state all the time and obey what is set.

    obedient: whether they take what is set. garbage: payload of a unit instead of its state.
    """

    def __init__(self, link: MqttLink, port: int) -> None:
        self.link = link
        self.port = port
        self.state: dict[str, dict[str, Any]] = {unit: dict(START) for unit in UNITS}
        self.garbage: dict[str, bytes] = {}
        self.obedient = True
        self.orders: list[Any] = []

    async def publish(self) -> None:
        while True:
            time = datetime.now(UTC).isoformat()  # noqa: TID251 - the lamp's own clock
            for unit, state in self.state.items():
                payload = self.garbage.get(unit) or json.dumps({"time": time} | state).encode()
                self.link.publish(f"town/lamp/{unit}", payload, 0)
                self.link.publish(f"town/extra/{unit}", b'{"l1": [0, 2310]}', 0)
            await asyncio.sleep(PERIOD_S)

    async def obey(self) -> None:
        async for batch in self.link.messages():
            for topic, payload in batch:
                self.orders.append(json.loads(payload))
                if self.obedient:
                    self.state[topic.split("/")[2]] |= json.loads(payload)

    async def set(self, unit: str, key: str, value: float) -> None:
        self.state[unit][key] = value

    async def get(self, unit: str, key: str) -> float:
        value: float = self.state[unit][key]
        return value

    async def spoil(self, unit: str, key: str) -> None:
        self.state[unit][key] = "a word"


@asynccontextmanager
async def serving() -> AsyncIterator[MqttRig]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "adapters.mqtt.broker", "--port", str(port), "--state", folder]
        broker = await asyncio.create_subprocess_exec(sys.executable, *command)
        try:
            async with MqttLink(
                f"mqtt://127.0.0.1:{port}", "town", subscriptions=["town/lamp/+/set"]
            ) as link:
                await link.until_up(10)
                rig = MqttRig(link, port)
                tasks = [asyncio.create_task(rig.publish()), asyncio.create_task(rig.obey())]
                try:
                    yield rig
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.wait(tasks)
        finally:
            broker.kill()
            await broker.wait()


class TestJsonTemplate(Conformance):
    profile = PROFILE
    scheme = "mqtt"
    expected = {**{key: float(value) for key, value in START.items()}, "voltage": 230.0}  # noqa: RUF012
    settable = "setpoint"
    hang_s = 20.0  # two keep-alives, each looked at once a second, and room for a busy machine

    @pytest.fixture(autouse=True)
    def keepalive(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("adapters.mqtt.link.KEEPALIVE_S", 4)

    def rig(self) -> AbstractAsyncContextManager[MqttRig]:
        return serving()

    def test_a_payload_that_is_not_json_spoils_its_signals_alone(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> dict[str, int]:
            rig.garbage["2"] = b"\xff{"
            async with self.opened(relay.port) as line:
                await line.until_read()
                return {name: code for name, code in line.qualities.items() if code}

        malformed = quality(BAD, Reason.MALFORMED)
        assert self.with_rig(test) == {f"unit-2.{key}": malformed for key in START}

    def test_trouble_is_logged_once_when_it_begins_and_once_when_it_is_over(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> None:
            rig.garbage["2"] = b"{"
            async with self.opened(relay.port) as line:
                await line.until(lambda: line.counts.get("unit-2.level", 0) >= 3)
                rig.garbage.clear()
                await line.until(lambda: line.values["unit-2.level"] == 55.5)

        with capture_logs() as logs:
            self.with_rig(test)
        about = [each for each in logs if "at" in each]
        assert [(each["event"], each["at"]) for each in about] == [
            ("trouble begins", "town/lamp/2"),
            ("trouble is over", "town/lamp/2"),
        ]

    def test_the_messages_own_time_is_kept(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> int:
            rig.garbage["1"] = b'{"time": "2026-03-01T12:00:00.123456+03:00", "level": 1}'
            async with self.opened(relay.port) as line:
                await line.until(lambda: line.values.get("unit-1.level") == 1)
                return line.times["unit-1.level"]

        seconds = int(datetime(2026, 3, 1, 9, tzinfo=UTC).timestamp())
        assert self.with_rig(test) == seconds * 10**9 + 123_456_000

    def test_a_message_whose_time_cannot_be_read_is_doubted(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> int:
            rig.garbage["1"] = b'{"time": "yesterday", "level": 1}'
            async with self.opened(relay.port) as line:
                await line.until(lambda: line.values.get("unit-1.level") == 1)
                return line.qualities["unit-1.level"]

        assert self.with_rig(test) == quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)

    def test_a_field_that_is_left_out_gives_nothing(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                del rig.state["1"]["level"]
                rig.state["1"]["hours"] = 7  # messages come in their order: none before it counts
                await line.until(lambda: line.values["unit-1.hours"] == 7)
                last = line.counts["unit-1.level"]
                enough = line.counts["unit-1.hours"] + 3
                await line.until(lambda: line.counts["unit-1.hours"] >= enough)
                assert line.counts["unit-1.level"] == last

        self.with_rig(test)

    def test_a_whole_number_is_set_as_one(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> list[Any]:
            async with self.opened(relay.port) as line:
                await line.write("unit-2.setpoint", 5.0)
                return [json.dumps(order) for order in rig.orders]

        assert self.with_rig(test) == ['{"setpoint": 5}']

    def test_a_device_that_does_not_obey_in_time_leaves_a_write_retryable(self) -> None:
        async def test(rig: MqttRig, relay: Relay) -> None:
            rig.obedient = False
            async with self.opened(relay.port) as line:
                await line.write("unit-2.setpoint", 5)

        with pytest.raises(Retryable, match=r"unit-2\.setpoint: wrote 5, .* still reports 21"):
            self.with_rig(test)


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", {"a/b": [{"~": 1}]}), ("/a~1b/0/~0", 1)],
)
def test_a_json_pointer_finds_its_place(pointer: str, found: object) -> None:
    assert found_at({"a/b": [{"~": 1}]}, pointer_of(pointer)) == found


NOW = 1_800_000_000_000_000_000  # nanoseconds UTC, in January 2027
SECONDS, MILLISECONDS = StampForm(), StampForm(1_000_000)
MOSCOW = StampForm(zone=ZoneInfo("Europe/Moscow"))


@pytest.mark.parametrize(
    ("form", "stamp", "nanoseconds"),
    [
        (SECONDS, 1_700_000_000, 1_700_000_000_000_000_000),
        (SECONDS, 1_700_000_000.25, 1_700_000_000_250_000_000),
        (SECONDS, "1700000000", 1_700_000_000_000_000_000),
        (MILLISECONDS, 1_700_000_000_123, 1_700_000_000_123_000_000),
        (StampForm(1), 1_700_000_000_000_000_001, 1_700_000_000_000_000_001),
        (SECONDS, "2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        (SECONDS, "2023-11-15T01:13:20.5+03:00", 1_700_000_000_500_000_000),
        (MOSCOW, "2023-11-15T01:13:20", 1_700_000_000_000_000_000),
        (MOSCOW, "2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        (SECONDS, "2023-11-14T22:13:20", None),  # without a zone
        (SECONDS, 1_700_000_000_000, None),  # milliseconds
        (MILLISECONDS, 1_700_000_000, None),  # seconds: 20 January 1970
        (SECONDS, "1970-01-01T00:00:12Z", None),
        (SECONDS, "2000-01-01T00:00:12Z", None),
        (SECONDS, "2099-01-01T00:00:00Z", None),
        (SECONDS, 1_800_000_059, 1_800_000_059_000_000_000),  # a fast clock
        (SECONDS, 1_800_000_061, None),
        (SECONDS, -1, None),
        (SECONDS, 10**400, None),
        (SECONDS, "9" * 30, None),
        (SECONDS, float("nan"), None),
        (SECONDS, float("inf"), None),
        (SECONDS, True, None),
        (SECONDS, None, None),
        (SECONDS, {}, None),
    ],
)
def test_a_time_stamp_is_read_or_refused(
    form: StampForm, stamp: object, nanoseconds: int | None
) -> None:
    assert form.read(stamp, NOW) == nanoseconds
