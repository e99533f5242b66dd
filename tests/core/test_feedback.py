"""Enough of those who complained send the work back."""

from datetime import UTC, datetime, timedelta

import pytest

from core.feedback import is_upheld, may_answer

CLOSED = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("no", "yes", "silent", "upheld"),
    [
        (1, 0, 0, True),
        (0, 1, 0, False),
        (1, 0, 4, True),
        (1, 9, 0, False),
        (2, 8, 0, True),
        (0, 0, 10, False),
    ],
)
def test_one_in_five_is_enough_and_one_of_few(no: int, yes: int, silent: int, upheld: bool) -> None:
    assert is_upheld([False] * no + [True] * yes + [None] * silent) is upheld


@pytest.mark.parametrize(("after_h", "counts"), [(0, True), (48, True), (48.01, False)])
def test_an_answer_counts_for_two_days(after_h: float, counts: bool) -> None:
    assert may_answer(CLOSED, CLOSED + timedelta(hours=after_h)) is counts


def test_of_an_open_case_nobody_is_asked() -> None:
    assert not may_answer(None, CLOSED)
