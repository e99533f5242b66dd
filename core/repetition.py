"""Alarms that come and go: chattering and fleeting ones, and what of a rule would calm them.

Both are nuisances by ISA-18.2: a person learns nothing from them, and overlooks others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

CHATTERS_FROM = 3  # raises
CHATTERS_WITHIN = timedelta(seconds=60)
FLEETING = timedelta(seconds=10)  # it was active for less

MARGIN = 1.5  # a delay that is only as long as what was seen would be passed by the next one
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What would have made one alarm of many: delays in seconds, deadband in the signal's unit."""

    on_delay_s: float | None
    off_delay_s: float | None
    deadband: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """How an alarm came and went.

    raises: how often it came. active_s, gap_s: the longest time for which it was active, and not.
    low, high: between which its value went, where it has one.
    """

    raises: int = 1
    active_s: float = 0.0
    gap_s: float = 0.0
    low: float | None = None
    high: float | None = None

    def came(self, gap: timedelta, value: float | None) -> Self:
        """Count another raise. gap: for how long it had been normal."""
        gap_s = max(self.gap_s, gap / SECOND)
        return replace(self, raises=self.raises + 1, gap_s=gap_s).saw(value)

    def went(self, active: timedelta, value: float | None) -> Self:
        """Take that it has returned to normal. active: for how long it was raised."""
        return replace(self, active_s=max(self.active_s, active / SECOND)).saw(value)

    def saw(self, value: float | None) -> Self:
        """Take a value that raised or cleared it."""
        if value is None:
            return self
        low = value if self.low is None else min(self.low, value)
        high = value if self.high is None else max(self.high, value)
        return replace(self, low=low, high=high)

    @property
    def advice(self) -> Advice:
        """Give the smallest changes of its rule that would have told of it once, or never."""
        swing = None if self.low is None or self.high is None else self.high - self.low
        return Advice(
            on_delay_s=_delay(self.active_s) if self.active_s < FLEETING / SECOND else None,
            off_delay_s=_delay(self.gap_s) if self.raises > 1 else None,
            deadband=_two_digits(swing * MARGIN) if self.raises > 1 and swing else None,
        )


def chatters(raised: Sequence[datetime], at: datetime) -> bool:
    """Tell whether a raise at a moment makes an alarm chatter. raised: when it came before."""
    lately = [each for each in raised if abs(at - each) < CHATTERS_WITHIN]
    return len(lately) + 1 >= CHATTERS_FROM


def _delay(seconds: float) -> float:
    return float(max(1, math.ceil(seconds * MARGIN)))


def _two_digits(value: float) -> float:
    """Round up to two digits that count, as people set deadbands."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(math.ceil(round(value / step, 6)) * step, 12)
