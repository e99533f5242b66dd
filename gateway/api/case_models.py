"""What the API says of cases and their incidents, and what is asked of them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.appeal_models import AppealOut
from gateway.api.deadline_models import BreachOut, DeadlineOut
from gateway.api.models import Model, Number, Text

Severity = Literal["low", "medium", "high", "critical"]
Priority = Severity
IncidentState = Literal[
    "unacknowledged",
    "acknowledged",
    "returned_unacknowledged",
    "normal",
    "shelved",
    "suppressed",
    "out_of_service",
]
CaseState = Literal["new", "routed", "accepted", "resolved", "verified", "closed"]


class AdviceOut(Model):
    """What of the alarm's rule would have told of it once, or never; null: no need to change."""

    on_delay_s: float | None
    off_delay_s: float | None
    deadband: float | None = Field(description="in the unit of the value")


class IncidentOut(Model):
    id: int
    case: int | None
    device: str
    asset: str
    condition: str
    name: Text
    text: Text = Field({})
    severity: Severity
    state: IncidentState
    active: bool
    acknowledged: bool
    latched: bool = Field(description="its source is normal again, and a person must reset it")
    shelved_at_most_h: float = Field(description="hours for which it may be shelved")
    shelving_needs_two: bool = Field(False, description="another person must confirm it")
    first_out: bool
    raises: int = Field(1, description="how often it came; more than once: it chatters")
    fleeting: bool = Field(False, description="it was active for seconds only")
    advice: AdviceOut | None = Field(None, description="of a chattering or fleeting one")
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    value: float | None
    unit: str = ""
    cause: Text
    consequence: Text
    action: Text
    still: int | None = Field(None, description="id of the evidence that holds the picture")


class EvidenceOut(Model):
    id: int
    kind: Literal["photo", "still", "telemetry", "measurement", "answer", "act"]
    grade: Literal["A", "B", "C", "D"]
    reasons: list[Text] = Field([], description="for the grade, where it is not plain")
    item: str = Field("", description="of the checklist")
    used_in: int | None = Field(description="case of which the same picture is evidence already")
    at: datetime
    by: str
    text: Text = Field({})
    media_type: str = ""


class TimelineEntry(Model):
    at: datetime
    kind: str
    by: str
    text: Text


class CaseRow(Model):
    """A line of the worklist."""

    id: int
    version: int
    state: CaseState
    priority: Priority
    category: str
    title: Text
    asset: str | None
    place: str
    address: Text
    latitude: float | None
    longitude: float | None
    executor: str | None
    executor_name: Text = Field({})
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    incidents: int
    active_incidents: int
    unacknowledged: int
    appeals: int
    hands: int = Field(description="how often it went to another executor")
    due_at: datetime | None
    due_name: str
    overdue: bool
    urgent: list[str] = Field([], description="what its appeals tell that cannot wait")
    repeats: int = Field(0, description="how often its incidents came again without being new")
    nuisance: Literal["", "chattering", "fleeting"] = ""
    first_out: Text = Field({}, description="name of the alarm that came first of its cascade")
    waits_since: datetime | None = Field(
        None, description="since when an alarm of it waits for an acknowledgement"
    )
    escalates_at: datetime | None = Field(None, description="when the next level is told of that")
    escalated_to: Literal["", "duty", "senior", "municipality", "region"] = ""


class MergeOut(Model):
    """A case that this one took over, and could give back."""

    id: int
    case: int
    title: Text
    at: datetime
    by: str


class ContestOut(Model):
    """granted: null until a dispatcher has decided. proposed: who should have it, if they know."""

    at: datetime
    by: str
    reason: str
    executor_name: Text
    proposed: str
    proposed_name: Text
    granted: bool | None


class CaseDetail(CaseRow):
    reason: Text = Field(description="why it was routed there")
    allowed: list[str] = Field(description="verbs that this actor may use now")
    missing_proof: list[Text] = Field(description="what must be there before it can be closed")
    deadlines: list[DeadlineOut]
    breaches: list[BreachOut]
    pause_reasons: dict[str, Text] = Field(
        description="for which this actor may let a clock stand; none: they may not"
    )
    contest: ContestOut | None
    may_contest: bool
    incident_list: list[IncidentOut]
    appeal_list: list[AppealOut]
    evidence: list[EvidenceOut]
    timeline: list[TimelineEntry]
    merges: list[MergeOut]
    sortable: bool = Field(description="this actor may classify, merge and split it now")


class CaseVerb(Model):
    """version: as last seen; a case that has changed since is refused with 409."""

    version: Number
    note: str = Field("", max_length=2000)


class ContestForm(CaseVerb):
    """note: why the case is not for who has it. proposed: executor who should have it, if known."""

    note: str = Field(min_length=1, max_length=2000)
    proposed: str = Field("", max_length=64)


class HandOver(CaseVerb):
    """executor: who gets the case; of a contest, empty where it stays."""

    executor: str = Field("", max_length=64)


class ClockVerb(CaseVerb):
    """What to do with one of the case's clocks. reason: one for which its rule lets it stand."""

    deadline: str = Field(max_length=40)
    reason: str = Field("", max_length=40)


class ClassifyForm(CaseVerb):
    category: str = Field(max_length=64)


class MergeForm(CaseVerb):
    into: Number = Field(description="the case that takes this one over")


class SeparateForm(CaseVerb):
    merge: Number = Field(description="number of the merge that is undone")


class SplitForm(CaseVerb):
    appeals: list[str] = Field(
        min_length=1, max_length=1000, description="numbers of those that go to a new case"
    )


class TroubleIn(Model):
    text: str = Field(min_length=1, max_length=4000)
    category: str = Field(max_length=64)


class TakeApartForm(CaseVerb):
    appeal: str = Field(max_length=20)
    troubles: list[TroubleIn] = Field(min_length=1, max_length=8)


class CaseNote(Model):
    note: str = Field(min_length=1, max_length=2000)


class Acknowledge(Model):
    incidents: list[Number] = Field(
        min_length=1, max_length=1000, description="those that were on the screen at the press"
    )
    comment: str = Field(
        "", max_length=500, description="for the timeline, and for the device where it keeps one"
    )


class Acknowledged(Model):
    acknowledged: list[int]
