"""Meters for billing: what was taken and what it costs, readings, balances, a closed period."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from core.actor import Actor
from core.clock import to_datetime, to_nanoseconds
from core.consumption import shown_at
from core.errors import DomainError
from core.metering import (
    BILLED_IN,
    days_between,
    midnight,
    month_of,
    period,
    periods_between,
    price_on,
)
from gateway.api.dependencies import CurrentActor, CurrentPerson, GatewayParts
from gateway.api.metering_models import (
    Consumption,
    HouseBalance,
    MeterOut,
    MeterReadings,
    PersonsReading,
    Price,
    ReadingForm,
    ShownReading,
    Verification,
)
from gateway.api.series import Moment
from gateway.metering.balance import house_balance
from gateway.metering.by_hand import moment, reading_row
from gateway.metering.consumption import consumption
from gateway.metering.counters import Counters, Counting
from gateway.metering.registers import (
    MeteredAsset,
    metered_asset,
    metered_assets,
    registers_of,
)
from gateway.metering.sent import sent_readings
from gateway.parts import Parts
from gateway.registry.snapshot import RegistrySnapshot
from gateway.sheets.closed_period import ClosedPeriod, headings, rows
from gateway.sheets.commissioning import Language
from gateway.sheets.table_file import as_csv

router = APIRouter(tags=["meters"])

DUE_DAYS = 60  # a verification is to be arranged that long before
MOST_DAYS = 3 * 366
MOST_STEPS = 800
READINGS_SHOWN = 100
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Month = Annotated[str, Query(pattern=r"^2[01]\d\d-(0[1-9]|1[0-2])$", description="like 2026-10")]
Due = Annotated[int, Query(ge=0, le=3660, description="days within which it is due")]


@router.get("/meters")
async def meters(
    *,
    actor: CurrentPerson,
    parts: GatewayParts,
    place: str = "",
    verification: Verification | None = None,
    due_days: Due = DUE_DAYS,
) -> list[MeterOut]:
    """Give the meters of a place and below it, or only those of one state of verification."""
    registry = parts.registry.snapshot
    shown = [
        _meter(parts, registry, each, due_days) for each in metered_assets(registry, actor, place)
    ]
    return [each for each in shown if verification in (None, each.verification)]


@router.get("/meters/closed-period.csv", responses={200: {"content": {"text/csv": {}}}})
async def closed_period(
    *,
    actor: CurrentActor,
    parts: GatewayParts,
    month: Month,
    place: str = "",
    language: Language = "en",
) -> Response:
    """Give what every meter took in the period that is closed in a month, for billing."""
    registry, now = parts.registry.snapshot, parts.clock.now()
    assets = metered_assets(registry, actor, place)
    closed = date.fromisoformat(f"{month}-01")
    ends = {each.asset.id: _period(registry, each, closed) for each in assets}
    start = min((midnight(each.start, each.zone) for each in ends.values()), default=now)
    end = max((midnight(each.end, each.zone) for each in ends.values()), default=now)
    if end > now:
        raise DomainError("invalid", f"The period of {month} is not over. Ask for an earlier one.")
    counted = await _counted(parts, actor, assets, start, end)
    table = [
        row
        for each in assets
        for row in rows(
            registry, each, counted[each.asset.id], ends[each.asset.id], language=language
        )
    ]
    return Response(
        as_csv(headings(language), table),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="meters-{month}.csv"'},
    )


@router.get("/meters/{asset}/consumption")
async def meter_consumption(
    *,
    asset: str,
    actor: CurrentPerson,
    parts: GatewayParts,
    start: Day = None,
    end: Day = None,
    step: Literal["day", "month"] = "day",
) -> Consumption:
    """Give what was taken from start up to the day before end; by default this period so far.

    step month: by the periods that are closed there, whichever days they begin on.
    """
    registry, now = parts.registry.snapshot, parts.clock.now()
    metered = metered_asset(registry, actor, asset)
    area = registry.billing_of(metered.asset.place)
    zone = ZoneInfo(area.time_zone)
    until = end or now.astimezone(zone).date() + timedelta(days=1)
    last = until - timedelta(days=1)
    since = start or period(month_of(last, area.close_day), area.close_day)[0]
    _must_be_a_time(since, until, step)
    bounds = (
        days_between(since, until)
        if step == "day"
        else periods_between(since, until, area.close_day)
    )
    counted = await _counted(parts, actor, [metered], midnight(since, zone), midnight(until, zone))
    return consumption(registry, metered, counted[metered.asset.id], bounds)


@router.get("/meters/{asset}/readings")
async def meter_readings(
    *, asset: str, actor: CurrentPerson, parts: GatewayParts, at: Moment = None
) -> MeterReadings:
    """Give what the meter showed at a moment, by default now, and what people read on it."""
    metered = metered_asset(parts.registry.snapshot, actor, asset)
    return await _readings(parts, actor, metered, at or parts.clock.now())


@router.post("/meters/{asset}/readings")
async def enter_reading(
    asset: str, form: ReadingForm, actor: CurrentPerson, parts: GatewayParts
) -> MeterReadings:
    """Keep what a person read. It stands beside what the meter itself says, never over it."""
    registry, now = parts.registry.snapshot, parts.clock.now()
    metered = metered_asset(registry, actor, asset)
    at = moment(form, now)
    counted = await _counted(parts, actor, [metered], at - timedelta(days=1), at)
    async with parts.database.transaction() as session:
        session.add(
            reading_row(registry, metered, counted[metered.asset.id], form, actor, at=at, now=now)
        )
    return await _readings(parts, actor, metered, at)


@router.get("/places/{place}/balance")
async def balance(
    *, place: str, actor: CurrentActor, parts: GatewayParts, start: Day = None, end: Day = None
) -> HouseBalance:
    """Give what came into a house against what its flats took; by default in this period so far."""
    registry, now = parts.registry.snapshot, parts.clock.now()
    assets = metered_assets(registry, actor, place)
    area = registry.billing_of(place)
    zone = ZoneInfo(area.time_zone)
    until = end or now.astimezone(zone).date() + timedelta(days=1)
    last = until - timedelta(days=1)
    since = start or period(month_of(last, area.close_day), area.close_day)[0]
    _must_be_a_time(since, until, "month")
    counted = await _counted(parts, actor, assets, midnight(since, zone), midnight(until, zone))
    return house_balance(registry, place, assets, counted, start=since, end=until, now=now)


async def _counted(
    parts: Parts, actor: Actor, assets: Sequence[MeteredAsset], start: datetime, end: datetime
) -> dict[str, Counters]:
    counting = Counting(
        parts.registry.snapshot, parts.directory, parts.history, actor, now=parts.clock.now()
    )
    async with parts.database.reading() as session:
        return await counting.of(session, assets, start, end)


async def _readings(
    parts: Parts, actor: Actor, metered: MeteredAsset, at: datetime
) -> MeterReadings:
    counted = await _counted(parts, actor, [metered], at - timedelta(days=1), at)
    device, moment_ns = metered.device_at(at), to_nanoseconds(at)
    shown: list[ShownReading] = []
    units: dict[tuple[str, str], str] = {}
    for zone, counters in counted[metered.asset.id].items():
        for each in counters:
            units[each.register.device, zone] = each.register.unit
            found = shown_at(each.samples, moment_ns, each.register.rolls_over_at)
            if each.register.device == device and found is not None:
                shown.append(
                    ShownReading(
                        zone=zone, device=device, value=found.value, unit=each.register.unit,
                        at=to_datetime(found.at), how=found.how,
                    )
                )  # fmt: skip
    async with parts.database.reading() as session:
        by_people = await sent_readings(session, actor, [metered.asset.id], READINGS_SHOWN)
    return MeterReadings(
        shown=shown,
        by_people=[
            PersonsReading(
                id=row.id, zone=row.zone, device=row.device, value=row.value, at=row.at, by=row.by,
                unit=units.get((row.device, row.zone), BILLED_IN[metered.meter.resource]),
                confirmed=row.confirmed, recorded_at=row.recorded_at, has_photo=bool(row.photo),
            )
            for row in by_people
        ],
    )  # fmt: skip


def _period(registry: RegistrySnapshot, metered: MeteredAsset, month: date) -> ClosedPeriod:
    area = registry.billing_of(metered.asset.place)
    return ClosedPeriod(*period(month, area.close_day), ZoneInfo(area.time_zone))


def _meter(
    parts: Parts, registry: RegistrySnapshot, metered: MeteredAsset, due_days: int
) -> MeterOut:
    meter, asset = metered.meter, metered.asset
    zones = [each.zone for each in registers_of(parts.directory, meter)]
    zone = ZoneInfo(registry.billing_of(asset.place).time_zone)
    today = parts.clock.now().astimezone(zone).date()
    in_force = [
        price_on(today, registry.tariffs_of(asset.place, meter.resource, each)) for each in zones
    ]
    return MeterOut(
        asset=asset.id,
        name=dict(asset.name),
        address=dict(registry.address_of(asset.place)),
        place=asset.place,
        resource=meter.resource,
        scope=meter.scope,
        unit=BILLED_IN[meter.resource],
        device=meter.device,
        serial=registry.devices[meter.device].serial,
        verified_until=meter.verified_until,
        verification=_verification(meter.verified_until, today, due_days),
        seal=meter.seal,
        sealed_on=meter.sealed_on,
        sealed_by=meter.sealed_by,
        zones=zones,
        prices=[
            Price(zone=row.zone, price=row.price, currency=row.currency, since=row.since)
            for row in in_force
            if row is not None
        ],
    )


def _verification(until: date | None, today: date, due_days: int) -> Verification:
    if until is None:
        return "unknown"
    if until < today:
        return "overdue"
    return "due" if until <= today + timedelta(days=due_days) else "valid"


def _must_be_a_time(start: date, end: date, step: str) -> None:
    if start >= end:
        raise DomainError("invalid", "start is not before end. Ask for a time that has a length.")
    days = (end - start).days
    if days > MOST_DAYS or (step == "day" and days > MOST_STEPS):
        raise DomainError(
            "too_much",
            f"{days} days are too many. Ask for {MOST_STEPS} days, or for months of three years.",
        )
