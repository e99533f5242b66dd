"""The town's radio devices: each publishes its state as JSON and obeys its set topic.

One client stands for the radio gateway before all of them. Each device has its own second within
its period, so that messages come evenly and not in a burst; a change of a state goes out at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from adapters.profile import Profile, SignalProfile
from core.clock import to_datetime
from core.registry import Device
from core.signal import SignalKind
from simulators.world.family import MALFORMED
from simulators.world.world import World

# Seconds between two messages of a device, by family.
PERIODS = {"street_light": 15, "feeder_cabinet": 5, "water_meter": 50, "gas": 10, "air_quality": 30}
DIGITS = 3
BROKEN = b'{"value": 12.'  # what a radio module sends when it restarts within a message


@dataclass(slots=True)
class _Sender:
    """A device with its place in time. states: what it last said of its states."""

    device: str
    unit: str
    profile: Profile
    topic: str
    period: int
    second: int
    states: tuple[float, ...] = ()
    silent: bool = False


class MqttDevices:
    """`publish` after each step. address: host and port of the broker."""

    def __init__(
        self, world: World, devices: Sequence[Device], host: str, port: int, *,
        user: str = "", password: str = "",
    ) -> None:  # fmt: skip
        self._world = world
        self._senders = [_sender(world, device, at) for at, device in enumerate(devices)]
        self._set_topics = _set_topics(self._senders)
        self._step = 0
        self._host, self._port = host, port
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "town-radio-gateway", protocol=mqtt.MQTTv5
        )
        if user:
            self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 5)
        self._client.max_queued_messages_set(2000)
        self._client.on_connect = self._connected
        self._client.on_message = self._commanded

    def __enter__(self) -> "MqttDevices":
        self._client.connect_async(self._host, self._port, keepalive=30)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected()

    def publish(self) -> int:
        """Send what is due in this second, and what changed its state; give how many it were."""
        if not self._client.is_connected():
            return 0
        self._step += 1
        sent = 0
        for sender in self._senders:
            silent = self._world.is_silent(sender.device)
            back, sender.silent = sender.silent and not silent, silent
            if silent:
                continue
            values = self._world.values(sender.device)
            states = _states(sender.profile, values)
            due = self._step % sender.period == sender.second
            if due or back or states != sender.states:
                sender.states = states
                self._client.publish(sender.topic, self._payload(sender, values))
                sent += 1
        return sent

    def _payload(self, sender: _Sender, values: Mapping[str, float]) -> bytes:
        if self._world.has(sender.device, MALFORMED):
            return BROKEN
        message: dict[str, object] = {}
        now = to_datetime(self._world.clock.time_ns()).astimezone(UTC)
        for signal in sender.profile.signals:
            at = signal.mqtt
            if at is None:
                continue
            put(message, at.field, _number((values[signal.key] - at.offset) / at.scale))
            if at.time:
                put(message, at.time, now.isoformat(timespec="milliseconds"))
        return json.dumps(message, separators=(",", ":")).encode()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        for topic in self._set_topics:
            client.subscribe(topic, qos=1)

    def _commanded(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        """Obey a set topic. Runs on paho's thread: a write is one assignment into a column."""
        device, signal = self._set_topics[message.topic]
        if self._world.is_silent(device) or signal.mqtt is None:
            return
        try:
            value = float(take(json.loads(message.payload), signal.mqtt.set_field))
        except (ValueError, KeyError, TypeError):
            return  # a device does not answer what it does not understand
        self._world.write(device, signal.key, value * signal.mqtt.scale + signal.mqtt.offset)


def put(message: dict[str, object], pointer: str, value: object) -> None:
    """Set the place that a JSON pointer names, making the objects on the way (RFC 6901)."""
    *way, last = _tokens(pointer)
    for token in way:
        inner = message.setdefault(token, {})
        assert isinstance(inner, dict)  # noqa: S101 - a pointer through a value is a profile's bug
        message = inner
    message[last] = value


def take(message: object, pointer: str) -> str | float:
    """Give what a JSON pointer names. KeyError or TypeError where there is nothing."""
    for token in _tokens(pointer):
        message = message[token]  # type: ignore[index]  # the caller catches what is no object
    if not isinstance(message, (str, int, float)):
        raise TypeError(pointer)
    return message


def _tokens(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _number(value: float) -> float | int:
    rounded = round(value, DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def _states(profile: Profile, values: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(
        values[signal.key] for signal in profile.signals if signal.kind == SignalKind.STATE
    )


def _sender(world: World, device: Device, at: int) -> _Sender:
    profile = world.profile(device.id)
    topics = {signal.mqtt.topic for signal in profile.signals if signal.mqtt is not None}
    if len(topics) != 1:
        raise ValueError(f"{profile.profile}: one topic a device is wanted, found {sorted(topics)}")
    topic = topics.pop().replace("{unit}", device.unit)
    period = PERIODS[profile.family]
    return _Sender(device.id, device.unit, profile, topic, period, at % period)


def _set_topics(senders: Sequence[_Sender]) -> dict[str, tuple[str, SignalProfile]]:
    return {
        signal.mqtt.set_topic.replace("{unit}", sender.unit): (sender.device, signal)
        for sender in senders
        for signal in sender.profile.signals
        if signal.mqtt is not None and signal.mqtt.set_topic
    }
