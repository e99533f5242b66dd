"""What the counters of meters showed, from the store of readings and from people.

The store is asked for what each hour was: where it begins stands the first value, where it ends the
last one, and between them the highest and the lowest where the counter went back. Of one value in
an hour it is not known when it came; meters that send one a day do it when the day begins.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor
from core.clock import to_nanoseconds
from core.consumption import HOUR, Curve, Samples, curve_of, with_manual
from core.metering import Zone, most_per_hour
from core.registry import Binding
from gateway.metering.registers import MeteredAsset, Register, registers_of
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.metering_tables import MeterReadingRow
from gateway.storage.tables import ReplacementRow
from gateway.storage.visibility import visible_to
from gateway.timeseries.port import Buckets

DAY = 24 * HOUR
FAR = 63 * DAY  # so far around a time the nearest reading is looked for
MOST_BUCKETS = 500_000  # asked for at once
NONE = Samples(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool))
# The lowest time that a binding without a beginning has, and the highest.
ALWAYS = (0, np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Counter:
    """A register of one meter of an asset. samples, contradicted: in its own unit."""

    register: Register
    samples: Samples
    contradicted: Samples


Counters = Mapping[Zone, Sequence[Counter]]
"""By zone, the oldest meter first."""


class Counting:
    """What an actor may know of meters' counters around the time from start up to end."""

    def __init__(
        self,
        registry: RegistrySnapshot,
        directory: Directory,
        history: History,
        actor: Actor,
        *,
        now: datetime,
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._history = history
        self._actor = actor
        self._now = now

    async def of(
        self, session: AsyncSession, assets: Sequence[MeteredAsset], start: datetime, end: datetime
    ) -> dict[str, Counters]:
        """Give the counters by asset."""
        first, last = to_nanoseconds(start), min(to_nanoseconds(end), to_nanoseconds(self._now))
        registers = {
            each.asset.id: [
                (binding, register)
                for binding in each.bindings
                for register in registers_of(self._directory, self._registry.meters[binding.device])
            ]
            for each in assets
        }
        numbers = {
            register.series
            for found in registers.values()
            for _, register in found
            if register.series is not None
        }
        by_series = await self._telemetry(sorted(numbers), first, last)
        by_hand = await self._by_hand(session, registers, start, end)
        ends = await self._replacements(session, registers)
        counted: dict[str, Counters] = {}
        for asset, found in registers.items():
            counters: defaultdict[Zone, list[Counter]] = defaultdict(list)
            for binding, register in found:
                telemetry = _within(by_series.get(register.series, NONE), binding)
                manual = _joined(
                    by_hand.get((asset, register.device, register.zone), []),
                    ends.get((asset, register.device), []) if register.zone == Zone.ALL else [],
                )
                counters[register.zone].append(
                    Counter(register, *with_manual(telemetry, manual, register.rolls_over_at))
                )
            counted[asset] = counters
        return counted

    async def _telemetry(
        self, series: Sequence[int], first: int, last: int
    ) -> Mapping[int | None, Samples]:
        if not series or first >= last:
            return {}
        now = to_nanoseconds(self._now)
        since, until = first // HOUR * HOUR - DAY, min(last + DAY, now)
        at_once = max(1, MOST_BUCKETS * HOUR // (until - since))
        found: dict[int | None, Samples] = {}
        for begin in range(0, len(series), at_once):
            numbers = np.array(series[begin : begin + at_once], np.uint32)
            hours = await self._history.aggregate(numbers, since, until, HOUR)
            parts = [(hours, HOUR)]
            before = np.setdiff1d(numbers, hours.series[hours.time <= first])
            after = np.setdiff1d(numbers, hours.series[hours.time >= last])
            if len(before):
                days = await self._history.aggregate(before, since - FAR, since, DAY)
                parts.insert(0, (days, DAY))
            if len(after) and until < now:
                days = await self._history.aggregate(after, until, min(until + FAR, now), DAY)
                parts.append((days, DAY))
            found |= _by_series(parts, now)
        return found

    async def _by_hand(
        self, session: AsyncSession, assets: Iterable[str], start: datetime, end: datetime
    ) -> Mapping[tuple[str, str, Zone], list[tuple[int, float]]]:
        far = timedelta(microseconds=(FAR + DAY) // 1000)
        rows = await session.scalars(
            select(MeterReadingRow)
            .where(
                visible_to(self._actor, MeterReadingRow),
                MeterReadingRow.asset.in_(list(assets)),
                MeterReadingRow.at.between(start - far, end + far),
            )
            .order_by(MeterReadingRow.at, MeterReadingRow.id)
        )
        found: defaultdict[tuple[str, str, Zone], list[tuple[int, float]]] = defaultdict(list)
        for row in rows:
            key = (row.asset, row.device, Zone(row.zone))
            found[key].append((to_nanoseconds(row.at), row.value))
        return found

    async def _replacements(
        self, session: AsyncSession, assets: Iterable[str]
    ) -> Mapping[tuple[str, str], list[tuple[int, float]]]:
        """Give what meters showed when one took the other's place, as somebody read it."""
        rows = await session.scalars(
            select(ReplacementRow).where(
                visible_to(self._actor, ReplacementRow), ReplacementRow.asset.in_(list(assets))
            )
        )
        found: defaultdict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
        for row in rows:
            at = to_nanoseconds(row.at)
            if row.last is not None:
                found[row.asset, row.former].append((at - 1, row.last))
            if row.first is not None:
                found[row.asset, row.device].append((at, row.first))
        return found


def curve(metered: MeteredAsset, counters: Sequence[Counter]) -> Curve:
    """Give what was taken by one zone of a meter, in the unit that is billed."""
    return curve_of(
        [_billed(each) for each in counters],
        [each.register.rolls_over_at and each.register.rolls_over_at * each.register.factor
         for each in counters],
        most_per_hour(metered.meter.resource, metered.meter.scope),
    )  # fmt: skip


def _billed(counter: Counter) -> Samples:
    samples = counter.samples
    return Samples(samples.time, samples.value * counter.register.factor, samples.manual)


def _within(samples: Samples, binding: Binding) -> Samples:
    """Give what the device showed while it served the asset."""
    since = to_nanoseconds(binding.since) if binding.since else ALWAYS[0]
    until = to_nanoseconds(binding.until) if binding.until else ALWAYS[1]
    served = (samples.time >= since) & (samples.time < until)
    return Samples(samples.time[served], samples.value[served], samples.manual[served])


def _joined(*parts: Sequence[tuple[int, float]]) -> Samples:
    rows = sorted(row for part in parts for row in part)
    if not rows:
        return NONE
    time, value = zip(*rows, strict=True)
    return Samples(np.array(time, np.int64), np.array(value, np.float64), np.ones(len(rows), bool))


def _by_series(parts: Sequence[tuple[Buckets, int]], now: int) -> dict[int | None, Samples]:
    """Give the samples of each series. parts: buckets and their width, by time."""
    columns = [_points(buckets, width, now) for buckets, width in parts if len(buckets)]
    if not columns:
        return {}
    series, time, value = (np.concatenate(each) for each in zip(*columns, strict=True))
    order = np.lexsort((time, series))  # stable: the points of a bucket keep their order
    series, time, value = series[order], time[order], value[order]
    starts = np.flatnonzero(np.diff(series, prepend=-1))
    return {
        int(series[start]): Samples(time[start:end], value[start:end], np.zeros(end - start, bool))
        for start, end in zip(starts, [*starts[1:], len(series)], strict=True)
    }


def _points(
    buckets: Buckets, width: int, now: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Give series, time and value of what is known of the counters within the buckets."""
    begin = buckets.time
    end = np.minimum(begin + width - 1, np.maximum(now, begin))
    middle = (begin + end) // 2
    alone = buckets.count == 1
    fell = (buckets.minimum < buckets.first) | (buckets.maximum > buckets.last)
    always = np.ones(len(begin), bool)
    rows = (
        (always, np.where(alone & (width > HOUR), middle, begin), buckets.first),
        (fell, middle, buckets.maximum),
        (fell, middle, buckets.minimum),
        (~alone, end, buckets.last),
    )
    return (
        np.concatenate([buckets.series[chosen].astype(np.int64) for chosen, _, _ in rows]),
        np.concatenate([time[chosen] for chosen, time, _ in rows]),
        np.concatenate([value[chosen] for chosen, _, value in rows]),
    )
