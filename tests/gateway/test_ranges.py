"""Sets of numbers as ranges, against plain sets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.ranges import Ranges

pairs = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)), max_size=20)


@given(pairs)
def test_ranges_hold_the_numbers_that_were_added(added: list[tuple[int, int]]) -> None:
    ranges = Ranges((first, first + length) for first, length in added)
    plain = {n for first, length in added for n in range(first, first + length + 1)}
    assert {number for number in range(80) if number in ranges} == plain


@given(pairs)
def test_ranges_are_sorted_and_do_not_touch(added: list[tuple[int, int]]) -> None:
    ranges = list(Ranges((first, first + length) for first, length in added))
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(ranges))


@given(pairs)
def test_the_first_missing_number_is_found(added: list[tuple[int, int]]) -> None:
    ranges = Ranges((first, first + length) for first, length in added)
    missing = ranges.first_missing()
    assert missing not in ranges
    assert all(number in ranges for number in range(1, missing))
