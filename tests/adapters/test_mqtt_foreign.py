"""The MQTT adapter against devices that nobody here wrote: MQTT.js, and mosquitto_pub."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.contract import Point
from adapters.mqtt.adapter import open_mqtt
from adapters.profile import Profile
from core.clock import SystemClock
from core.quality import BAD, REASON, VERDICT, Reason
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line, run
from tests.adapters.conftest import running_broker

FOREIGN = Path(__file__).parent / "foreign"
LAMP = Profile.model_validate(
    {
        "profile": "lamp", "family": "street_light", "protocol": "mqtt",
        "name": {"ru": "Лампа", "en": "Lamp"}, "source": "generic, made for a test",
        "signals": [
            {
                "key": key, "name": {"ru": key, "en": key}, "writable": True,
                "mqtt": {
                    "topic": "town/lamp/{unit}", "field": f"/{key}", "time": "/time",
                    "set_topic": "town/lamp/{unit}/set", "set_field": f"/{key}",
                },
            }
            for key in ("level", "on")
        ],
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


@contextlib.asynccontextmanager
async def heard(broker: str, unit: str) -> AsyncIterator[Line]:
    """Open the adapter for one lamp. unit: another for each test, for brokers retain."""
    endpoint = Endpoint(id=f"line-{unit}", edge="edge-1", protocol="mqtt", address=broker)
    device = Device(
        id="lamp", profile="lamp", endpoint=endpoint.id, unit=unit, name={}, place="here"
    )
    points = [Point(number, device, LAMP, signal) for number, signal in enumerate(LAMP.signals)]
    async with open_mqtt(endpoint, points, SystemClock()) as connection:
        line = Line(connection, points)
        async with contextlib.aclosing(line.stream):  # type: ignore[type-var]
            yield line


@contextlib.asynccontextmanager
async def foreign_lamp(broker: str, unit: str) -> AsyncIterator[None]:
    node = shutil.which("node")
    assert node is not None, "node is not installed; .ci/node installs it"
    port = broker.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(node, str(FOREIGN / "mqtt_lamp.js"), port, unit)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def mosquitto_pub(broker: str, topic: str, payload: str, *options: str) -> None:
    host, _, port = broker.removeprefix("mqtt://").partition(":")
    where = ["-h", host, "-p", port, "-t", topic, "-m", payload]
    process = await asyncio.create_subprocess_exec("mosquitto_pub", *where, *options)
    assert await process.wait() == 0


def test_a_device_of_mqtt_js_is_read_and_obeys(broker: str) -> None:
    async def test() -> None:
        async with heard(broker, "js") as line, foreign_lamp(broker, "js"):
            await line.until_read()
            assert line.values == {"lamp.level": 55.5, "lamp.on": 1.0}
            assert await line.write("lamp.level", 40) == 40
            now = datetime.now(UTC).timestamp()  # noqa: TID251 - compared with the lamp's
            assert abs(now - line.times["lamp.level"] / 1e9) < 20

    run(test())


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_what_mosquitto_pub_says_is_read_at_every_quality_of_service(
    broker: str, version: str
) -> None:
    async def test() -> list[float]:
        found = []
        async with heard(broker, version) as line:
            for service in ("0", "1", "2"):
                message = f'{{"level": {service}, "on": 0}}'
                sending = asyncio.create_task(
                    mosquitto_pub(
                        broker, f"town/lamp/{version}", message, "-q", service, "-V", version
                    )
                )
                level = float(service)
                await line.until(lambda level=level: line.values.get("lamp.level") == level)
                await sending
                found.append(line.values["lamp.level"])
        return found

    assert run(test()) == [0.0, 1.0, 2.0]


def test_what_mosquitto_pub_left_behind_is_as_old_as_it_says(broker: str) -> None:
    async def test() -> tuple[int, float]:
        before = datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251 - a stamp that a device made
        message = f'{{"time": "{before.isoformat()}", "level": 7, "on": 1}}'
        await mosquitto_pub(broker, "town/lamp/old", message, "-r", "-q", "1")
        async with heard(broker, "old") as line:
            await line.until_read()
            age_s = before.timestamp() - line.times["lamp.level"] / 1e9
            return line.qualities["lamp.level"], age_s

    code, off_s = run(test())
    assert code & REASON == Reason.STALE
    assert code & VERDICT != BAD
    assert abs(off_s) < 0.001


def test_a_message_of_nothing_and_one_without_sense_spoil_that_lamp_alone(broker: str) -> None:
    async def test() -> dict[str, bool]:
        async with heard(broker, "odd") as line:
            await mosquitto_pub(broker, "town/lamp/odd", '{"level": 5, "on": 1}')
            await line.until_read()
            assert not line.is_bad("lamp.level")  # but doubted, for it says no time
            await mosquitto_pub(broker, "town/lamp/odd", "{not json")
            await line.until(lambda: line.is_bad("lamp.level"))
            await mosquitto_pub(broker, "town/lamp/odd", '{"level": 6, "on": 1}')
            await line.until(lambda: line.values["lamp.level"] == 6)
            return {name: line.is_bad(name) for name in line.values}

    assert run(test()) == {"lamp.level": False, "lamp.on": False}
