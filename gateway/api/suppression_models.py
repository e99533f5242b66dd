"""What the API says of conditions of which nobody is told, and what is asked of them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.models import Model, Text


class SuppressionOut(Model):
    """Conditions of which nobody is told.

    condition: the only one of the device; empty for all. below: of all that the asset feeds too.
    """

    id: int
    why: Literal["shelved", "suppressed", "out_of_service"]
    device: str
    condition: str
    asset: str
    below: bool
    name: Text
    since: datetime
    until: datetime | None
    reason: str
    order: str
    by: str
    confirm_until: datetime | None = Field(
        description="until when another person must confirm it, or it does not begin"
    )
    confirmed_by: str
    ended_at: datetime | None
    ended_by: str


class Shelve(Model):
    until: datetime
    reason: str = Field(min_length=1, max_length=500)


class Suppress(Model):
    """What is to be quiet, of which one is named: a device, or an asset."""

    why: Literal["suppressed", "out_of_service"]
    device: str = Field("", max_length=64)
    asset: str = Field("", max_length=64)
    below: bool = Field(False, description="all that the asset feeds too")
    since: datetime | None = Field(None, description="none: from now on")
    until: datetime | None = Field(None, description="none: until a person ends it")
    reason: str = Field(min_length=1, max_length=500)
    order: str = Field("", max_length=100, description="number of the order for the work")
