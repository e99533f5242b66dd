"""MQTT devices that publish JSON: values are found by topic and JSON pointer, as a profile says."""

import asyncio
import math
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from adapters.contract import Item, Point
from adapters.mqtt.link import MqttLink
from adapters.profile import MqttAddress
from adapters.trouble import Troubles
from core.clock import SECOND, Clock, to_nanoseconds
from core.errors import ConfigError, Permanent, Retryable
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality
from core.readings import Readings
from core.registry import Endpoint

CONNECT_S = 5.0
READ_BACK_S = 5.0  # for the next state message after a value was set
WAITING = 8  # blocks that may wait; then the link's own inbox fills, which is bounded too

MALFORMED = quality(BAD, Reason.MALFORMED)
NO_CLOCK = quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)
MISSING = object()
LARGEST = sys.float_info.max  # JSON knows no largest number
LATEST_S = 2**63 / SECOND  # the year 2262; milliseconds are far beyond it

Pointer = tuple[str, ...]


def pointer_of(text: str) -> Pointer:
    """Compile a JSON pointer (RFC 6901)."""
    if text and not text.startswith("/"):
        raise Permanent(f"JSON pointer {text!r} must start with /")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def found_at(document: Any, pointer: Pointer) -> Any:
    """Give what is there, or MISSING."""
    for key in pointer:
        if isinstance(document, dict):
            document = document.get(key, MISSING)
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return MISSING
    return document


def placed_at(pointer: Pointer, value: Any) -> Any:
    """Give the document in which the value is found at the pointer and nothing else is."""
    for key in reversed(pointer):
        value = {key: value}
    return value


