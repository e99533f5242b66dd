"""A broker with devices behind it: one client, whatever they say and however many they are."""

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from adapters.contract import Item, Point
from adapters.mqtt.address import MqttAddress
from adapters.mqtt.columns import Columns, Scaling
from adapters.mqtt.intake import Delivery
from adapters.mqtt.json_template import JsonTemplates
from adapters.mqtt.link import MqttLink
from adapters.mqtt.pointer import placed_at, pointer_of
from adapters.mqtt.tls import tls_context
from adapters.mqtt.topics import filled, needed
from adapters.mqtt.wishes import Wishes
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import ConfigError, Permanent, Retryable
from core.readings import Readings
from core.registry import Endpoint

CONNECT_S = 5.0
READ_BACK_S = 5.0  # for the next state message after a value was set
WAITING = 8  # blocks that may wait; then the link's own inbox fills, which is bounded too
INBOX = 32 * 1024 * 1024  # bytes of payload; a storm beyond it is dropped and counted by the link


class MqttConnection:
    def __init__(self, endpoint: Endpoint, points: Sequence[Point], clock: Clock) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self.troubles = Troubles(endpoint.id)
        self.blocks: asyncio.Queue[Readings | None] = asyncio.Queue(WAITING)
        self.failure: BaseException | None = None
        self.rows = {point.number: row for row, point in enumerate(points)}
        self.wishes = Wishes(READ_BACK_S)
        addresses = [at(point) for point in points]
        self.scaling = Scaling(
            [point.number for point in points],
            [address.scale for address in addresses],
            [address.offset for address in addresses],
        )
        self.templates = JsonTemplates(
            list(zip(range(len(points)), points, addresses, strict=True)), self.troubles
        )
        self.link = MqttLink(
            endpoint.address,
            f"kvartal-{endpoint.edge}-{endpoint.id}",
            str(endpoint.options.get("username", "")),
            str(endpoint.options.get("password", "")),
            tls=context_of(endpoint),
            subscriptions=needed(self.templates.filters),
            on_lost=lambda reason: self.fail(Retryable(f"{endpoint.address}: {reason}")),
            inbox=INBOX,
        )

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
            block = self.decode(batch)
            if len(block):
                await self.blocks.put(block)

    def fail(self, error: BaseException) -> None:
        """Let the stream end with this error, once it has given what is there."""
        self.failure = self.failure or error
        if self.blocks.empty():
            self.blocks.put_nowait(None)

    def reader_ended(self, reader: asyncio.Task[None]) -> None:
        if not reader.cancelled() and (error := reader.exception()):
            self.fail(error)

    def decode(self, batch: Sequence[Delivery]) -> Readings:
        """Make one block of many messages."""
        now = self.clock.time_ns()
        found = Columns()
        for topic, payload, is_retained in batch:
            self.templates.take(topic, payload, is_retained, now, found)
        rows, values = self.scaling.values(found)
        if self.wishes:
            self.wishes.compare(rows.tolist(), values.tolist())
        return self.scaling.block(found, rows, values, now)

    async def write(self, point: Point, value: float) -> float:
        """Publish to the set topic; the device's next state messages tell what became of it."""
        address = at(point)
        if not point.signal.writable or not address.set_topic:
            raise Permanent(f"{point.name} is read-only")
        topic, payload = filled(address.set_topic, point), payload_of(address, point, value)
        with self.wishes.wish(self.rows[point.number], value) as wish:
            self.link.publish(topic, payload)
            return await wish.granted(point.name)


def payload_of(address: MqttAddress, point: Point, value: float) -> bytes:
    """Give the message that sets a value. Permanent where it cannot be said in this form."""
    raw: float | str = (value - address.offset) / address.scale
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


def context_of(endpoint: Endpoint) -> ssl.SSLContext | None:
    """Give whom to trust, as the endpoint's options say; None where it is not for TLS."""
    files = [str(endpoint.options.get(f"{name}_file", "")) for name in ("ca", "certificate", "key")]
    if endpoint.address.startswith("mqtts:"):
        return tls_context(*files)
    if any(files):
        raise Permanent(f"{endpoint.id}: certificates need mqtts://, found {endpoint.address}")
    return None


def at(point: Point) -> MqttAddress:
    """Give a point's address. Permanent where its profile speaks another protocol."""
    if point.signal.mqtt is None:
        raise Permanent(f"{point.name}: profile {point.profile.profile} has no MQTT address")
    return point.signal.mqtt


@asynccontextmanager
async def open_mqtt(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[MqttConnection]:
    """Connect to mqtt://host:port or mqtts://host:port.

    options: username, password; with mqtts ca_file, certificate_file and key_file, PEM.
    """
    try:
        connection = MqttConnection(endpoint, points, clock)
    except ConfigError as error:
        raise Permanent(f"{endpoint.id}: {error}") from error
    async with connection.link:
        await connection.link.until_up(CONNECT_S)
        reader = asyncio.create_task(connection.read())
        reader.add_done_callback(connection.reader_ended)
        try:
            yield connection
        finally:
            reader.cancel()
            await asyncio.wait([reader])  # its error, if any, has gone through the stream
