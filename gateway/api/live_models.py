"""Live updates: the WebSocket /api/v1/live?after=SEQ sends JSON objects told apart by `kind`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.case_models import CaseRow, IncidentOut
from gateway.api.command_models import CommandOut
from gateway.api.models import Model
from gateway.api.registry_models import DeviceOut, EdgeOut


class Hello(Model):
    """First message, and again when another revision of the registry is in force.

    resumed: everything after SEQ follows; else the client must load anew.
    """

    kind: Literal["hello"] = "hello"
    seq: int
    resumed: bool
    server_time: datetime


class Gone(Model):
    """The number of a case, with all that hangs on it, or of an incident that went to others.

    Whoever gets this could see it until now.
    """

    case: int | None = None
    incident: int | None = None


class Change(Model):
    """Something was committed. Exactly the one field named by `topic` is there."""

    kind: Literal["change"] = "change"
    seq: int
    at: datetime
    topic: Literal["case", "incident", "command", "edge", "device", "gone"]
    case: CaseRow | None = None
    incident: IncidentOut | None = None
    command: CommandOut | None = None
    edge: EdgeOut | None = None
    device: DeviceOut | None = None
    gone: Gone | None = None


class Values(Model):
    """Live readings of what was subscribed, columns of equal length; time_ms is of the source."""

    kind: Literal["values"] = "values"
    device: list[str]
    signal: list[str]
    time_ms: list[int]
    value: list[float | None]
    quality: list[int]


class Pulse(Model):
    """Every two seconds. data_age_s: since the last reading of any device reached the gateway."""

    kind: Literal["pulse"] = "pulse"
    seq: int
    server_time: datetime
    data_age_s: float | None


class Subscribe(Model):
    """Sent by the client; replaces what was subscribed before. Latest values follow at once.

    devices: all signals of these. families: one signal of all devices of a family, e.g.
    {"street_light": "on"}.
    """

    kind: Literal["subscribe"] = "subscribe"
    devices: list[str] = Field([], max_length=200)
    families: dict[str, str] = Field({})
