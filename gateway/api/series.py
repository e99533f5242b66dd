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
from gateway.api.models import Series
from gateway.registry.devices import visible_device

router = APIRouter(prefix="/devices", tags=["registry"])

USUALLY = timedelta(minutes=15)
NANOSECONDS_PER_MS = 1_000_000
# What fits into 64 bits of nanoseconds, with room on both sides.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime | None, Query(ge=FIRST, le=LAST)]
Points = Annotated[int, Query(ge=10, le=5000, description="at most about so many readings")]


@router.get("/{identifier}/signals/{key}/series")
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
    number = directory.series_of(device.id).get(key)
    if number is None:
        raise NotVisible("signal", f"{identifier}.{key}")
    since, until = span_of(start, end, clock.now(), USUALLY)
    block, downsampled = await history.range(
        number, to_nanoseconds(since), to_nanoseconds(until), points
    )
    units = {signal.key: signal.unit for signal in directory.signals_of(device.id)}
    return Series(
        device=device.id,
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
