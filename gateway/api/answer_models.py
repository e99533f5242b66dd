"""What the API says of answers to those who complained."""

from datetime import datetime

from pydantic import Field

from core.answer import AnswerKind, AnswerState
from gateway.api.models import Model, Text


class AnswerOut(Model):
    """An answer, owed or sent."""

    id: int
    appeal: str = Field(description="number of the appeal")
    kind: AnswerKind
    state: AnswerState
    via: str = Field(description="page, email, telegram, vk or phone; empty: not chosen yet")
    text: str
    by: str
    at: datetime
    sent_at: datetime | None
    missing: list[Text] = Field(description="what the check finds missing in one that is owed")
    trouble: str = Field(description="why it was not delivered, as its carrier says")
    tries: int


class AnswerDraft(Model):
    text: str
    missing: list[Text]


class AnswerForm(Model):
    appeal: str = Field(max_length=20)
    kind: AnswerKind
    text: str = Field(max_length=20_000)
    despite: bool = Field(False, description="send it although something is missing in it")
