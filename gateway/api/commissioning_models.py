"""What goes in and out of the API about a place that is put into operation, as JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.api.models import Model, Text
from gateway.api.registry_models import SignalOut

AT_ONCE = 2000  # devices signed off by one request
Devices = Annotated[list[str], Field(min_length=1, max_length=AT_ONCE)]
Remark = Annotated[str, Field(max_length=2000)]
Installed = Literal["profile", "serial", "line", "unit", "assets"]
Verdict = Literal["yes", "no", "unjudged", "unknown"]


class Implausible(SignalOut):
    """A signal whose latest reading is not to be believed.

    wrong: there is no reading; it is bad or uncertain; it is below the minimum or above the
    maximum; it is none of the states.
    """

    wrong: Literal["nothing", "bad", "uncertain", "below", "above", "state"]


class SignOffOut(Model):
    """That somebody signed a device off, or took that back."""

    withdrawn: bool
    at: datetime
    by: str
    remark: str
    without_reading: bool = Field(description="though it had never given a good reading")


class ServedAsset(Model):
    id: str
    name: Text


class CommissionedDevice(Model):
    """How far a device is on its way into operation."""

    device: str
    name: Text
    assets: list[ServedAsset]
    place: str
    address: Text
    profile: str
    serial: str
    edge: str
    line: str
    unit: str
    seen: bool = Field(description="whether an edge has told that it reads the device")
    online: bool | None
    reason: str = Field(description="why it does not answer, or why its edge does not read it")
    edge_online: bool
    first_good: SignalOut | None = Field(description="with the value and the time of then")
    plausible: Verdict = Field(
        description="unjudged: good, but the profile says no ranges; unknown: never seen"
    )
    implausible: list[Implausible]
    signed: SignOffOut | None = Field(description="the sign-off that is in force")
    changed: list[Installed] = Field(description="since the sign-off, which thereby is none now")
    history: list[SignOffOut] = Field(description="the newest first")


class Commissioning(Model):
    """What was expected at a place and how much of it is there, at a moment."""

    place: str
    address: Text
    at: datetime
    revision: int = Field(description="of the registry")
    devices: list[CommissionedDevice]


class SignOffForm(Model):
    devices: Devices
    revision: int = Field(description="of the registry that the person has seen")
    remark: Remark = ""
    without_reading: bool = Field(
        False, description="devices that never gave a good reading, too; the remark says why"
    )


class WithdrawalForm(Model):
    devices: Devices
    remark: Remark = Field(min_length=1)
