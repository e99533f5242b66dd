"""A condition of a device that was raised: facts from which its ISA-18.2 state follows.

Two say whether it is active and whether it was acknowledged, three why nobody is told of it. Each
raise is an incident of its own, so that an acknowledgement names exactly what was seen.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from core.errors import DomainError

NOT_LATCHED = {
    "ru": "Сбрасывают только тревогу с фиксацией, и лишь когда её источник снова в норме.",
    "en": "Only a latched alarm is reset, once its source is back to normal.",
}
NOT_SEEN = {
    "ru": "Сначала квитируйте тревогу, потом сбросьте её.",
    "en": "Acknowledge the alarm first, then reset it.",
}


class IncidentState(StrEnum):
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    NORMAL = "normal"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


class Suppressed(StrEnum):
    """Why nobody is told of a condition: an operator, logic or a plan, maintenance."""

    OUT_OF_SERVICE = "out_of_service"
    BY_DESIGN = "suppressed"
    SHELVED = "shelved"


def state_of(
    active: bool, acknowledged: bool, suppressed: Collection[Suppressed] = ()
) -> IncidentState:
    """Derive the state from the facts. Of several suppressions the one that lasts longest counts,
    in the order of Suppressed."""
    for why in Suppressed:
        if why in suppressed:
            return IncidentState(why)
    if active:
        return IncidentState.ACKNOWLEDGED if acknowledged else IncidentState.UNACKNOWLEDGED
    return IncidentState.NORMAL if acknowledged else IncidentState.RETURNED_UNACKNOWLEDGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """raised_at, returned_at, cleared_at are the source's times, the others the gateway's.

    latching: it stays active until a person resets it, although its source has returned_at normal.
    """

    raised_at: datetime
    seen_at: datetime
    latching: bool = False
    returned_at: datetime | None = None
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    suppressed: frozenset[Suppressed] = frozenset()

    @classmethod
    def raised(
        cls,
        at: datetime,
        seen_at: datetime,
        *,
        transient: bool = False,
        latching: bool = False,
        suppressed: frozenset[Suppressed] = frozenset(),
    ) -> Self:
        """Open an incident. transient: a finding without duration has returned at once."""
        incident = cls(raised_at=at, seen_at=seen_at, latching=latching, suppressed=suppressed)
        return incident.cleared(at) if transient else incident

    @property
    def active(self) -> bool:
        return self.cleared_at is None

    @property
    def acknowledged(self) -> bool:
        return self.acknowledged_at is not None

    @property
    def state(self) -> IncidentState:
        return state_of(self.active, self.acknowledged, self.suppressed)

    def cleared(self, at: datetime) -> Self:
        """Take that the source is back to normal, by which all but a latching one are over.

        A source whose clock went back does not clear before it raised.
        """
        if not self.active:
            raise DomainError("incident_returned", "the incident has returned to normal already")
        at = max(at, self.raised_at)
        return replace(self, returned_at=at, cleared_at=None if self.latching else at)

    def came_again(self) -> Self:
        """Take that its source is not normal any more: of one that is latched, or that chatters."""
        return replace(self, returned_at=None, cleared_at=None)

    @property
    def is_latched(self) -> bool:
        """Tell whether only a person's reset is missing."""
        return self.active and self.returned_at is not None

    def reset(self, at: datetime) -> Self:
        """End one that is latched. It must have been seen, and its source be normal."""
        if not self.is_latched:
            raise DomainError(
                "incident_not_latched",
                NOT_LATCHED["en"],
                details=(NOT_LATCHED,),
            )
        if not self.acknowledged:
            raise DomainError(
                "incident_not_acknowledged",
                NOT_SEEN["en"],
                details=(NOT_SEEN,),
            )
        return replace(self, cleared_at=at)

    def acknowledge(self, by: str, pressed_at: datetime) -> Self:
        """Record that a person has seen it. Covers only what existed before the press."""
        if self.acknowledged:
            raise DomainError(
                "incident_acknowledged", f"{self.acknowledged_by} has acknowledged it already"
            )
        if self.seen_at > pressed_at:
            raise DomainError("incident_newer", "the incident came after the press; look at it")
        return replace(self, acknowledged_at=pressed_at, acknowledged_by=by)
