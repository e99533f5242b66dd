"""What is delivered a second time is left out of a block."""

import math

from adapters.mqtt.columns import Columns, Scaling


def taken(*values: float, at: int = 1) -> list[float]:
    """Give what each message adds, all about one point and of one moment."""
    scaling = Scaling([7], [1.0], [0.0])
    found = []
    for value in values:
        columns = Columns(rows=[0], values=[value], sizes=[1], times=[at], codes=[0], once=[True])
        rows, scaled = scaling.values(columns)
        found += scaling.block(columns, rows, scaled, now=2).value.tolist()
    return found


def test_the_same_value_of_the_same_moment_is_taken_once() -> None:
    assert taken(5.0, 5.0) == [5.0]


def test_a_value_that_is_no_number_is_taken_once_too() -> None:
    assert [math.isnan(value) for value in taken(math.nan, math.nan)] == [True]


def test_a_number_after_one_that_is_none_is_new() -> None:
    assert taken(math.nan, 5.0)[1:] == [5.0]
