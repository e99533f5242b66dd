"""A routing that the executor contests: once a case, with a reason, and a dispatcher decides."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from core.case import CaseState
from core.errors import DomainError

CONTESTABLE = frozenset({CaseState.ROUTED, CaseState.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """executor: who contests. proposed: who should have it; empty where they do not know.
    granted: None until somebody has decided."""

    executor: str
    proposed: str
    reason: str
    at: datetime
    granted: bool | None = None
    decided_at: datetime | None = None

    @classmethod
    def raised(
        cls, state: CaseState, *, executor: str, proposed: str, reason: str, at: datetime
    ) -> Self:
        """Contest. DomainError where the work is over, or nothing is said for it."""
        if state not in CONTESTABLE:
            raise DomainError("case_state", f"the case is {state}; its routing is settled")
        if not reason:
            raise DomainError("invalid", "Say why the case is not yours.")
        if proposed == executor:
            raise DomainError("invalid", "Propose somebody else than who has the case.")
        return cls(executor=executor, proposed=proposed, reason=reason, at=at)

    def decide(self, at: datetime, *, granted: bool) -> Self:
        """Decide once."""
        if self.granted is not None:
            raise DomainError("contest_decided", "the contest was decided already")
        return replace(self, granted=granted, decided_at=at)
