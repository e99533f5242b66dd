"""What the API says of planned works, and what is asked of them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from core.planned_work import MOST_ASSETS, TITLE, WORDS
from gateway.api.models import Model, Text

State = Literal["draft", "published", "under_way", "overdue", "done", "withdrawn"]


class PlanForm(Model):
    """category: code of what people will notice. assets: what is cut off, with all they feed."""

    title: str = Field(min_length=1, max_length=TITLE)
    words: str = Field("", max_length=WORDS)
    category: str = Field(max_length=64)
    assets: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MOST_ASSETS)
    executor: str = Field(max_length=64)
    since: AwareDatetime
    until: AwareDatetime


class Prolong(Model):
    until: AwareDatetime
    reason: str = Field("", max_length=500)


class Withdraw(Model):
    reason: str = Field(min_length=1, max_length=500)


class PublicWorks(Model):
    """What everybody may know. first_until: the end that was announced first. has_photo: there is
    one of the work done, under `/public/works/{id}/photo`."""

    id: int
    state: State
    title: str
    words: str
    category: str
    category_name: Text
    places: list[Text] = Field(description="addresses of what is cut off")
    houses: list[Text] = Field(description="addresses of the houses that notice it; at most 200")
    executor_name: Text
    since: datetime
    until: datetime
    first_until: datetime
    begun_at: datetime | None
    done_at: datetime | None
    withdrawn_at: datetime | None
    reason: str = Field(description="why it was prolonged or withdrawn")
    result: str
    has_photo: bool


class CutOff(Model):
    id: str
    name: Text


class PlannedWorks(PublicWorks):
    """affected: how many assets do not work without it. case: of those who complain."""

    assets: list[CutOff]
    affected: int
    houses_affected: int
    executor: str
    by: str
    published_at: datetime | None
    case: int | None
