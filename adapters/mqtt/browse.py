"""What a broker lets us hear: each topic once, and what devices announce that they have."""

from collections.abc import AsyncIterator, Iterable

import msgspec

from adapters.contract import FoundPoint
from adapters.mqtt.discovery import announced
from adapters.mqtt.intake import Delivery

EVERYTHING = "#"
MOST = 10_000  # topics; further ones are not told apart any more
LONGEST = 64 * 1024  # bytes of a payload that are kept


async def heard(batches: AsyncIterator[Iterable[Delivery]]) -> AsyncIterator[FoundPoint]:
    """Give each topic when it is heard for the first time; of an announcement what it offers."""
    known: set[str] = set()
    async for batch in batches:
        for topic, payload, _ in batch:
            if topic not in known and len(known) < MOST:
                known.add(topic)
                points = announced(topic, payload)
                if points is None:
                    points = [FoundPoint(topic, topic, kind_of(payload), False, shown(payload))]
                for point in points:
                    yield point


def kind_of(payload: bytes) -> str:
    """Name what a payload is: json, text or binary."""
    try:
        msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "text" if is_text(payload) else "binary"
    return "json"


def is_text(payload: bytes) -> bool:
    try:
        return payload.decode().replace("\n", "").isprintable()
    except UnicodeDecodeError:
        return False


def shown(payload: bytes) -> str:
    """Give a payload as text; what is no UTF-8 as hexadecimal digits."""
    try:
        return payload[:LONGEST].decode()
    except UnicodeDecodeError:
        return payload[:LONGEST].hex(" ")
