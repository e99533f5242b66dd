"""What a broker lets us hear: each topic once, with the payload that came on it first."""

from collections.abc import AsyncIterator, Iterable

import msgspec

from adapters.contract import FoundPoint
from adapters.mqtt.intake import Delivery

EVERYTHING = "#"
MOST = 10_000  # topics; further ones are not told apart any more
LONGEST = 64 * 1024  # bytes of a payload that are kept


async def heard(batches: AsyncIterator[Iterable[Delivery]]) -> AsyncIterator[FoundPoint]:
    """Give each topic when it is heard for the first time."""
    known: set[str] = set()
    async for batch in batches:
        for topic, payload, _ in batch:
            if topic not in known and len(known) < MOST:
                known.add(topic)
                yield FoundPoint(topic, topic, kind_of(payload), False, shown(payload))


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
