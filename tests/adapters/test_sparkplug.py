"""The host of Sparkplug B against an edge node of another make."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import DeviceState, Item, Point
from adapters.mqtt.adapter import MqttConnection, open_mqtt
from adapters.mqtt.link import MqttLink
from adapters.profile import Profile
from core.clock import SystemClock
from core.errors import Permanent, Retryable
from core.quality import GOOD
from core.readings import Readings
from core.registry import Device, Endpoint
from tests.adapters.conftest import running_broker

FOREIGN = Path(__file__).parent / "foreign"
SIGNALS = {
    "temperature": {"metric": "temperature"},
    "setpoint": {"metric": "setpoint", "scale": 0.5},
    "on": {"metric": "on"},
    "mode": {"metric": "mode", "codes": {"OFF": 0, "AUTO": 1, "HAND": 2}},
}
WORDS = {"ru": "Прибор", "en": "Device"}


def profile(name: str, addresses: dict[str, dict[str, Any]]) -> Profile:
    return Profile.model_validate(
        {
            "profile": name, "family": "heat_point", "protocol": "mqtt", "name": WORDS,
            "source": "generic, made for a test",
            "signals": [
                {"key": key, "name": WORDS, "writable": True, "sparkplug": address}
                for key, address in addresses.items()
            ],
        }
    )  # fmt: skip


PUMP = profile("pump", SIGNALS)
NODE = profile("node", {"uptime": {"metric": "uptime"}})


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


class EdgeNode:
    """The node of sparkplug-client, in a process of its own. said: lines of its output."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []

    def call(self, method: str, *arguments: object) -> None:
        assert self.process.stdin is not None
        order = json.dumps({"call": method, "with": arguments})
        self.process.stdin.write(f"{order}\n".encode())

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.said.append(line.decode().strip())


class Host:
    """The adapter with a pump behind an edge node, and what it has said so far."""

    def __init__(self, connection: MqttConnection, points: dict[str, Point]) -> None:
        self.connection = connection
        self.points = points
        self.names = {point.number: name for name, point in points.items()}
        self.items: list[Item] = []
        self.values: dict[str, float] = {}
        self.codes: dict[str, int] = {}
        self.times: dict[str, int] = {}
        self.online: dict[str, list[bool]] = {"pump": [], "node": []}

    async def listen(self) -> None:
        async with contextlib.aclosing(self.connection.stream()) as stream:  # type: ignore[type-var]
            async for item in stream:
                self.add(item)

    def add(self, item: Item) -> None:
        if isinstance(item, DeviceState):
            self.online[item.device].append(item.online)
        if isinstance(item, Readings):
            columns = (item.signal, item.value, item.quality, item.time)
            for number, value, code, time in zip(*(c.tolist() for c in columns), strict=True):
                self.values[self.names[number]] = value
                self.codes[self.names[number]] = code
                self.times[self.names[number]] = time


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def hosting(broker: str, group: str, **options: object) -> AsyncIterator[Host]:
    endpoint = Endpoint(id="line", edge=group, protocol="mqtt", address=broker, options=options)

    def device(name: str, unit: str) -> Device:
        return Device(
            id=name, profile=name, endpoint="line", unit=unit, name={"en": name}, place="here"
        )

    pump, node = device("pump", f"{group}/n1/pump"), device("node", f"{group}/n1")
    parts = [(pump, PUMP, each) for each in PUMP.signals] + [(node, NODE, NODE.signals[0])]
    points = {part[2].key: Point(number, *part) for number, part in enumerate(parts, 20)}
    async with open_mqtt(endpoint, list(points.values()), SystemClock()) as connection:
        host = Host(connection, points)
        listening = asyncio.create_task(host.listen())
        try:
            yield host
        finally:
            listening.cancel()
            await asyncio.wait([listening])


