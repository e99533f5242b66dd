"""Radio devices publish JSON to a real broker and obey their set topics."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.profile import bundled_profiles
from core.registry import Registry
from simulators.servers.mqtt_devices import PERIODS, MqttDevices, put
from simulators.stage.ports import is_open
from simulators.world.world import World
from tests.ports import free_port

CABINET, LAMP = "cabinet-sadovaya-d1", "lamp-sadovaya-13-d1"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    state: Path = tmp_path_factory.mktemp("broker")
    command = [sys.executable, "-m", "adapters.mqtt.broker", "--port", str(port), "--state", state]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: is_open(port))
        yield port
        process.terminate()


class Listener:
    """A client that hears every town topic."""

    def __init__(self, port: int) -> None:
        self.heard: Queue[tuple[str, bytes]] = Queue()
        self.subscribed: Queue[bool] = Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("town/#", qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.put(True)
        self.client.on_message = lambda _c, _u, message: self.heard.put(
            (message.topic, message.payload)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.subscribed.get(timeout=5)

    def until(self, topic: str) -> bytes:
        """Give the next message of a topic."""
        while True:
            found, payload = self.heard.get(timeout=5)
            if found == topic:
                return payload

    def everything(self) -> dict[str, list[bytes]]:
        """Give what was heard until it is quiet for half a second, by topic."""
        messages = defaultdict(list)
        while True:
            try:
                topic, payload = self.heard.get(timeout=0.5)
            except Empty:
                return messages
            messages[topic].append(payload)


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 5
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def listener(broker: int) -> Iterator[Listener]:
    listening = Listener(broker)
    yield listening
    listening.client.disconnect()
    listening.client.loop_stop()


@pytest.fixture
def devices(world: World, registry: Registry, broker: int) -> Iterator[MqttDevices]:
    mine = [each for each in registry.devices if each.endpoint == "town-broker"]
    with MqttDevices(world, mine, "127.0.0.1", broker) as radio:
        wait_for(lambda: radio.is_connected)
        yield radio


def seconds(world: World, devices: MqttDevices, count: int) -> None:
    for _ in range(count):
        world.step(1.0)
        devices.publish()


def test_every_device_speaks_in_its_period_and_no_second_is_crowded(
    world: World, devices: MqttDevices, listener: Listener, registry: Registry
) -> None:
    seconds(world, devices, 1)
    listener.everything()  # each tells its states first
    counts = []
    for _ in range(50):
        world.step(1.0)
        counts.append(devices.publish())
    heard = listener.everything()
    mine = [each for each in registry.devices if each.endpoint == "town-broker"]
    assert len(heard) == len(mine)
    assert sum(map(len, heard.values())) == sum(counts)
    assert max(counts) < 150  # dusk falls within: 300 lamps in eight seconds


def test_a_message_carries_every_field_of_the_profile_and_the_time(
    world: World, devices: MqttDevices, listener: Listener
) -> None:
    seconds(world, devices, 5)
    message = json.loads(listener.until("town/cabinet/sadovaya"))
    assert set(message) == {
        "mains", "voltage", "power", "contactor", "mode", "twilight", "door", "time",
    }  # fmt: skip
    assert message["mains"] == 1
    assert message["time"].endswith("+00:00")


def test_a_cabinet_obeys_its_set_topic_and_says_so_at_once(
    world: World, devices: MqttDevices, listener: Listener
) -> None:
    seconds(world, devices, 1)
    listener.everything()
    listener.client.publish("town/cabinet/sadovaya/set", '{"contactor": 1}', qos=1)
    wait_for(lambda: world.value(CABINET, "contactor") == 1)
    seconds(world, devices, 1)
    assert json.loads(listener.until("town/cabinet/sadovaya"))["contactor"] == 1
    assert json.loads(listener.until("town/lamp/sadovaya-13"))["on"] == 1


def test_nonsense_on_a_set_topic_changes_nothing(
    world: World, devices: MqttDevices, listener: Listener
) -> None:
    for payload in ("", "[1]", '{"contactor": "x"}', '{"contactor": 7}', '{"other": 1}'):
        listener.client.publish("town/cabinet/sadovaya/set", payload, qos=1)
    listener.client.publish("town/cabinet/mira/set", '{"contactor": 1}', qos=1)
    wait_for(lambda: world.value("cabinet-mira-d1", "contactor") == 1)
    assert world.value(CABINET, "contactor") == 0


def test_lamps_without_mains_are_silent_and_speak_when_it_is_back(
    world: World, devices: MqttDevices, listener: Listener
) -> None:
    seconds(world, devices, 2)
    world.set_fault("cabinet_power_lost", CABINET, True)
    seconds(world, devices, 1)
    listener.everything()
    seconds(world, devices, 20)
    silent = listener.everything()
    world.set_fault("cabinet_power_lost", CABINET, False)
    seconds(world, devices, 1)
    assert not [topic for topic in silent if topic.startswith("town/lamp/sadovaya-")]
    assert json.loads(silent["town/cabinet/sadovaya"][0])["mains"] == 0
    assert json.loads(listener.until("town/lamp/sadovaya-13"))["on"] == 0


def test_a_malformed_payload_is_no_json(
    world: World, devices: MqttDevices, listener: Listener
) -> None:
    world.set_fault("malformed_payload", LAMP, True)
    seconds(world, devices, 16)
    payload = listener.until("town/lamp/sadovaya-13")
    with pytest.raises(json.JSONDecodeError):
        json.loads(payload)


@pytest.mark.parametrize("family", PERIODS)
def test_a_device_speaks_at_least_twice_before_it_is_taken_for_silent(family: str) -> None:
    profile = next(
        each
        for name, each in bundled_profiles().items()
        if name.startswith("generic-") and each.family == family and each.signals[0].mqtt
    )
    assert 2 * PERIODS[family] <= min(signal.silent_after_s for signal in profile.signals)


def test_a_json_pointer_makes_its_way_into_a_message() -> None:
    message: dict[str, object] = {}
    put(message, "/a/b~1c", 1)
    put(message, "/a/d", 2)
    assert message == {"a": {"b/c": 1, "d": 2}}
