"""What the API says of the routing table, and of what another one would have done."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from gateway.api.case_models import Severity
from gateway.api.models import Model, Text


class ExecutorOut(Model):
    id: str
    name: Text


class RouteOut(Model):
    """A row of the table. shadowed_by: the row above which takes everything from it."""

    number: int
    category: str
    place: str
    owner: str
    days: Literal["", "working", "off"]
    hours: str
    severity: str
    executor: str
    words: Text
    shadowed_by: int | None


class RoutingTableOut(Model):
    revision: int
    rows: list[RouteOut]


class Explain(Model):
    """What is to be routed. asset: gives the place and the owner where these are not given;
    severity: by default that of the category; at: by default now."""

    category: str = Field(max_length=64)
    place: str = Field("", max_length=64)
    asset: str = Field("", max_length=64)
    owner: str = Field("", max_length=64)
    severity: Severity | None = None
    at: AwareDatetime | None = None


class RouteVerdict(Model):
    """against: columns that do not fit; none: the row fits, and the first such takes it."""

    number: int
    words: Text
    against: list[str]


class Explanation(Model):
    executor: str
    executor_name: Text
    reason: Text
    row: int | None
    rows: list[RouteVerdict]


class RouteChange(Model):
    """A row that the sheet adds or takes away. number: in the table that has it."""

    change: Literal["added", "removed"]
    number: int
    words: Text


class Move(Model):
    """How many cases would go from one executor to another."""

    from_name: Text
    to_name: Text
    cases: int


class MovedCase(Model):
    case: int
    title: Text
    address: Text
    opened_at: datetime
    from_name: Text
    to_name: Text


class Trial(Model):
    """What a sheet would change, in the table and in the cases of a time that is over.

    revision: of the registry in force, to be named when the sheet is put in force. matched: how
    often each row of the sheet would have matched. ended_before, ended_after: cases that would
    have gone at once to the one who has them now.
    """

    revision: int
    rows: list[RouteOut]
    changes: list[RouteChange]
    since: datetime
    until: datetime
    cases: int
    moved: int
    moves: list[Move]
    moved_cases: list[MovedCase] = Field(description="the first of them")
    matched: list[int]
    ended_before: int
    ended_after: int


class RoutingRevision(Model):
    revision: int
