"""What the API says of the clocks of cases and appeals."""

from datetime import datetime

from gateway.api.models import Model, Text


class DeadlineOut(Model):
    """A named clock: due_at moves while it is paused.

    halted_at: the work was reported done. source: the law or programme that sets the limit.
    pauses: reasons for which it may stand now.
    """

    name: str
    label: Text
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    halted_at: datetime | None
    paused_at: datetime | None
    extended: bool
    pauses: list[str]
    source: str
    breached: bool


class BreachOut(Model):
    """A deadline that was passed, and who had the case then; it stays whatever comes after."""

    name: str
    label: Text
    due_at: datetime
    executor_name: Text
