"""The running clock of a case or an appeal: started, paused, halted, extended, met."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from core.category import Category
from core.deadline_rule import DeadlineRule, Moment
from core.errors import DomainError

ROUTE = "route"
CHOOSE = "choose"
RELEASE = "release"
RESOLVE = "resolve"
VERIFY = "verify"

BREACHED = 100  # percent of the time


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One clock. All spans are of time that counts by its rule's calendar.

    paused_at: it stands for a reason that is not the executor's, and the end moves on. halted_at:
    the work was reported done; if that proves false the clock goes on as if it had never halted.
    extended_by: the notice of it was given. warned: the highest percent of its time that was told.
    """

    rule: DeadlineRule
    started_at: datetime
    limit: timedelta
    paused_at: datetime | None = None
    pause_reason: str = ""
    paused_for: timedelta = timedelta()
    extended_by: timedelta = timedelta()
    halted_at: datetime | None = None
    met_at: datetime | None = None
    warned: int = 0

    @property
    def name(self) -> str:
        return self.rule.name

    def due_at(self, now: datetime) -> datetime:
        """Give the end; it moves while the clock is paused."""
        return self._after(self.limit + self.extended_by, now)

    def is_breached(self, now: datetime) -> bool:
        """Tell whether the end passed, or had passed when the clock was met or halted."""
        return (self.met_at or self.halted_at or now) > self.due_at(now)

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.halted_at is None and self.paused_at is None

    def next_warning(self) -> tuple[int, datetime] | None:
        """Give the next percent to tell and when; None once all are told or while it stands."""
        percents = sorted({*self.rule.warnings, BREACHED})  # that it was passed is always told
        left = [percent for percent in percents if percent > self.warned]
        if not left or not self.is_running:
            return None
        if left[0] >= BREACHED:
            return left[0], self.due_at(self.started_at)
        share = (self.limit + self.extended_by) * left[0] / 100
        over = self.rule.calendar.advance(self.started_at, share + self.paused_for)
        return left[0], min(over, self.due_at(self.started_at))

    def next_news_at(self) -> datetime | None:
        """Give when there is something to tell: a warning, or that it was met too late."""
        is_over = self.met_at is not None or self.halted_at is not None
        if is_over and self.warned < BREACHED and self.is_breached(self.started_at):
            return self.due_at(self.started_at)
        warning = self.next_warning()
        return warning[1] if warning else None

    def pause(self, at: datetime, reason: str) -> Self:
        """Let it stand for one of the reasons that its rule knows."""
        if not self.is_running:
            raise DomainError("clock_stands", f"the clock {self.name} does not run")
        if reason not in self.rule.pauses:
            wanted = ", ".join(sorted(self.rule.pauses)) or "none"
            raise DomainError(
                "clock_not_pausable",
                f"the clock {self.name} cannot be paused for {reason!r}; its reasons are: {wanted}",
            )
        return replace(self, paused_at=at, pause_reason=reason)

    def resume(self, at: datetime) -> Self:
        if self.paused_at is None:
            raise DomainError("clock_not_paused", f"the clock {self.name} is not paused")
        stood = self.rule.calendar.counted(self.paused_at, at)
        return replace(self, paused_at=None, pause_reason="", paused_for=self.paused_for + stood)

    def extend(self) -> Self:
        """Move the end on by what its rule allows, once, while the clock is not over."""
        if not self.rule.extension:
            raise DomainError("clock_not_extendable", f"the clock {self.name} cannot be extended")
        if self.extended_by:
            raise DomainError("clock_extended", f"the clock {self.name} was extended already")
        if self.met_at is not None:
            raise DomainError("clock_met", f"the clock {self.name} was met already")
        return replace(self, extended_by=self.rule.extension)

    def halt(self, at: datetime) -> Self:
        """Stop because the work was reported done."""
        if self.met_at is not None or self.halted_at is not None:
            return self
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

    def set_aside(self, at: datetime) -> Self:
        """Stop because the clocks of another case count; if that is undone, it goes on as it was,
        paused or not."""
        return self if self.met_at is not None else replace(self, met_at=at)

    def tell(self, percent: int) -> Self:
        """Take that this percent of its time was told."""
        return replace(self, warned=max(self.warned, percent))

    def _after(self, counted: timedelta, now: datetime) -> datetime:
        calendar = self.rule.calendar
        until = self.met_at or now
        standing = calendar.counted(self.paused_at, until) if self.paused_at else timedelta()
        return self.rule.end(self.started_at, counted + self.paused_for + standing)


def started(rule: DeadlineRule, at: datetime, category: Category) -> Deadline | None:
    """Start a clock with the limit that holds for this category; None where it has none."""
    limit = rule.limit_for(category)
    return None if limit is None else Deadline(rule=rule, started_at=at, limit=limit)


def after(
    clocks: Sequence[Deadline],
    moment: Moment,
    at: datetime,
    category: Category,
    starting: Iterable[DeadlineRule],
) -> list[Deadline]:
    """Give the clocks as they are after something happened.

    starting: the rules whose clock starts at this moment. One that is there already starts anew
    only where its rule says so: another executor gets no more time than the first.
    """
    changed = [_passed(clock, moment, at) for clock in clocks]
    there = {clock.name for clock in clocks}
    for rule in starting:
        if rule.restarts or rule.name not in there:
            fresh = started(rule, at, category)
            changed += [fresh] if fresh else []
    return changed


def _passed(clock: Deadline, moment: Moment, at: datetime) -> Deadline:
    if moment in clock.rule.met_by:
        return clock.meet(at)
    if moment in clock.rule.halted_by:
        return clock.halt(at)
    if moment is Moment.REOPENED and clock.rule.halted_by:
        return clock.go_on()
    return clock
