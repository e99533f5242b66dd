"""What goes in and out of the API of meters. Days are those of the place (`time_zone`)."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from core.consumption import Break, How
from core.metering import Resource, Scope, Zone
from gateway.api.models import LARGEST, Model, Text

Verification = Literal["valid", "due", "overdue", "unknown"]
Unit = Annotated[str, Field(description="UCUM")]
Amount = Annotated[float | None, Field(description="in the unit that is billed; null: not known")]
Cost = Annotated[float | None, Field(description="rounded to hundredths; null: not known")]


class ShownReading(Model):
    """What a register showed at a moment, in its own unit."""

    zone: Zone
    device: str
    value: float
    unit: Unit
    at: datetime = Field(description="of the reading on which it rests")
    how: How


class Price(Model):
    zone: Zone
    price: float
    currency: str
    since: date


class MeterOut(Model):
    asset: str
    name: Text
    address: Text
    place: str
    resource: Resource
    scope: Scope
    unit: Unit
    device: str
    serial: str
    verified_until: date | None
    verification: Verification
    seal: str
    sealed_on: date | None
    sealed_by: str
    zones: list[Zone]
    prices: list[Price] = Field(description="in force today")


class Broken(Model):
    """What a person may have to judge: see `kind`."""

    kind: Break
    zone: Zone
    at: datetime
    before: float = Field(description="in the unit that is billed")
    after: float


class ZoneAmount(Model):
    zone: Zone
    amount: Amount
    cost: Cost


class Taken(Model):
    """What was taken from `start` up to the day before `end`."""

    start: date
    end: date
    amount: Amount
    cost: Cost
    manual: float = Field(description="of the amount, what rests on readings by people")
    estimated: float = Field(description="of the amount, what was shared out over a gap")
    is_whole: bool = Field(description="whether readings reach over all of the time")
    zones: list[ZoneAmount]


class Consumption(Model):
    asset: str
    resource: Resource
    unit: Unit
    currency: str
    time_zone: str
    steps: list[Taken]
    total: Taken
    breaks: list[Broken]
    contradicted: int = Field(description="readings by people against which the meter speaks")


class PersonsReading(Model):
    id: int
    zone: Zone
    device: str
    value: float
    unit: Unit
    at: datetime
    by: str
    confirmed: bool
    recorded_at: datetime
    has_photo: bool


class SentReading(Model):
    """What a person read, as those see it who check it."""

    id: int
    asset: str
    name: Text
    zone: Zone
    value: float
    unit: str = Field(description="UCUM; empty where the meter was replaced since")
    at: datetime
    by: str
    role: str
    confirmed: bool = Field(description="though it is more than usual")
    has_photo: bool


class MeterReadings(Model):
    shown: list[ShownReading] = Field(description="at the moment asked for")
    by_people: list[PersonsReading] = Field(description="the newest first, a hundred at most")


class ReadingForm(Model):
    """What a person read, in the unit of the register; by default now."""

    value: float = Field(ge=0, le=LARGEST, allow_inf_nan=False)
    zone: Zone = Zone.ALL
    at: AwareDatetime | None = None
    confirmed: bool = Field(False, description="though it is more than usual")


class MeterInBalance(Model):
    asset: str
    name: Text
    scope: Scope
    amount: Amount
    manual: float
    estimated: float
    is_whole: bool


class ResourceBalance(Model):
    """What came into a house, and where it went. Loss is only told where all of it is known."""

    resource: Resource
    unit: Unit
    house: Amount
    flats: Amount
    common: Amount
    loss: Amount = Field(description="house - flats - common; below zero the meters disagree")
    loss_percent: float | None = Field(description="of what came into the house")
    missing: list[str] = Field(description="assets whose readings do not reach over the time")
    manual: float
    estimated: float
    meters: list[MeterInBalance]


class HouseBalance(Model):
    place: str
    address: Text
    start: date
    end: date
    until: datetime = Field(description="end, or now where the time is not over")
    time_zone: str
    resources: list[ResourceBalance]
