"""What the API says of appeals, to staff and to who filed them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.deadline_models import DeadlineOut
from gateway.api.models import Model, Text


class SuggestionOut(Model):
    """What an appeal may be about. confidence: its chance of being right, 0–1."""

    category: str
    name: Text
    confidence: float


class AppealOut(Model):
    """An appeal as staff see it: the applicant's contact is masked."""

    number: str
    case: int | None
    category: str
    category_name: Text
    description: str
    address: str
    latitude: float | None
    longitude: float | None
    filed_at: datetime
    channel: str
    contact: str = Field(description="masked")
    photos: list[int] = Field([])
    category_by: str = Field("", description="who said what it is about; empty: the applicant")
    suggestions: list[SuggestionOut] = Field([], description="the likeliest first, at most five")
    facts: dict[str, str] = Field({}, description="entrance, floor, flat, as the message states")
    urgent: list[str] = Field([], description="gas, fire, trapped, cold_child")
    parts: list[str] = Field([], description="the troubles that it seems to tell of, if several")
    fixed: bool | None = Field(description="what the applicant says of the work")
    deadlines: list[DeadlineOut] = Field([])


class CategoryOut(Model):
    code: str
    name: Text
    group: Text


class AppealReceipt(Model):
    number: str
    key: str = Field(description="secret with which the applicant follows the appeal")
    joined: bool = Field(description="the problem was known already")
    expected_at: datetime | None


class AppealStatus(Model):
    """What the applicant sees."""

    number: str
    state: Literal["open", "closed"]
    category_name: Text
    filed_at: datetime
    expected_at: datetime | None
    works: str = Field("", description="title of the planned works that are why")
    executor_name: Text = Field({})
    answer: Text = Field({})
    asked: bool = Field(description="whether an answer to the question counts now")
    fixed: bool | None = Field(description="what they answered to this closing")


class Feedback(Model):
    """The applicant's answer: is it fixed?"""

    key: str = Field(max_length=64)
    fixed: bool
    comment: str = Field("", max_length=1000)
