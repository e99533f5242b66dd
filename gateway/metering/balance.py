"""What came into a house against what its flats and the house itself took."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from core.clock import to_nanoseconds
from core.consumption import Amounts, amounts
from core.metering import BILLED_IN, Resource, Scope, midnight
from gateway.api.metering_models import HouseBalance, MeterInBalance, ResourceBalance
from gateway.metering.consumption import known
from gateway.metering.counters import Counters, curve
from gateway.metering.registers import MeteredAsset
from gateway.registry.snapshot import RegistrySnapshot


def house_balance(
    registry: RegistrySnapshot,
    place: str,
    assets: Sequence[MeteredAsset],
    counted: Mapping[str, Counters],
    *,
    start: date,
    end: date,
    now: datetime,
) -> HouseBalance:
    """Give the balance of each resource that the house has meters of."""
    area = registry.billing_of(place)
    local = ZoneInfo(area.time_zone)
    until = min(midnight(end, local), now)
    since = min(midnight(start, local), until)
    bounds = np.array([to_nanoseconds(since), to_nanoseconds(until)], np.int64)
    return HouseBalance(
        place=place,
        address=dict(registry.address_of(place)),
        start=start,
        end=end,
        until=until,
        time_zone=area.time_zone,
        resources=[
            _balance(
                resource,
                [
                    _in_balance(each, [amounts(curve(each, zone), bounds)
                                       for zone in counted[each.asset.id].values()])
                    for each in assets
                    if each.meter.resource == resource
                ],
            )
            for resource in Resource
            if any(each.meter.resource == resource for each in assets)
        ],
    )  # fmt: skip


def _in_balance(metered: MeteredAsset, zones: Sequence[Amounts]) -> MeterInBalance:
    return MeterInBalance(
        asset=metered.asset.id,
        name=dict(metered.asset.name),
        scope=metered.meter.scope,
        amount=known(sum(float(each.amount[0]) for each in zones)),
        manual=sum(float(each.manual[0]) for each in zones),
        estimated=sum(float(each.estimated[0]) for each in zones),
        is_whole=all(bool(each.is_whole[0]) for each in zones),
    )


def _balance(resource: Resource, meters: Sequence[MeterInBalance]) -> ResourceBalance:
    def of(scope: Scope) -> float | None:
        found = [each for each in meters if each.scope == scope]
        if not found or not all(each.is_whole for each in found):
            return None
        return sum(each.amount or 0.0 for each in found)

    house, flats = of(Scope.HOUSE), of(Scope.FLAT)
    has_common = any(each.scope == Scope.COMMON for each in meters)
    common = of(Scope.COMMON) if has_common else 0.0
    loss = None
    if house is not None and flats is not None and common is not None:
        loss = house - flats - common
    return ResourceBalance(
        resource=resource,
        unit=BILLED_IN[resource],
        house=house,
        flats=flats,
        common=common,
        loss=loss,
        loss_percent=None if loss is None or not house else 100 * loss / house,
        missing=[each.asset for each in meters if not each.is_whole],
        manual=sum(each.manual for each in meters),
        estimated=sum(each.estimated for each in meters),
        meters=list(meters),
    )
