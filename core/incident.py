"""A condition of a device that was raised: two facts, from which the ISA-18.2 state follows.

Each raise is an incident of its own, so that an acknowledgement names exactly what was seen.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from core.errors import DomainError


class IncidentState(StrEnum):
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    NORMAL = "normal"


def state_of(active: bool, acknowledged: bool) -> IncidentState:
    """Derive the state from the two facts."""
    if active:
        return IncidentState.ACKNOWLEDGED if acknowledged else IncidentState.UNACKNOWLEDGED
    return IncidentState.NORMAL if acknowledged else IncidentState.RETURNED_UNACKNOWLEDGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """raised_at, cleared_at are the source's times, seen_at and acknowledged_at the gateway's."""

    raised_at: datetime
    seen_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None

    @classmethod
    def raised(cls, at: datetime, seen_at: datetime, *, transient: bool = False) -> Self:
        """Open an incident. transient: a finding without duration has returned at once."""
        return cls(raised_at=at, seen_at=seen_at, cleared_at=at if transient else None)

    @property
    def active(self) -> bool:
        return self.cleared_at is None

    @property
    def acknowledged(self) -> bool:
        return self.acknowledged_at is not None

    @property
    def state(self) -> IncidentState:
        return state_of(self.active, self.acknowledged)

    def cleared(self, at: datetime) -> Self:
        """Return to normal. A source whose clock went back does not clear before it raised."""
        if not self.active:
            raise DomainError("incident_returned", "the incident has returned to normal already")
        return replace(self, cleared_at=max(at, self.raised_at))

    def acknowledge(self, by: str, pressed_at: datetime) -> Self:
        """Record that a person has seen it. Covers only what existed before the press."""
        if self.acknowledged:
            raise DomainError(
                "incident_acknowledged", f"{self.acknowledged_by} has acknowledged it already"
            )
        if self.seen_at > pressed_at:
            raise DomainError("incident_newer", "the incident came after the press; look at it")
        return replace(self, acknowledged_at=pressed_at, acknowledged_by=by)
