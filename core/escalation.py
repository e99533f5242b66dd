"""Who is told of what nobody answers: from the duty dispatcher up to the region, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.alarm import Severity
from core.errors import ConfigError


class Level(StrEnum):
    """Who is told, each above the one before."""

    DUTY = "duty"  # the dispatcher of the centre that is responsible now
    SENIOR = "senior"  # of that centre
    MUNICIPALITY = "municipality"  # its head
    REGION = "region"


LEVELS: Sequence[Level] = tuple(Level)


def is_above(one: Level, other: Level | None) -> bool:
    """Tell whether a level is above another; None is below all."""
    return other is None or LEVELS.index(one) > LEVELS.index(other)


@dataclass(frozen=True, slots=True)
class Step:
    """after: for how long nobody has answered by then, from the start."""

    after: timedelta
    level: Level


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps upward in their order; each is later and higher than the one before."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        for before, step in zip(self.steps, self.steps[1:], strict=False):
            if step.after <= before.after or not is_above(step.level, before.level):
                raise ConfigError(
                    f"escalation: wanted each step later and higher than the one before, found "
                    f"{step.level} after {step.after} behind {before.level} after {before.after}"
                )

    def due(self, since: datetime, now: datetime, reached: Level | None) -> list[Step]:
        """Give the steps to take by now, the lowest first.

        since: when the waiting began. reached: the highest level that was told; None: none yet.
        """
        return [
            step
            for step in self.steps
            if is_above(step.level, reached) and since + step.after <= now
        ]

    def next_at(self, since: datetime, reached: Level | None) -> datetime | None:
        """Give when the next step is due; None once all are taken."""
        left = [step for step in self.steps if is_above(step.level, reached)]
        return since + left[0].after if left else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A chain, and the cases for which it is: of these categories or groups with their dot, none
    for all, and of these severities, none for any."""

    name: str
    of: tuple[str, ...] = ()
    severities: frozenset[Severity] = frozenset()
    chain: Chain

    def fits(self, category: str, severity: Severity) -> bool:
        """Tell whether it is for a case of this category and severity."""
        is_of = not self.of or any(
            category.startswith(each) if each.endswith(".") else category == each
            for each in self.of
        )
        return is_of and (not self.severities or severity in self.severities)


NOBODY = Chain(())


def chain_for(rules: Sequence[Escalation], category: str, severity: Severity) -> Chain:
    """Give the chain of the first rule that fits; one without steps where none does."""
    return next((rule.chain for rule in rules if rule.fits(category, severity)), NOBODY)
