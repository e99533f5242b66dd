"""What the API says of webhooks, out and in."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.api.models import Model

Topic = Literal["case", "incident"]


class WebhookOut(Model):
    """A system that is told of changes."""

    id: int
    name: str
    url: str
    topics: list[str]
    place: str
    made_at: datetime
    by: str
    waiting: int = Field(description="messages on their way")
    sent: int = Field(description="taken in the last days")
    parked: int = Field(description="given up")


class WebhookForm(Model):
    name: str = Field(min_length=1, max_length=100)
    url: str = Field(pattern=r"^https?://", max_length=500)
    topics: list[Topic] = Field(min_length=1, max_length=2)
    place: str = Field(max_length=64, description="changes at and below it")


class SourceOut(Model):
    """A system that files appeals by signed messages."""

    id: int
    name: str
    url: str = Field(description="where it posts them")
    place: str
    per_minute: int
    made_at: datetime
    by: str


class SourceForm(Model):
    name: str = Field(min_length=1, max_length=100)
    place: str = Field(max_length=64, description="of what it may file appeals for")
    per_minute: int = Field(60, ge=1, le=10_000)


class Made(Model):
    """What was made, with its secret, which is told this one time."""

    id: int
    url: str
    secret: str


Words = Annotated[str, Field(max_length=20_000)]


class SignedAppeal(Model):
    """An appeal from an outside system."""

    description: Words
    category: str = Field("", max_length=64)
    place: str = Field("", max_length=64)
    latitude: float | None = None
    longitude: float | None = None
    address: Words = ""
    name: Words = ""
    email: Words = ""
    phone: Words = ""


class SignedReceipt(Model):
    number: str
    joined: bool
    expected_at: datetime | None
