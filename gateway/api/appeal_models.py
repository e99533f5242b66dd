"""What the API says of appeals, to staff and to who filed them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.deadline_models import DeadlineOut
from gateway.api.models import Model, Text


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
    executor_name: Text = Field({})
    answer: Text = Field({})
