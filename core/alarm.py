"""Alarm rules: what of a signal is wrong, how bad it is, and what to do about it."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.text import Text


class Severity(StrEnum):
    """How bad the condition is; the target shares are 80 / 15 / 5 / < 1 % (EEMUA 191)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlarmTest(StrEnum):
    """What a rule looks at; `limit` is in the unit of the signal, or seconds for the last two."""

    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"
    DIFFERS = "differs"
    UNCHANGED = "unchanged"  # a good value that has not changed for `limit` seconds: a stuck meter
    SILENT = "silent"  # no good value of the signal for `limit` seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of another signal of the device, for a rule to mean anything."""

    signal: str
    test: AlarmTest  # of a value, not of time
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRule:
    """A rule on one signal of a profile.

    deadband: in the unit of the signal; a raised alarm clears only when the value is back by that
    much (EQUALS: away by more than that; DIFFERS: raised when away by more, cleared when equal;
    UNCHANGED: a smaller change is none). on_delay_s, off_delay_s: seconds for which the test must
    hold (not hold) before the alarm is raised (cleared). when: of the tests of a value, conditions
    on other signals of the device, all of which must hold too; where one does not, the alarm
    clears, and while one is not known it stays as it is. latching: once raised, it stays active at
    the gateway until a person resets it, whatever the value does. problem: category code of the
    case that it becomes. cause, consequence, action: what a dispatcher reads.
    """

    key: str
    signal: str
    test: AlarmTest
    limit: float
    severity: Severity
    problem: str
    name: Text
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    latching: bool = False
    when: tuple[Condition, ...] = ()
    cause: Text = field(default_factory=dict)
    consequence: Text = field(default_factory=dict)
    action: Text = field(default_factory=dict)
