"""Orders to devices, as the API takes and tells them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.models import Model, Number, Text

CommandState = Literal[
    "prepared", "requested", "sent", "confirmed", "refused", "expired", "unknown"
]


class CommandIn(Model):
    device: str
    signal: str
    value: float
    case: Number | None = None


class CommandOut(Model):
    """A command is prepared first; it is sent only when the same person confirms it."""

    id: str
    device: str
    signal: str
    value: float
    value_now: float | None
    unit: str
    case: int | None
    state: CommandState
    warnings: list[Text] = Field(description="what to know before confirming")
    by: str
    prepared_at: datetime
    expires_at: datetime
    result_at: datetime | None = None
    result_value: float | None = None
    result_text: str = ""
