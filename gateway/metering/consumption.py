"""What a meter's asset took, step by step, with what it costs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.clock import to_datetime, to_nanoseconds
from core.consumption import Amounts, Curve, amounts
from core.metering import BILLED_IN, Tariff, Zone, midnight, money, price_on
from gateway.api.metering_models import Broken, Consumption, Taken, ZoneAmount
from gateway.metering.counters import Counters, curve
from gateway.metering.registers import MeteredAsset
from gateway.registry.snapshot import RegistrySnapshot


@dataclass(frozen=True, slots=True, eq=False)
class ZoneTaken:
    """What one zone took in each step. cost: float64[m], NaN where it is not known."""

    zone: Zone
    amounts: Amounts
    cost: NDArray[np.float64]


def consumption(
    registry: RegistrySnapshot, metered: MeteredAsset, counters: Counters, bounds: Sequence[date]
) -> Consumption:
    """Give what was taken between each two of the bounds, and in all."""
    place, resource = metered.asset.place, metered.meter.resource
    area = registry.billing_of(place)
    local = ZoneInfo(area.time_zone)
    ends = [bounds[0], bounds[-1]]
    currency = ""
    steps: list[ZoneTaken] = []
    totals: list[ZoneTaken] = []
    breaks: list[Broken] = []
    for zone, found in counters.items():
        line = curve(metered, found)
        tariffs = registry.tariffs_of(place, resource, zone)
        currency = currency or next((each.currency for each in tariffs), "")
        steps.append(_taken(zone, line, tariffs, bounds, local))
        totals.append(_taken(zone, line, tariffs, ends, local))
        breaks += _breaks(zone, line, ends, local)
    return Consumption(
        asset=metered.asset.id,
        resource=resource,
        unit=BILLED_IN[resource],
        currency=currency,
        time_zone=area.time_zone,
        steps=[_step(steps, number, *two) for number, two in enumerate(pairwise(bounds))],
        total=_step(totals, 0, *ends),
        breaks=sorted(breaks, key=lambda each: each.at),
        contradicted=sum(len(each.contradicted) for found in counters.values() for each in found),
    )


def nanoseconds(bounds: Iterable[date], local: ZoneInfo) -> NDArray[np.int64]:
    """Give the moments at which days begin."""
    return np.array([to_nanoseconds(midnight(day, local)) for day in bounds], np.int64)


def known(value: float) -> float | None:
    """Give a number as JSON has it."""
    return None if math.isnan(value) else value


def _taken(
    zone: Zone, line: Curve, tariffs: Sequence[Tariff], bounds: Sequence[date], local: ZoneInfo
) -> ZoneTaken:
    """Give amounts and costs; a step within which the price changes is paid by its parts."""
    changes = {each.since for each in tariffs if bounds[0] < each.since < bounds[-1]}
    days = sorted({*bounds, *changes})
    rows = [price_on(day, tariffs) for day in days[:-1]]
    prices = np.array([row.price if row else math.nan for row in rows])
    parts = np.nan_to_num(amounts(line, nanoseconds(days, local)).amount)
    paid = np.where(parts > 0, parts * prices, 0.0)
    found = amounts(line, nanoseconds(bounds, local))
    cost = np.add.reduceat(paid, [days.index(day) for day in bounds[:-1]])
    unpriced = np.isnan(found.amount) | (not tariffs)
    return ZoneTaken(zone, found, np.where(unpriced, math.nan, cost))


def _breaks(zone: Zone, line: Curve, ends: Sequence[date], local: ZoneInfo) -> list[Broken]:
    first, last = nanoseconds(ends, local).tolist()
    return [
        Broken(kind=each.kind, zone=zone, at=to_datetime(each.at), before=each.before,
               after=each.after)
        for each in line.breaks
        if first <= each.at < last
    ]  # fmt: skip


def _step(zones: Sequence[ZoneTaken], number: int, start: date, end: date) -> Taken:
    amount = sum(float(each.amounts.amount[number]) for each in zones)
    cost = sum(float(each.cost[number]) for each in zones)
    return Taken(
        start=start,
        end=end,
        amount=known(amount),
        cost=_paid(cost),
        manual=sum(float(each.amounts.manual[number]) for each in zones),
        estimated=sum(float(each.amounts.estimated[number]) for each in zones),
        is_whole=all(bool(each.amounts.is_whole[number]) for each in zones),
        zones=[
            ZoneAmount(
                zone=each.zone,
                amount=known(float(each.amounts.amount[number])),
                cost=_paid(float(each.cost[number])),
            )
            for each in zones
        ],
    )


def _paid(cost: float) -> float | None:
    return None if math.isnan(cost) else float(money(cost))
