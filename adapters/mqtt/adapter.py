"""A broker with devices behind it: one client, whatever they say and however many they are."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from adapters.contract import FoundPoint, Item, Point, Traffic
from adapters.mqtt.address import LorawanAddress, MqttAddress, SparkplugAddress
from adapters.mqtt.browse import EVERYTHING, heard
from adapters.mqtt.columns import Columns, Scaling, unscaled
from adapters.mqtt.intake import Delivery
from adapters.mqtt.json_template import JsonTemplates, Reader
from adapters.mqtt.link import MqttLink
from adapters.mqtt.options import options_of
from adapters.mqtt.pointer import placed_at, pointer_of
from adapters.mqtt.raw_payload import value_of
from adapters.mqtt.sparkplug_presence import NAMESPACE, presence_of
from adapters.mqtt.tls import tls_context
from adapters.mqtt.topics import filled, needed, topic_of
from adapters.mqtt.wishes import Wishes
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import ConfigError, Permanent, Retryable
from core.registry import Endpoint

if TYPE_CHECKING:
    from adapters.mqtt.sparkplug import SparkplugHost

CONNECT_S = 5.0
TELL_S = 10.0  # an edge node lives until its death is published; that is told this often
READ_BACK_S = 5.0  # for the next state message after a value was set
WAITING = 8  # blocks that may wait; then the link's own inbox fills, which is bounded too
TOGETHER = 5000  # messages that are decoded in one go, about 15 ms; other lines wait that long
INBOX = 32 * 1024 * 1024  # bytes of payload; a storm beyond it is dropped and counted by the link


Address: TypeAlias = MqttAddress | LorawanAddress | SparkplugAddress


class MqttConnection:
    def __init__(self, endpoint: Endpoint, points: Sequence[Point], clock: Clock) -> None:
        options = options_of(endpoint)
        self.endpoint = endpoint
        self.clock = clock
        self.troubles = Troubles(endpoint.id)
        self.blocks: asyncio.Queue[Item | None] = asyncio.Queue(WAITING)
        self.failure: BaseException | None = None
        self.devices = list(dict.fromkeys(point.device.id for point in points))
        self.rows = {point.number: row for row, point in enumerate(points)}
        self.wishes = Wishes(READ_BACK_S)
        addresses = [at(point) for point in points]
        self.scaling = Scaling(
            [point.number for point in points],
            [address.scale for address in addresses],
            [address.offset for address in addresses],
        )
        placed = list(zip(range(len(points)), points, addresses, strict=True))
        self.templates = JsonTemplates(
            [
                (row, point, *in_messages(each))
                for row, point, each in placed
                if not isinstance(each, SparkplugAddress)
            ],
            self.troubles,
        )
        metrics = [
            (row, point, each) for row, point, each in placed if isinstance(each, SparkplugAddress)
        ]
        self.sparkplug = self.host(metrics) if metrics else None
        self.presence = presence_of(options.host_id, clock) if self.sparkplug else None
        filters = [*self.templates.filters, *(self.sparkplug.filters if self.sparkplug else ())]
        if self.presence:
            filters.append(self.presence.topic)
        self.link = MqttLink(
            endpoint.address,
            f"kvartal-{endpoint.edge}-{endpoint.id}",
            options.username,
            options.password,
            tls=partial(tls_context, *options.files),
            will=self.presence.will if self.presence else None,
            subscriptions=needed(filters) or [EVERYTHING],
            on_lost=lambda reason: self.fail(Retryable(f"{endpoint.address}: {reason}")),
            inbox=INBOX,
        )

    @property
    def dropped(self) -> int:
        return self.link.dropped

    def take_traffic(self) -> Mapping[str, Traffic]:
        """Give to every device how soon the broker answers pings; nothing else is asked."""
        trips = self.link.take_round_trips()
        return dict.fromkeys(self.devices, Traffic(answers=len(trips), waited_s=sum(trips)))

    def host(self, metrics: Sequence[tuple[int, Point, SparkplugAddress]]) -> "SparkplugHost":
        """Give the host's side of Sparkplug B; its protobuf is loaded only where it is spoken."""
        module = import_module("adapters.mqtt.sparkplug")
        host: SparkplugHost = module.SparkplugHost(metrics, self.troubles, self.clock, self.say)
        return host

    def say(self, topic: str, payload: bytes) -> None:
        """Publish what nobody waits for; a link that is lost is told by the stream."""
        with suppress(Retryable):
            self.link.publish(topic, payload, 0)

    async def stream(self) -> AsyncIterator[Item]:
        """Give what arrives; messages that arrive together come as one block."""
        while True:
            block = await self.blocks.get()
            if block is not None:
                yield block
            if self.failure is not None and self.blocks.empty():
                raise self.failure

    async def read(self) -> None:
        """Decode what the link brings, for as long as it lives."""
        async for batch in self.link.deliveries():
            for first in range(0, len(batch), TOGETHER):
                for item in self.decode(batch[first : first + TOGETHER]):
                    await self.blocks.put(item)
                await asyncio.sleep(0)

    async def attend(self) -> None:
        """Be a host of Sparkplug B for as long as the link lives."""
        if self.sparkplug is None:
            return
        if self.presence is not None:
            self.link.publish(self.presence.topic, self.presence.birth, retain=True)
        self.sparkplug.begin()
        while True:
            await asyncio.sleep(TELL_S)
            for state in self.sparkplug.states():
                await self.blocks.put(state)

    async def browse(self) -> AsyncIterator[FoundPoint]:
        """Give each topic when it is heard for the first time, for as long as the link lives."""
        async for found in heard(self.link.deliveries()):
            yield found

    def fail(self, error: BaseException) -> None:
        """Let the stream end with this error, once it has given what is there."""
        self.failure = self.failure or error
        if self.blocks.empty():
            self.blocks.put_nowait(None)

    def task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)

    def decode(self, batch: Sequence[Delivery]) -> list[Item]:
        """Make one block of many messages. Who is born or dies between them parts the block."""
        now = self.clock.time_ns()
        items: list[Item] = []
        found = Columns()
        for message in batch:
            topic, payload, _ = message
            if self.sparkplug is not None and topic.startswith(NAMESPACE):
                if self.presence is not None and topic == self.presence.topic:
                    self.insist(payload)
                    continue
                if states := self.sparkplug.take(topic, payload, now, found):
                    items += [*self.block(found, now), *states]
                    found = Columns()
            self.templates.take(message, now, found)
        return items + self.block(found, now)

    def block(self, found: Columns, now: int) -> list[Item]:
        rows, values = self.scaling.values(found)
        if self.wishes:
            self.wishes.compare(rows.tolist(), values.tolist())
        block = self.scaling.block(found, rows, values, now)
        return [block] if len(block) else []

    def insist(self, payload: bytes) -> None:
        """Say again that this host is there, where the will of its last session says it is not."""
        if self.presence is not None and self.presence.is_denied_by(payload):
            with suppress(Retryable):
                self.link.publish(self.presence.topic, self.presence.birth, retain=True)

    async def write(self, point: Point, value: float) -> float:
        """Publish the order; what the device says next tells what became of it."""
        if not is_settable(point):
            raise Permanent(f"{point.name} is read-only")
        topic, payload, qos = self.order(point, value)
        with self.wishes.wish(self.rows[point.number], value) as wish:
            self.link.publish(topic, payload, qos)
            return await wish.granted(point.name)

    def order(self, point: Point, value: float) -> tuple[str, bytes, int]:
        """Give topic, payload and QoS that set a value."""
        address = at(point)
        if isinstance(address, SparkplugAddress):
            assert self.sparkplug is not None  # noqa: S101 - it was made for this point
            return *self.sparkplug.command(point, address, value), 0
        assert isinstance(address, MqttAddress)  # noqa: S101 - no other form is settable
        return topic_of(address.set_topic, point), payload_of(address, point, value), 1


