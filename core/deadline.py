"""Named clocks of cases and appeals. The limits and their sources are in the specification of
clocks; those that depend on the kind of trouble come from its category."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from core.category import Category
from core.errors import DomainError
from core.text import Text

ROUTE = "route"
CHOOSE = "choose"
RELEASE = "release"
RESOLVE = "resolve"
VERIFY = "verify"
SOCIAL = "social"

LABELS: Mapping[str, Text] = {
    ROUTE: {"ru": "Направить исполнителю", "en": "Route to an executor"},
    CHOOSE: {"ru": "Выбрать решение", "en": "Choose a solution"},
    RELEASE: {"ru": "Освободить людей", "en": "Release the passengers"},
    RESOLVE: {"ru": "Устранить", "en": "Resolve"},
    VERIFY: {"ru": "Проверить", "en": "Verify"},
    SOCIAL: {"ru": "Ответить на сообщение в соцсети", "en": "React to the social post"},
}

LIMITS: Mapping[str, timedelta] = {
    ROUTE: timedelta(hours=1),  # classify and route to the final executor: feedback platform
    CHOOSE: timedelta(days=3),  # choose a solution, send an interim answer: feedback platform
    SOCIAL: timedelta(hours=2),  # react to a social-network post: regional programme
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One clock.

    paused_at: it stands for a reason that is not the executor's, and the end moves on. halted_at:
    the work was reported done; if that proves false the clock goes on as if it had never halted.
    """

    name: str
    started_at: datetime
    limit: timedelta
    paused_at: datetime | None = None
    paused_for: timedelta = timedelta()
    halted_at: datetime | None = None
    met_at: datetime | None = None

    def due_at(self, now: datetime) -> datetime:
        """Give the end; it moves while the clock is paused."""
        standing = now - self.paused_at if self.paused_at else timedelta()
        return self.started_at + self.limit + self.paused_for + standing

    def is_breached(self, now: datetime) -> bool:
        """Tell whether the end passed, or had passed when the clock was met or halted."""
        return (self.met_at or self.halted_at or now) > self.due_at(now)

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.halted_at is None and self.paused_at is None

    def pause(self, at: datetime) -> Self:
        if not self.is_running:
            raise DomainError("clock_stands", f"the clock {self.name} does not run")
        return replace(self, paused_at=at)

    def resume(self, at: datetime) -> Self:
        if self.paused_at is None:
            raise DomainError("clock_not_paused", f"the clock {self.name} is not paused")
        stood = max(at - self.paused_at, timedelta())
        return replace(self, paused_at=None, paused_for=self.paused_for + stood)

    def halt(self, at: datetime) -> Self:
        """Stop because the work was reported done."""
        running = self.resume(at) if self.paused_at else self
        return replace(running, halted_at=at)

    def go_on(self) -> Self:
        """Run again because the work was not done after all; the end stays where it was."""
        return replace(self, halted_at=None, met_at=None)

    def meet(self, at: datetime) -> Self:
        """Stop for good. A halted clock was met when it was halted."""
        if self.met_at is not None:
            return self
        running = self.resume(at) if self.paused_at else self
        return replace(running, met_at=self.halted_at or at)


def started(name: str, at: datetime, category: Category) -> Deadline:
    """Start a clock with the limit that holds for this category."""
    limits = {RESOLVE: category.resolve, VERIFY: category.verify, RELEASE: category.release}
    limit = limits.get(name) or LIMITS[name]
    return Deadline(name=name, started_at=at, limit=limit)
