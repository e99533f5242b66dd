"""Asks a device for what it kept while the line to it was lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import structlog

from adapters.contract import Historical, Item, Point
from core.clock import to_datetime
from core.errors import EndpointError, Retryable

FILL_S = 300.0  # a long gap of many signals; the new values come meanwhile

log = structlog.get_logger()


async def fill(
    connection: Historical,
    points: list[Point],
    gap: tuple[int, int],
    put: Callable[[Item], Awaitable[None]],
) -> bool:
    """Pass on what was kept within a gap (nanoseconds UTC). Where nothing was, it stays marked.

    False where the line was lost meanwhile, so that it is worth asking again.
    """
    line = points[0].device.endpoint
    found = 0
    start, end = (to_datetime(each) for each in gap)
    try:
        async with (
            asyncio.timeout(FILL_S),
            aclosing(connection.history(points, start, end)) as kept,  # type: ignore[type-var]
        ):
            async for block in kept:
                found += len(block)
                await put(block)
    except (EndpointError, TimeoutError) as error:
        log.warning("gap not filled", endpoint=line, readings=found, error=str(error))
        return not isinstance(error, Retryable)
    log.info("gap filled" if found else "no history", endpoint=line, readings=found)
    return True
