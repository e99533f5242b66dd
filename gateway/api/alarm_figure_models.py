"""What the API says of how good the alarms of a console are."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.case_models import Severity
from gateway.api.models import Model, Text

FigureName = Literal[
    "per_10_minutes",
    "per_hour",
    "per_day",
    "busy_share",
    "flood_share",
    "floods",
    "frequent_share",
    "chattering",
    "fleeting",
    "stale",
    "low_share",
    "medium_share",
    "high_share",
    "critical_share",
]


class FigureOut(Model):
    """least: the target is a floor, not a ceiling."""

    name: FigureName
    value: float
    unit: Literal["1", "%"]
    target: float | None
    limit: float | None
    least: bool
    verdict: Literal["good", "over_target", "over_limit", "none"]


class FrequentOut(Model):
    """A condition of a device that was told of often."""

    device: str
    condition: str
    asset: str
    name: Text
    severity: Severity
    count: int
    share: float = Field(description="percent of all that was told")


class DaysOut(Model):
    """Columns, a row for each day (UTC)."""

    day: list[datetime]
    alarms: list[int]
    flood_minutes: list[float]
    stale: list[int]


class AlarmFigures(Model):
    """Of the alarms that the console of a place was told of in a period."""

    place: str
    place_name: Text
    since: datetime
    until: datetime
    alarms: int
    figures: list[FigureOut]
    days: DaysOut
    frequent: list[FrequentOut]


class FloodCause(Model):
    """case: its first one, to look at; null where none is open."""

    problem: str
    name: Text
    alarms: int
    case: int | None


class FloodOut(Model):
    """Whether more comes than a person can read. alarms: of the last ten minutes."""

    flood: bool
    since: datetime | None
    alarms: int
    starts_above: int
    ends_below: int
    causes: list[FloodCause]
