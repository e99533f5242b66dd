"""What a signal was: its readings over a time, thinned out to what a chart can show."""

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from core.clock import to_nanoseconds
from core.errors import DomainError, NotVisible
from gateway.api.dependencies import (
    CurrentActor,
    TheClock,
    TheDirectory,
    TheHistory,
    TheRegistry,
)
from gateway.api.series_models import Series
from gateway.registry.devices import health_device, visible_device, visible_edge
from gateway.registry.directory import Directory, History

router = APIRouter(tags=["registry"])

USUALLY = timedelta(minutes=15)
NANOSECONDS_PER_MS = 1_000_000
# What fits into 64 bits of nanoseconds, with room on both sides.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime | None, Query(ge=FIRST, le=LAST)]
Points = Annotated[int, Query(ge=10, le=5000, description="at most about so many readings")]


@router.get("/devices/{identifier}/signals/{key}/series")
async def series(
    *,
    identifier: str,
    key: str,
    actor: CurrentActor,
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    history: TheHistory,
    start: Moment = None,
    end: Moment = None,
    points: Points = 600,
) -> Series:
    """Give the readings from start up to end; without them, of the last 15 minutes."""
    device = visible_device(registry, actor, identifier)
    span = span_of(start, end, clock.now(), USUALLY)
    return await _thinned(directory, history, (device.id, key), span, points)


@router.get("/edges/{identifier}/health/{key}/series")
async def health_series(
    *,
    identifier: str,
    key: str,
    actor: CurrentActor,
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    history: TheHistory,
    start: Moment = None,
    end: Moment = None,
    points: Points = 600,
) -> Series:
    """Give what an edge told of itself from start up to end; without them, the last 15 minutes."""
    device = health_device(visible_edge(registry, actor, identifier).id)
    span = span_of(start, end, clock.now(), USUALLY)
    return await _thinned(directory, history, (device, key), span, points)


async def _thinned(
    directory: Directory,
    history: History,
    signal: tuple[str, str],
    span: tuple[datetime, datetime],
    points: int,
) -> Series:
    device, key = signal
    number = directory.series_of(device).get(key)
    if number is None:
        raise NotVisible("signal", f"{device}.{key}")
    start, end = map(to_nanoseconds, span)
    block, downsampled = await history.range(number, start, end, points)
    born = (*directory.signals_of(device), *directory.diagnostics_of(device))
    units = {signal.key: signal.unit for signal in born}
    return Series(
        device=device,
        signal=key,
        unit=units.get(key, "1"),
        time_ms=(block.time // NANOSECONDS_PER_MS).tolist(),
        value=[None if math.isnan(value) else value for value in block.value.tolist()],
        quality=block.quality.tolist(),
        downsampled=downsampled,
    )


def span_of(
    start: datetime | None, end: datetime | None, now: datetime, usually: timedelta
) -> tuple[datetime, datetime]:
    """Give from when to when; without an end up to now, without a start the usual time."""
    until = end or now
    since = start or until - usually
    if since >= until:
        raise DomainError("invalid", "start is not before end. Ask for a time that has a length.")
    return since, until
