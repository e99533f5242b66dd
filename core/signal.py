"""Signal: one measured or set quantity of a device. Point: a signal of a device on an endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.text import Text


class SignalKind(StrEnum):
    GAUGE = "gauge"  # goes up and down
    COUNTER = "counter"  # only goes up, until it resets, rolls over or is replaced
    STATE = "state"  # a coded number whose names are in `states`


@dataclass(frozen=True, slots=True)
class Signal:
    """What is known of a signal from its profile.

    unit: UCUM code ("1" for a bare number). minimum, maximum: outside them a value is bad, out of
    range. rated: what the plate says: the full power of a lamp. deadband: in the unit; a smaller
    change is not reported. every_s: seconds after which a value is reported even if unchanged;
    silent_after_s: seconds without any value after which the signal is stale.
    """

    key: str
    name: Text
    unit: str = "1"
    kind: SignalKind = SignalKind.GAUGE
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    rated: float | None = None
    deadband: float = 0.0
    every_s: float = 300.0
    silent_after_s: float = 60.0
    states: Mapping[int, Text] = field(default_factory=dict)
