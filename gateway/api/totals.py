"""What all devices of a place or a kind of asset measured together."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from core.clock import SECOND
from core.errors import DomainError
from gateway.api.dependencies import TheHistory
from gateway.api.many_series import TheSeries
from gateway.api.series import NANOSECONDS_PER_MS
from gateway.api.series_models import Totals
from gateway.timeseries.port import Buckets

router = APIRouter(prefix="/series", tags=["series"])

MOST_BUCKETS = 2_000_000  # of all series; about 100 MB while they are summed up
MOST_STEPS = 10_000  # of an answer
STEPS_S = (60, 300, 900, 3600, 6 * 3600, 86_400)  # what people ask for
Step = Annotated[
    int, Query(ge=1, le=366 * 86_400, description="seconds; steps follow each other from start on")
]


@router.get("/totals")
async def totals(
    *,
    signal: Annotated[str, Query(min_length=1, max_length=64)],
    wanted: TheSeries,
    history: TheHistory,
    step_s: Step = 3600,
) -> Totals:
    """Sum up a signal over the devices of a place and below it, step by step; by default a day.

    kind: only of devices that serve such assets. Steps in which nothing was measured are left out.
    """
    chosen = wanted.choose(signal=signal)
    units = sorted({each.unit for each in chosen})
    if len(units) > 1:
        raise DomainError(
            "invalid",
            f"{signal} is measured in {', '.join(units)} there. Choose one kind of asset.",
        )
    _must_be_few(len(chosen), (wanted.until - wanted.since).total_seconds(), step_s)
    found = await history.aggregate(*wanted.span(chosen), step_s * SECOND)
    return _summed(signal, units[0] if units else "1", found)


def _must_be_few(series: int, length_s: float, step_s: int) -> None:
    """Refuse what would take minutes and gigabytes; say what can be asked instead."""
    most = min(MOST_STEPS, MOST_BUCKETS // max(1, series))
    steps = -(-length_s // step_s)
    if steps <= most:
        return
    wanted_s = next((step for step in STEPS_S if length_s / step <= most), 0)
    advice = (
        f"Ask for steps of at least {wanted_s} s, or for less time."
        if wanted_s
        else "Ask for less time, or for a smaller place."
    )
    raise DomainError("too_much", f"{series} series in {steps:.0f} steps are too many. {advice}")


def _summed(signal: str, unit: str, found: Buckets) -> Totals:
    """Put the buckets of all series together, those of one time into one."""
    time, of = np.unique(found.time, return_inverse=True)
    count = np.bincount(of, found.count, len(time))
    minimum, maximum = np.full(len(time), np.inf), np.full(len(time), -np.inf)
    np.minimum.at(minimum, of, found.minimum)
    np.maximum.at(maximum, of, found.maximum)
    return Totals(
        signal=signal,
        unit=unit,
        time_ms=(time // NANOSECONDS_PER_MS).tolist(),
        devices=np.bincount(of, minlength=len(time)).tolist(),
        sum=np.bincount(of, found.mean, len(time)).tolist(),
        mean=(np.bincount(of, found.mean * found.count, len(time)) / count).tolist(),
        minimum=minimum.tolist(),
        maximum=maximum.tolist(),
    )