def nanoseconds_of(stamp: Any) -> int | None:
    """Read a time stamp: ISO 8601 with a zone, or seconds since 1970 UTC. None: neither."""
    if isinstance(stamp, str):
        try:
            return to_nanoseconds(datetime.fromisoformat(stamp))
        except ValueError:
            return None
    if isinstance(stamp, bool) or not isinstance(stamp, (int, float)):
        return None
    if not 0 <= stamp < LATEST_S:
        return None
    return stamp * SECOND if isinstance(stamp, int) else round(stamp * 1_000_000) * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """What is taken from the messages of one topic: (row, place) of each signal."""

    time: Pointer
    signals: list[tuple[int, Pointer]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings while they are collected. Times are nanoseconds UTC, codes bytes of quality."""

    rows: list[int]
    times: list[int]
    values: list[float]
    codes: list[int]

    def add(self, row: int, time: int, value: float, code: int) -> None:
        self.rows.append(row)
        self.times.append(time)
        self.values.append(value)
        self.codes.append(code)


def take(document: Any, topic: Topic, now: int, found: Columns) -> list[int]:
    """Collect the values of a message. now: stands in for a time that cannot be read.

    Gives the rows whose value is there and is not a number.
    """
    time, good = now, GOOD
    if topic.time:
        stamp = nanoseconds_of(found_at(document, topic.time))
        time, good = (now, NO_CLOCK) if stamp is None else (stamp, GOOD)
    wrong = []
    for row, place in topic.signals:
        value = found_at(document, place)
        if isinstance(value, (int, float)) and abs(value) <= LARGEST:
            found.add(row, time, float(value), good)
        elif value is not MISSING:
            found.add(row, time, math.nan, MALFORMED)
            wrong.append(row)
    return wrong


@dataclass(slots=True, eq=False)
class Wish:
    """A value that was set and is not seen yet. seen: what the device reported instead."""

    value: float
    answer: asyncio.Future[float]
    seen: float | None = None


class MqttConnection:
    def __init__(self, endpoint: Endpoint, points: Sequence[Point], clock: Clock) -> None:
        self.endpoint = endpoint
        self.points = points
        self.clock = clock
        self.troubles = Troubles(endpoint.id)
        self.blocks: asyncio.Queue[Readings | None] = asyncio.Queue(WAITING)
        self.failure: BaseException | None = None
        self.numbers = np.array([point.number for point in points], np.uint32)
        addresses = [at(point) for point in points]
        self.scale = np.array([address.scale for address in addresses])
        self.offset = np.array([address.offset for address in addresses])
        self.rows = {point.number: row for row, point in enumerate(points)}
        self.wishes: dict[int, list[Wish]] = {}
        self.topics: dict[str, list[Topic]] = {}
        for row, (point, address) in enumerate(zip(points, addresses, strict=True)):
            place, time = pointer_of(address.field), pointer_of(address.time)
            topics = self.topics.setdefault(for_unit(address.topic, point), [])
            same_time = next((topic for topic in topics if topic.time == time), None)
            if same_time is None:
                topics.append(same_time := Topic(time, []))
            same_time.signals.append((row, place))
        self.link = MqttLink(
            endpoint.address,
            f"kvartal-{endpoint.edge}-{endpoint.id}",
            str(endpoint.options.get("username", "")),
            str(endpoint.options.get("password", "")),
            subscriptions=list(self.topics),
            on_lost=lambda reason: self.fail(Retryable(f"{endpoint.address}: {reason}")),
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
        async for batch in self.link.messages():
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

    def decode(self, batch: Sequence[tuple[str, bytes]]) -> Readings:
        """Make one block of many messages. A field that a message does not have gives nothing."""
        now = self.clock.time_ns()
        found = Columns([], [], [], [])
        for name, payload in batch:
            topics = self.topics.get(name, ())
            try:
                document = msgspec.json.decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self.troubles.begin(name, f"not JSON: {error}")
                for topic in topics:
                    for row, _ in topic.signals:
                        found.add(row, now, math.nan, MALFORMED)
                continue
            wrong = [row for topic in topics for row in take(document, topic, now, found)]
            if wrong:
                self.troubles.begin(name, f"{self.points[wrong[0]].name} is not a number")
            else:
                self.troubles.end(name)
        rows = np.array(found.rows, np.intp)
        values = np.array(found.values) * self.scale[rows] + self.offset[rows]
        if self.wishes:
            self.look_for_wishes(found.rows, values.tolist())
        times, codes = np.array(found.times, np.int64), np.array(found.codes, np.uint8)
        return Readings(self.numbers[rows], times, values, codes, now)

    # ---- writing ----------------------------------------------------------------------------

    async def write(self, point: Point, value: float) -> float:
        address = at(point)
        if not point.signal.writable or not address.set_topic:
            raise Permanent(f"{point.name} is read-only")
        raw = (value - address.offset) / address.scale
        if not math.isfinite(raw):
            raise Permanent(f"{point.name}: {value} is not a number")
        document = placed_at(pointer_of(address.set_field), int(raw) if raw.is_integer() else raw)
        wish = Wish(value, asyncio.get_running_loop().create_future())
        waiting = self.wishes.setdefault(self.rows[point.number], [])
        waiting.append(wish)
        try:
            self.link.publish(for_unit(address.set_topic, point), msgspec.json.encode(document))
            async with asyncio.timeout(READ_BACK_S):
                return await wish.answer
        except TimeoutError as error:
            # A state message may be older than the order: another value is no refusal.
            if wish.seen is not None:
                raise Retryable(
                    f"{point.name}: wrote {value:g}, after {READ_BACK_S:g} s the device "
                    f"still reports {wish.seen:g}"
                ) from error
            raise Retryable(f"{point.name}: no state within {READ_BACK_S:g} s") from error
        finally:
            waiting.remove(wish)
            if not waiting:
                del self.wishes[self.rows[point.number]]

    def look_for_wishes(self, rows: list[int], values: list[float]) -> None:
        for row, value in zip(rows, values, strict=True):
            for wish in self.wishes.get(row, ()):
                if not math.isclose(value, wish.value, rel_tol=1e-6):
                    wish.seen = value
                elif not wish.answer.done():
                    wish.answer.set_result(value)


def at(point: Point) -> MqttAddress:
    """Give a point's address. Permanent where its profile speaks another protocol."""
    if point.signal.mqtt is None:
        raise Permanent(f"{point.name}: profile {point.profile.profile} has no MQTT address")
    return point.signal.mqtt


def for_unit(template: str, point: Point) -> str:
    return template.replace("{unit}", point.device.unit)


@asynccontextmanager
async def open_mqtt(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[MqttConnection]:
    """Connect to mqtt://host:port or mqtts://…; options: username, password."""
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
