"""Whether a broker shares out what several processes subscribe to together.

Some grant a shared subscription and deliver nothing by it. A message that comes by a plain
subscription, and not by a shared one, proves it.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from adapters.mqtt.link import MqttLink
from core.errors import Retryable

PROBE = "kvartal/probe"  # and a number: topics of the proof
WITHIN_S = 5.0

OpenLink = Callable[[list[str]], AbstractAsyncContextManager[MqttLink]]


def shared(topics: str) -> str:
    """Give the topic filter by which the processes of a gateway share what the given one hears."""
    return f"$share/kvartal/{topics}"


async def shares(open_link: OpenLink, within_s: float = WITHIN_S) -> bool:
    """Tell whether the broker delivers by shared subscriptions.

    open_link: opens one with these topic filters. Retryable where it delivers nothing at all.
    """
    proof = f"{PROBE}/{secrets.token_hex(8)}"
    among_us, plain = f"{proof}/shared", f"{proof}/plain"
    filters = [f"$share/{proof.replace('/', '-')}/{among_us}", plain]
    async with open_link(filters) as link:
        await link.until_up(within_s)
        for topic in (among_us, plain):
            link.publish(topic, b"")
        heard = set[str]()
        try:
            async with asyncio.timeout(within_s):
                async for batch in link.messages():
                    heard |= {topic for topic, _ in batch}
                    if among_us in heard:
                        return True
        except TimeoutError:
            pass
    if plain not in heard:
        raise Retryable(f"it delivered nothing that was sent to {proof} within {within_s:g} s")
    return False