@contextlib.asynccontextmanager
async def edge_node(broker: str, group: str) -> AsyncIterator[EdgeNode]:
    node = shutil.which("node")
    assert node is not None, "node is not installed; .ci/node finds or installs it"
    assert (FOREIGN / "node_modules").exists(), ".ci/foreign has not been run"
    port = broker.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        node, str(FOREIGN / "sparkplug_node.js"), port, group, "n1", "pump",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    edge = EdgeNode(process)
    listening = asyncio.create_task(edge.listen())
    try:
        yield edge
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 40))


BothTest = Callable[[Host, EdgeNode], Awaitable[None]]


@pytest.fixture
def on_both(broker: str) -> Callable[[BothTest], None]:
    """Run a test with the host and an edge node that is born."""

    async def whole(test: BothTest) -> None:
        group = f"g-{uuid.uuid4()}"
        async with hosting(broker, group) as host, edge_node(broker, group) as node:
            await until(lambda: len(host.values) == 5)
            await test(host, node)

    return lambda test: run(whole(test))


OnBoth = Callable[[BothTest], None]


def test_a_birth_gives_every_value_and_says_who_lives(on_both: OnBoth) -> None:
    async def test(host: Host, _node: EdgeNode) -> None:
        assert host.values == {
            "temperature": 21.5, "setpoint": -2.5, "on": 1, "mode": 1, "uptime": 4294967297,
        }  # fmt: skip
        assert set(host.codes.values()) == {GOOD}
        assert (host.online["pump"][-1], host.online["node"][-1]) == (True, True)
        assert max(host.times.values()) - min(host.times.values()) < 60 * 10**9

    on_both(test)


