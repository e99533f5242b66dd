"""Floods of alarms: above ten in ten minutes they begin, below five they are over."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.flood import ENDS_BELOW, STARTS_ABOVE, Flood, counted, floods

MINUTE = 60


def found(told: list[int], now: int) -> list[Flood]:
    return floods(np.array(told, np.int64), now)


def test_ten_alarms_in_ten_minutes_are_no_flood() -> None:
    assert found(list(range(0, 600, 60)), 600) == []


def test_the_eleventh_within_ten_minutes_begins_a_flood() -> None:
    assert found(list(range(0, 600, 54))[:11], 600) == [Flood(540, None)]


def test_it_is_over_when_only_four_are_left_of_the_last_ten_minutes() -> None:
    told = [*range(11), 100, 200, 300, 400]

    assert found(told, 609) == [Flood(10, None)]
    assert found(told, 610) == [Flood(10, 610)]


def test_a_second_flood_is_another_one() -> None:
    told = [*range(11), *range(10_000, 10_012)]

    assert found(told, 20_000) == [Flood(10, 606), Flood(10_010, 10_607)]


def test_a_flood_takes_of_a_period_what_lies_within() -> None:
    assert [
        Flood(100, 700).seconds_within(0, 1000),
        Flood(100, 700).seconds_within(300, 400),
        Flood(100, None).seconds_within(0, 1000),
        Flood(100, 700).seconds_within(800, 1000),
    ] == [600, 100, 900, 0]


def test_those_of_exactly_ten_minutes_ago_are_not_counted_any_more() -> None:
    assert counted(np.array([0, 1, 300, 600], np.int64), 600) == 3


def by_the_second(told: list[int], now: int) -> list[Flood]:
    """Say the same by looking at each second."""
    result: list[Flood] = []
    began: int | None = None
    for second in range(now + 1):
        count = sum(second - 600 < each <= second for each in told)
        if began is None and count > STARTS_ABOVE:
            began = second
        elif began is not None and count < ENDS_BELOW:
            result.append(Flood(began, second))
            began = None
    return result if began is None else [*result, Flood(began, None)]


@given(st.lists(st.integers(0, 2500), max_size=60))
def test_columns_find_what_a_look_at_each_second_finds(told: list[int]) -> None:
    assert found(sorted(told), 3300) == by_the_second(sorted(told), 3300)