def is_settable(point: Point) -> bool:
    address = at(point)
    has_way = isinstance(address, SparkplugAddress) or (
        isinstance(address, MqttAddress) and bool(address.set_topic)
    )
    return point.signal.writable and has_way


def in_messages(address: MqttAddress | LorawanAddress) -> tuple[MqttAddress, Reader | None]:
    """Give where a value is in JSON messages, and what makes a number of what is there."""
    if isinstance(address, MqttAddress):
        return address, None
    if address.raw is None:
        return address.as_messages(), None
    return address.as_messages(), partial(value_of, field=address.raw)


def payload_of(address: MqttAddress, point: Point, value: float) -> bytes:
    """Give the message that sets a value. Permanent where it cannot be said in this form."""
    raw: float | str = unscaled(value, address.scale, address.offset)
    if address.codes:
        raw = next((word for word, code in address.codes.items() if code == value), math.nan)
    if isinstance(raw, float) and not math.isfinite(raw):
        raise Permanent(f"{point.name}: {value} cannot be said to the device")
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if address.payload == "text":
        return str(raw).encode()
    steps = tuple(filled(step, point) for step in pointer_of(address.set_field))
    return msgspec.json.encode(placed_at(steps, raw))


def at(point: Point) -> Address:
    """Give a point's address. Permanent where its profile speaks another protocol."""
    address = point.signal.mqtt or point.signal.sparkplug or point.signal.lorawan
    if address is None:
        raise Permanent(f"{point.name}: profile {point.profile.profile} has no MQTT address")
    return address


@asynccontextmanager
async def open_mqtt(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[MqttConnection]:
    """Connect to mqtt://host:port or mqtts://host:port.

    options: see `adapters.mqtt.options`.
    """
    try:
        connection = MqttConnection(endpoint, points, clock)
    except ConfigError as error:
        raise Permanent(f"{endpoint.id}: {error}") from error
    async with connection.link:
        await connection.link.until_up(CONNECT_S)
        if not points:  # somebody browses
            yield connection
            return
        tasks = [asyncio.create_task(each) for each in (connection.read(), connection.attend())]
        for task in tasks:
            task.add_done_callback(connection.task_ended)
        try:
            yield connection
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)  # their errors, if any, have gone through the stream
