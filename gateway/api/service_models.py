"""What the API says of how well troubles are dealt with."""

from datetime import datetime

from pydantic import Field

from gateway.api.models import Model, Text


class ServiceLine(Model):
    """The figures of a municipality, an executor or a kind of trouble.

    on_time, reopened: shares of the closed, 0–1. hours: the median from opening to closing. joined:
    appeals of what was known already, which needed no case of their own. fixed, not_fixed: what
    applicants answered. breaches: deadlines passed, by the name of the clock.
    """

    key: str
    name: Text
    opened: int
    closed: int
    open_at_end: int
    overdue_at_end: int
    on_time: float | None
    hours: float | None
    reopened: float | None
    appeals: int
    joined: int
    fixed: int
    not_fixed: int
    breaches: dict[str, int]


class ServiceFiguresOut(Model):
    """clocks: names of the clocks in breaches, for people."""

    since: datetime
    until: datetime
    lines: list[ServiceLine]
    clocks: dict[str, Text]


class LeagueLine(Model):
    """What everybody may know of a municipality. place: its rank, from 1."""

    place: int
    name: Text
    closed: int
    on_time: float
    hours: float
    reopened: float
    fixed: int
    not_fixed: int


class League(Model):
    """fewest: closed troubles without which a municipality is not compared."""

    since: datetime
    until: datetime
    fewest: int = Field(ge=1)
    lines: list[LeagueLine]
