"""What billing knows of meters: what they measure, prices, and when a period is closed.

Amounts for bills are in the unit of their resource (BILLED_IN), whatever a meter shows.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Resource(StrEnum):
    ELECTRICITY = "electricity"
    COLD_WATER = "cold_water"
    HOT_WATER = "hot_water"
    HEAT = "heat"
    GAS = "gas"


class Scope(StrEnum):
    FLAT = "flat"
    HOUSE = "house"  # at the inlet: it sees all that the house takes
    COMMON = "common"  # stairs, lifts, cellar: taken by the house itself, beside the flats


class Zone(StrEnum):
    """The register of a tariff: ALL of a meter with one, T1–T3 of one that tells times of day."""

    ALL = ""
    T1 = "T1"
    T2 = "T2"
    T3 = "T3"


ENERGY, VOLUME, HEAT = "kW.h", "m3", "Gcal_IT"  # UCUM
BILLED_IN = {
    Resource.ELECTRICITY: ENERGY,
    Resource.COLD_WATER: VOLUME,
    Resource.HOT_WATER: VOLUME,
    Resource.HEAT: HEAT,
    Resource.GAS: VOLUME,
}
KWH_PER_GCAL = 1163.0  # exactly: an international calorie is 4.1868 J
IN_KWH = {"W.h": 1e-3, "kW.h": 1.0, "MW.h": 1e3, "J": 1 / 3.6e6, "kJ": 1 / 3600, "MJ": 1 / 3.6,
          "GJ": 1e3 / 3.6, "cal_IT": KWH_PER_GCAL * 1e-9, "kcal_IT": KWH_PER_GCAL * 1e-6,
          "Mcal_IT": KWH_PER_GCAL * 1e-3, "Gcal_IT": KWH_PER_GCAL}  # fmt: skip
IN_M3 = {"m3": 1.0, "L": 1e-3, "l": 1e-3, "dm3": 1e-3}
# What no flat takes in an hour, in the unit that is billed: more is a mistake of the reading.
# Electricity: three phases of 63 A; water: the overload flow of a DN 20 meter; gas: a G6 meter.
MOST_PER_HOUR = {
    Resource.ELECTRICITY: 45.0,
    Resource.COLD_WATER: 5.0,
    Resource.HOT_WATER: 5.0,
    Resource.HEAT: 0.1,
    Resource.GAS: 10.0,
}
UNUSUAL = 0.05  # of that, hour after hour: a reading with more is asked about
LONGEST_SEAL = 100  # signs
CURRENCY = re.compile(r"[A-Z]{3}")
HOUSE_TO_FLAT = 300.0  # a house takes at most as much as so many flats


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What billing must know of a device, an entry each.

    verified_until: last day on which its verification holds. seal: number on it. rolls_over_at:
    the value at which it begins anew at 0, in the unit of its counter; None: what its profile says.
    """

    device: str
    resource: Resource
    scope: Scope = Scope.FLAT
    verified_until: date | None = None
    seal: str = ""
    sealed_on: date | None = None
    sealed_by: str = ""
    rolls_over_at: float | None = None

    @property
    def id(self) -> str:
        """Give what it is known by: its device."""
        return self.device


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A price from a day on, below a place, until another row of the same begins.

    price: of one BILLED_IN, in the currency (ISO 4217).
    """

    place: str
    resource: Resource
    since: date
    price: float
    zone: Zone = Zone.ALL
    currency: str = "RUB"

    @property
    def key(self) -> str:
        """Give what it is known by: what it is a price of, where, and from when on."""
        return " ".join(filter(None, (self.place, self.resource, self.zone, str(self.since))))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingArea:
    """How periods are closed below a place; the nearest area above a meter counts.

    time_zone: IANA name; its midnights bound days and periods. close_day: last day of a period,
    1–28; None: the last day of the month.
    """

    place: str
    time_zone: str
    close_day: int | None = None


def wrong_in_meters(meters: Sequence[Meter]) -> Iterator[tuple[str, str]]:
    """Find what cannot be, as (where, what)."""
    for index, each in enumerate(meters):
        if each.rolls_over_at is not None and not 0 < each.rolls_over_at < math.inf:
            yield f"[{index}].rolls_over_at", f"wanted more than 0, found {each.rolls_over_at:g}"
        for field in ("seal", "sealed_by"):
            if len(getattr(each, field)) > LONGEST_SEAL:
                yield f"[{index}].{field}", f"wanted up to {LONGEST_SEAL} signs"


def wrong_in_tariffs(tariffs: Sequence[Tariff]) -> Iterator[tuple[str, str]]:
    """Find what cannot be, as (where, what)."""
    for index, each in enumerate(tariffs):
        if not 0 <= each.price < math.inf:
            yield f"[{index}].price", f"wanted 0 or more, found {each.price:g}"
        if not CURRENCY.fullmatch(each.currency):
            yield f"[{index}].currency", f"wanted a code like RUB, found {each.currency!r}"
    keys = Counter((each.place, each.resource, each.zone, each.since) for each in tariffs)
    for (place, resource, zone, since), count in keys.items():
        if count > 1:
            yield (
                "",
                f"{resource} {zone or 'all day'} of {place} from {since} is there {count} times",
            )


def wrong_in_billing(areas: Sequence[BillingArea]) -> Iterator[tuple[str, str]]:
    """Find what cannot be, as (where, what)."""
    for index, each in enumerate(areas):
        try:
            ZoneInfo(each.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"[{index}].time_zone", f"wanted one like Europe/Moscow, found {each.time_zone!r}"
        if each.close_day is not None and not 1 <= each.close_day <= 28:
            yield f"[{index}].close_day", f"wanted 1 to 28, found {each.close_day}"
    for place, count in Counter(each.place for each in areas).items():
        if count > 1:
            yield "", f"{place!r} is there {count} times"


def billed_per(resource: Resource, unit: str) -> float | None:
    """Give how much of what is billed one unit is; None where it is no unit of this resource."""
    if BILLED_IN[resource] == VOLUME:
        return IN_M3.get(unit)
    of_energy = IN_KWH.get(unit)
    if of_energy is None or resource is not Resource.HEAT:
        return of_energy
    return of_energy / KWH_PER_GCAL


def most_per_hour(resource: Resource, scope: Scope) -> float:
    """Give what such a meter cannot exceed, in the unit that is billed."""
    return MOST_PER_HOUR[resource] * (1.0 if scope is Scope.FLAT else HOUSE_TO_FLAT)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Give the moment at which a day begins at this place, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def period(month: date, close_day: int | None) -> tuple[date, date]:
    """Give the first day of the period that is closed in a month, and the day after its last."""
    first = month.replace(day=1)
    if close_day is None:
        return first, _next_month(first)
    former = (first - timedelta(days=1)).replace(day=close_day)
    return former + timedelta(days=1), first.replace(day=close_day) + timedelta(days=1)


def month_of(day: date, close_day: int | None) -> date:
    """Give the first day of the month in which the period with this day is closed."""
    first = day.replace(day=1)
    return first if close_day is None or day.day <= close_day else _next_month(first)


def days_between(start: date, end: date) -> list[date]:
    """Give the days that bound each day from start up to end, both with them."""
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def periods_between(start: date, end: date, close_day: int | None) -> list[date]:
    """Give the days that bound the parts of periods from start up to end, both with them."""
    bounds = [start]
    while bounds[-1] < end:
        bounds.append(min(end, period(month_of(bounds[-1], close_day), close_day)[1]))
    return bounds


def price_on(day: date, tariffs: Sequence[Tariff]) -> Tariff | None:
    """Give the row that is in force on a day, of rows for the same thing."""
    begun = [each for each in tariffs if each.since <= day]
    return max(begun, key=lambda each: each.since, default=None)


def money(amount: float) -> Decimal:
    """Round to hundredths, halves up, as money is."""
    return Decimal(repr(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
