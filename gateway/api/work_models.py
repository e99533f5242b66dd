"""What the API says of the work on a case, and what is asked of those who do it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.checklist import ItemKind
from core.evidence import Grade
from core.work_order import WorkState, WorkVerb
from gateway.api.models import Model, Text

ClientId = Annotated[
    str, Field(min_length=8, max_length=64, description="made by the phone; sent twice, it is one")
]
Share = Annotated[float, Field(ge=0, le=1)]


class PartIn(Model):
    name: str = Field(min_length=1, max_length=200)
    count: float = Field(gt=0, le=100_000)


class EntryOut(Model):
    """number: a reading. text: its instrument, or who signed. strokes: of a signature, x and y in
    turn."""

    number: float | None
    text: str
    parts: list[PartIn]
    strokes: list[list[float]]
    at: datetime
    told_at: datetime | None
    by: str


class ItemOut(Model):
    """A point of the checklist. grade: the lowest for a photo; found: the best there is."""

    key: str
    kind: ItemKind
    label: Text
    required: bool
    unit: str
    low: float | None
    high: float | None
    grade: Grade
    found: Grade | None
    answer: EntryOut | None


class StepOut(Model):
    verb: WorkVerb
    state: WorkState
    reason: str
    at: datetime
    told_at: datetime | None = Field(description="when it was pressed, by the phone's clock")
    by: str


class WorkOut(Model):
    state: WorkState
    verbs: list[WorkVerb] = Field(description="what those who do the work may do now")
    items: list[ItemOut]
    missing: list[Text] = Field(description="before it can be reported done")
    steps: list[StepOut]


class StepForm(Model):
    id: ClientId
    verb: WorkVerb
    reason: str = Field("", max_length=500)
    told_at: datetime | None = Field(None, description="when it was pressed, by the phone's clock")


class EntryForm(Model):
    """number: a reading. text: its instrument, or who signed."""

    id: ClientId
    item: str = Field(max_length=40)
    number: float | None = Field(None, allow_inf_nan=False)
    text: str = Field("", max_length=200)
    parts: list[PartIn] = Field([], max_length=100)
    strokes: list[Annotated[list[Share], Field(max_length=6000)]] = Field([], max_length=200)
    told_at: datetime | None = None


class GivenAnswer(Model):
    text: str = Field(min_length=1, max_length=4000)
