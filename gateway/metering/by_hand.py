"""Readings that people take: checked against what is known of the meter, and kept beside it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from core.actor import Actor
from core.clock import to_nanoseconds
from core.consumption import HOUR, Samples, has_rolled
from core.errors import DomainError
from core.metering import UNUSUAL, most_per_hour
from gateway.api.metering_models import ReadingForm
from gateway.metering.counters import Counter, Counters
from gateway.metering.registers import MeteredAsset
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.metering_tables import MeterReadingRow

AHEAD = timedelta(minutes=2)  # of a person's clock


def moment(form: ReadingForm, now: datetime) -> datetime:
    """Give when it was read; DomainError for what is to come."""
    if form.at is None:
        return now
    if form.at > now + AHEAD:
        raise _refused(
            "reading_refused",
            "The reading is of a time that is to come. Say when it was taken.",
            "Показание из будущего. Укажите, когда оно снято.",
        )
    return min(form.at, now)


def reading_row(
    registry: RegistrySnapshot,
    metered: MeteredAsset,
    counters: Counters,
    form: ReadingForm,
    actor: Actor,
    *,
    at: datetime,
    now: datetime,
) -> MeterReadingRow:
    """Give the row to be kept. DomainError says why the reading cannot be, or is asked about."""
    device = metered.device_at(at)
    counter = _counter(counters.get(form.zone, ()), device)
    _check(metered, counter, form, to_nanoseconds(at))
    return MeterReadingRow(
        asset=metered.asset.id,
        device=device,
        zone=form.zone,
        at=at,
        value=form.value,
        confirmed=form.confirmed,
        by=actor.name,
        role=actor.role,
        recorded_at=now,
        place_path=registry.path_of(metered.asset.place),
    )


def _counter(found: Sequence[Counter], device: str) -> Counter:
    for each in found:
        if each.register.device == device:
            return each
    raise _refused(
        "reading_refused",
        "The meter has no such tariff register. Say which one you read.",
        "У счётчика нет такой тарифной зоны. Укажите, какую вы сняли.",
    )


def _check(metered: MeteredAsset, counter: Counter, form: ReadingForm, at: int) -> None:
    register, samples = counter.register, counter.samples
    limit = register.rolls_over_at
    if limit is not None and form.value >= limit:
        raise _refused(
            "reading_refused",
            f"The meter shows less than {limit:g} {register.unit}. Look at it again.",
            f"Счётчик показывает меньше {limit:g}. Проверьте показание.",
        )
    before, after = _around(samples, at)
    if before is None:
        return
    time, value = before
    grown = form.value - value
    if limit is not None and has_rolled(np.float64(grown), limit):
        grown += limit
    if grown <= -1:  # people leave out what stands behind the comma
        raise _refused(
            "reading_too_low",
            f"The meter showed {value:.10g} {register.unit} before; {form.value:.10g} is less. "
            "Look at it again. If the meter was replaced, say so to your managing company.",
            f"Раньше счётчик показывал {value:.10g}, а {form.value:.10g} меньше. Проверьте "
            "показание. Если счётчик заменили, сообщите управляющей организации.",
        )
    if after is not None and form.value > after >= value:
        raise _refused(
            "reading_too_high",
            f"Later the meter showed {after:.10g} {register.unit}. Look at the reading and its "
            "time again.",
            f"Позже счётчик показывал {after:.10g}. Проверьте показание и время.",
        )
    hours = max(0.0, (at - time) / HOUR) + 24
    usual = most_per_hour(metered.meter.resource, metered.meter.scope) * UNUSUAL * hours
    if grown * register.factor > usual and not form.confirmed:
        raise _refused(
            "reading_unusual",
            f"That would be {grown:.6g} {register.unit} since the last reading, which is very "
            "much. Look again, and confirm it if it is so.",
            f"Это {grown:.6g} с прошлого показания, очень много. Проверьте и подтвердите, "
            "если так и есть.",
        )


def _around(samples: Samples, at: int) -> tuple[tuple[int, float] | None, float | None]:
    """Give the last sample up to the moment, and the value of the next one."""
    earlier = samples.time <= at
    number = int(earlier.sum())
    before = None
    if number:
        before = int(samples.time[number - 1]), float(samples.value[number - 1])
    after = float(samples.value[number]) if number < len(samples) else math.nan
    return before, None if math.isnan(after) else after


def _refused(code: str, english: str, russian: str) -> DomainError:
    return DomainError(code, english, ({"field": "value", "en": english, "ru": russian},))
