"""The host's side of Sparkplug B 3.0: who is born, what they say, and who has died.

Source: Eclipse Sparkplug 3.0.0. A node is heard from its birth, which names its metrics and gives
them aliases; where that was missed, or a message between, the host asks it to be born again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import DeviceState, Point
from adapters.mqtt.address import SparkplugAddress
from adapters.mqtt.columns import MALFORMED, Columns, unscaled
from adapters.mqtt.json_template import LARGEST, NO_CLOCK, NO_VALUE, OLD, number_of
from adapters.mqtt.sparkplug_payload import (
    BOOLEAN,
    QUALITY_BAD,
    QUALITY_STALE,
    Unreadable,
    command,
    decode,
    quality_of,
    value_of,
)
from adapters.mqtt.stamp import NANOSECONDS, StampForm
from adapters.mqtt.topics import filled
from adapters.trouble import Troubles
from core.clock import SECOND, Clock
from core.errors import Permanent
from core.quality import GOOD, archived

NAMESPACE = "spBv1.0"
HEARD = frozenset({"NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"})
REBIRTH = "Node Control/Rebirth"
ASK_AGAIN_S = 10.0  # between two requests to the same node
STAMP = StampForm(NANOSECONDS["ms"])
MILLISECOND = SECOND // 1000


@dataclass(frozen=True, slots=True)
class Metric:
    """What a birth says of a metric, and the rows that want it."""

    datatype: int
    rows: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Node:
    """An edge node. seq: of its last message. death: bdSeq, by which its death is known.

    wanted: rows by (device, metric). names, aliases: metrics of the births that stand.
    """

    group: str
    name: str
    wanted: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    devices: dict[str, list[str]] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    names: dict[tuple[str, str], Metric] = field(default_factory=dict)
    aliases: dict[int, Metric] = field(default_factory=dict)
    is_born: bool = False
    seq: int = -1
    death: int | None = None
    asked_at: float = -ASK_AGAIN_S

    def topic(self, kind: str, device: str = "") -> str:
        topic = f"{NAMESPACE}/{self.group}/{kind}/{self.name}"
        return f"{topic}/{device}" if device else topic


class SparkplugHost:
    """publish: topic, payload; it may raise Retryable. `filters` is what must be subscribed."""

    def __init__(
        self,
        points: Sequence[tuple[int, Point, SparkplugAddress]],
        troubles: Troubles,
        clock: Clock,
        publish: Callable[[str, bytes], None],
    ) -> None:
        self._troubles = troubles
        self._clock = clock
        self._publish = publish
        self._nodes: dict[str, Node] = {}
        self._codes = {row: address.codes for row, _, address in points}
        for row, point, address in points:
            node, device = self._place(point)
            key = device, filled(address.metric, point)
            node.wanted[key] = (*node.wanted.get(key, ()), row)
            ids = node.devices.setdefault(device, [])
            if point.device.id not in ids:
                ids.append(point.device.id)

    def _place(self, point: Point) -> tuple[Node, str]:
        group, _, rest = point.device.unit.partition("/")
        name, _, device = rest.partition("/")
        if not group or not name or any(sign in point.device.unit for sign in "+#"):
            raise Permanent(
                f"device {point.device.id}: unit wanted as group/node or group/node/device, "
                f"found {point.device.unit!r}"
            )
        node = self._nodes.setdefault(f"{group}/{name}", Node(group, name))
        return node, device

    @property
    def filters(self) -> list[str]:
        return [node.topic("+") + "/#" for node in self._nodes.values()]

    def begin(self) -> None:
        """Ask every node for its birth: what it said before we came was not kept."""
        for node in self._nodes.values():
            self._ask(node, "")

    def states(self) -> Iterator[DeviceState]:
        """Tell who lives now."""
        now = self._clock.time_ns()
        for node in self._nodes.values():
            for device in node.alive:
                for identifier in node.devices.get(device, ()):
                    yield DeviceState(identifier, True, now)

    def take(self, topic: str, payload: bytes, now: int, found: Columns) -> list[DeviceState]:
        """Collect the metrics of a message; give who was born or has died by it."""
        _, group, kind, name, *rest = [*topic.split("/"), "", "", ""]
        node = self._nodes.get(f"{group}/{name}")
        if node is None or kind not in HEARD:
            return []
        try:
            message = decode(payload)
        except Unreadable as error:
            self._troubles.begin(topic, f"not Sparkplug B: {error}")
            return []
        self._troubles.end(topic)
        if kind == "NDEATH":
            return self._die(node, message, now)
        self._count(node, message, is_birth=kind == "NBIRTH")
        device = rest[0] if kind.startswith("D") else ""
        if kind == "DDEATH":
            return self._lose(node, {device}, now, "its edge node says that it is gone")
        states = self._bear(node, device, message, now) if kind.endswith("BIRTH") else []
        if device in node.alive:
            self._collect(node, device, message, now, found)
        else:
            self._ask(node, f"data of {device or 'the node'} without its birth")
        return states

    def _count(self, node: Node, message: Any, *, is_birth: bool) -> None:
        """Look whether a message is missing: seq counts from 0 to 255 and begins anew."""
        expected = (node.seq + 1) % 256
        node.seq = message.seq
        if not is_birth and node.is_born and message.seq != expected:
            self._ask(node, f"wanted message {expected}, found {message.seq}")

    def _bear(self, node: Node, device: str, message: Any, now: int) -> list[DeviceState]:
        if device == "":
            node.names.clear()
            node.aliases.clear()
            node.alive.clear()  # devices are born anew after their node
            node.is_born = True
            node.death = _death_number(message)
            self._troubles.end(node.topic("NBIRTH"))
        elif not node.is_born:
            self._ask(node, f"birth of {device} without that of its node")
        for metric in message.metrics:
            known = Metric(metric.datatype, node.wanted.get((device, metric.name), ()))
            node.names[device, metric.name] = known
            if metric.HasField("alias"):
                node.aliases[metric.alias] = known
        node.alive.add(device)
        return [DeviceState(each, True, now) for each in node.devices.get(device, ())]

    def _die(self, node: Node, message: Any, now: int) -> list[DeviceState]:
        if not node.is_born or _death_number(message) != node.death:
            return []  # the will of an earlier session, which the broker was late to publish
        node.is_born = False
        return self._lose(node, set(node.devices), now, "its edge node is gone")

    def _lose(self, node: Node, devices: set[str], now: int, reason: str) -> list[DeviceState]:
        node.alive -= devices
        return [
            DeviceState(identifier, False, now, reason)
            for device in devices
            for identifier in node.devices.get(device, ())
        ]

    def _collect(self, node: Node, device: str, message: Any, now: int, found: Columns) -> None:
        for metric in message.metrics:
            if metric.HasField("name"):
                known = node.names.get((device, metric.name))
            else:
                known = node.aliases.get(metric.alias)
            if known is None:  # section 5.15: a reason to ask for a rebirth
                self._ask(node, f"metric {metric.name or metric.alias} is in no birth")
                continue
            if not known.rows:
                continue
            began = len(found.rows)
            value = value_of(metric, metric.datatype or known.datatype)
            for row in known.rows:
                self._add(row, value, found, is_historical=metric.is_historical)
            found.close(began, *_time_and_code(metric, message, now))

    def _add(
        self, row: int, value: float | str | None, found: Columns, *, is_historical: bool
    ) -> None:
        if isinstance(value, str):
            value = number_of(value, self._codes[row])
        if isinstance(value, (int, float)) and abs(value) <= LARGEST:
            found.add(row, float(value))
        else:
            code = NO_VALUE if value is None else MALFORMED
            found.spoil(row, archived(code) if is_historical else code)

    def _ask(self, node: Node, why: str) -> None:
        """Request a rebirth, unless it was just requested. why: empty where nothing is wrong."""
        if why:
            self._troubles.begin(node.topic("NBIRTH"), why)
        now = self._clock.monotonic()
        if now - node.asked_at >= ASK_AGAIN_S:
            node.asked_at = now
            milliseconds = self._clock.time_ns() // MILLISECOND
            self._publish(node.topic("NCMD"), command(REBIRTH, BOOLEAN, 1, milliseconds))

    def command(self, point: Point, address: SparkplugAddress, value: float) -> tuple[str, bytes]:
        """Give topic and payload that set a metric. Permanent where its birth is not known."""
        node, device = self._place(point)
        name = filled(address.metric, point)
        known = node.names.get((device, name))
        if known is None or device not in node.alive:
            raise Permanent(f"{point.name}: {point.device.unit} has not announced {name}")
        raw: float | str = unscaled(value, address.scale, address.offset)
        if address.codes:
            words = [word for word, code in address.codes.items() if code == value]
            if not words:
                raise Permanent(f"{point.name}: no word stands for {value:g}")
            raw = words[0]
        try:
            payload = command(name, known.datatype, raw, self._clock.time_ns() // MILLISECOND)
        except (ValueError, OverflowError) as error:
            raise Permanent(f"{point.name}: {error}") from error
        return node.topic("DCMD" if device else "NCMD", device), payload


def _death_number(message: Any) -> int | None:
    return next((each.long_value for each in message.metrics if each.name == "bdSeq"), None)


def _time_and_code(metric: Any, message: Any, now: int) -> tuple[int, int]:
    reported = quality_of(metric)
    code = GOOD
    if reported == QUALITY_BAD:
        code = NO_VALUE
    elif reported == QUALITY_STALE:
        code = OLD
    if metric.is_historical:
        code = archived(code)
    stamp = metric.timestamp or message.timestamp
    if not stamp:
        return now, code
    time = STAMP.read(stamp, now)
    return (now, code or NO_CLOCK) if time is None else (time, code)
