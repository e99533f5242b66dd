"""Whether it is fixed, as those say who complained: enough of them send the work back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

ASKED_FOR = timedelta(hours=48)  # after the closing an answer counts
ENOUGH = 0.2  # of those who complained, and one at least


def may_answer(closed_at: datetime | None, now: datetime) -> bool:
    """Tell whether an answer counts: of a case that is closed, and not long ago."""
    return closed_at is not None and now <= closed_at + ASKED_FOR


def is_upheld(answers: Sequence[bool | None]) -> bool:
    """Tell whether so many say no that the work goes on.

    answers: of every appeal of the case; None where nobody has answered.
    """
    return answers.count(False) >= max(1.0, ENOUGH * len(answers))