def test_data_comes_by_alias(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        node.call("data", {"temperature": 22.25, "setpoint": 32767, "mode": "HAND"})
        await until(lambda: host.values["temperature"] == 22.25)
        assert (host.values["setpoint"], host.values["mode"]) == (16383.5, 2)
        assert node.said == []

    on_both(test)


def test_a_compressed_payload_is_read(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        node.call("data", {"temperature": 30.0}, {"compress": True, "algorithm": "GZIP"})
        await until(lambda: host.values["temperature"] == 30)
        node.call("data", {"temperature": 31.0}, {"compress": True})
        await until(lambda: host.values["temperature"] == 31)

    on_both(test)


def test_a_missing_message_is_noticed_and_the_node_is_born_again(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        forget_asking(host)
        node.call("skip")
        node.call("data", {"temperature": 23.0})
        await until(lambda: node.said == ["rebirth"])
        await until(lambda: host.values["temperature"] == 23)

    on_both(test)


def test_an_unknown_alias_is_noticed_and_the_node_is_born_again(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        forget_asking(host)
        node.call("realias", "temperature", 77)
        node.call("data", {"temperature": 24.0})
        await until(lambda: node.said == ["rebirth"])
        await until(lambda: host.values["temperature"] == 24)

    on_both(test)


def test_a_node_is_not_asked_again_at_once(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        forget_asking(host)
        for value in (1.0, 2.0, 3.0):
            node.call("skip")
            node.call("data", {"temperature": value})
        await until(lambda: host.values["temperature"] == 3)
        node.call("data", {"on": False})
        await until(lambda: host.values["on"] == 0)
        assert node.said == ["rebirth"]

    on_both(test)


def forget_asking(host: Host) -> None:
    """Let the host ask at once: it has just asked when it came."""
    assert host.connection.sparkplug is not None
    for node in host.connection.sparkplug._nodes.values():
        node.asked_at = -1000.0


def test_a_host_that_comes_later_asks_for_the_births(broker: str) -> None:
    async def test() -> None:
        group = f"g-{uuid.uuid4()}"
        async with edge_node(broker, group) as node:
            async with hosting(broker, group) as first:
                await until(lambda: len(first.values) == 5)
            node.said.clear()
            async with hosting(broker, group) as second:
                await until(lambda: len(second.values) == 5)
            assert node.said == ["rebirth"]

    run(test())


def test_a_node_that_vanishes_takes_its_devices_along(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        node.call("vanish")
        await until(lambda: host.online["pump"][-1:] == [False])
        assert host.online["node"][-1] is False

    on_both(test)


def test_a_device_dies_alone_and_is_born_again(on_both: OnBoth) -> None:
    async def test(host: Host, node: EdgeNode) -> None:
        node.call("publishDeviceDeath", "pump", {"timestamp": 1})
        await until(lambda: host.online["pump"][-1:] == [False])
        assert host.online["node"][-1] is True
        host.values.clear()
        node.call("birth")
        await until(lambda: len(host.values) == 5)
        assert host.online["pump"][-1] is True

    on_both(test)


@pytest.mark.parametrize(
    ("key", "value"), [("setpoint", -16384), ("temperature", 1.25), ("on", 0), ("mode", 2)]
)
def test_a_command_is_confirmed_by_the_next_data(on_both: OnBoth, key: str, value: float) -> None:
    async def test(host: Host, _node: EdgeNode) -> None:
        assert await host.connection.write(host.points[key], value) == value

    on_both(test)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("on", 2, "a flag is 0 or 1, found 2"),
        ("setpoint", 0.3, "a whole number is wanted, found 0.6"),
        ("mode", 7, "no word stands for 7"),
    ],
)
def test_what_a_metric_cannot_hold_is_not_sent(
    on_both: OnBoth, key: str, value: float, complaint: str
) -> None:
    async def test(host: Host, _node: EdgeNode) -> None:
        with pytest.raises(Permanent, match=complaint):
            await host.connection.write(host.points[key], value)

    on_both(test)


def test_a_device_that_was_not_born_takes_no_command(broker: str) -> None:
    async def test() -> None:
        async with hosting(broker, f"g-{uuid.uuid4()}") as host:
            await host.connection.write(host.points["on"], 1)

    with pytest.raises(Permanent, match=r"pump\.on: .*/n1/pump has not announced on"):
        run(test())


def test_a_host_says_that_it_is_there_and_its_will_that_it_is_not(broker: str) -> None:
    async def test() -> None:
        seen: list[tuple[dict[str, Any], bool]] = []

        async def watch(link: MqttLink) -> None:
            async for batch in link.deliveries():
                seen.extend((json.loads(payload), kept) for _, payload, kept in batch)

        topic = f"spBv1.0/STATE/h-{uuid.uuid4()}"
        async with MqttLink(broker, "watch", subscriptions=[topic]) as link:
            await link.until_up(5)
            watching = asyncio.create_task(watch(link))
            name = topic.rpartition("/")[2]
            with contextlib.suppress(Retryable):
                async with hosting(broker, f"g-{uuid.uuid4()}", host_id=name) as host:
                    await until(lambda: seen)
                    link.publish(topic, b'{"online": false, "timestamp": 0}')  # an old will
                    await until(lambda: len(seen) >= 3)
                    connection = host.connection.link._client.socket()
                    connection.shutdown(2)  # type: ignore[union-attr]
                    await until(lambda: len(seen) >= 4)
            watching.cancel()
            await asyncio.wait([watching])
        said = [content["online"] for content, _ in seen[:4]]
        assert said == [True, False, True, False]
        assert seen[0][0]["timestamp"] == seen[3][0]["timestamp"] > 1_700_000_000_000

    run(test())


def test_a_unit_without_a_node_is_refused(broker: str) -> None:
    device = Device(
        id="pump", profile="pump", endpoint="line", unit="alone", name={"en": "x"}, place="here"
    )
    endpoint = Endpoint(id="line", edge="e", protocol="mqtt", address=broker)
    point = Point(1, device, PUMP, PUMP.signals[0])

    async def test() -> None:
        async with open_mqtt(endpoint, [point], SystemClock()):
            pass

    with pytest.raises(Permanent, match="device pump: unit wanted as group/node"):
        run(test())
