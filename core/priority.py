"""How soon a case must be handled: how bad it is, and how many people it is bad for."""

from collections.abc import Iterable

from core.alarm import Severity

LEVELS = tuple(Severity)
MANY, VERY_MANY = 100, 1000  # people
PEOPLE = {"flat": 2, "house": 100}  # who lives behind an asset of this kind, a mean of the region
PEOPLE_BEHIND_AN_APPEAL = 25  # of those who notice something, about one in so many writes


def priority(severity: Severity, people: int) -> Severity:
    """Give a step above the severity for many people, two for very many.

    Numbers alone make nothing critical: that is for danger to life, and must stay below 1 %.
    """
    steps = (people >= MANY) + (people >= VERY_MANY)
    raised = LEVELS[min(LEVELS.index(severity) + steps, LEVELS.index(Severity.HIGH))]
    return worse(severity, raised)


def people_behind(kinds: Iterable[str], appeals: int) -> int:
    """Estimate how many people a problem touches. kinds: of the assets that it affects."""
    return sum(PEOPLE.get(kind, 0) for kind in kinds) + appeals * PEOPLE_BEHIND_AN_APPEAL


def worse(one: Severity, other: Severity) -> Severity:
    """Give the worse of two severities."""
    return max(one, other, key=LEVELS.index)


def is_worse(one: Severity, other: Severity) -> bool:
    """Tell whether the first is worse than the second."""
    return LEVELS.index(one) > LEVELS.index(other)
