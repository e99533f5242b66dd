"""What follows on lies in the table of readings: no moment of a series may be there twice."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.clock import SECOND
from core.readings import Readings
from gateway.timeseries.order import AHEAD, Order

RUN = 300  # readings; long enough to be taken as a whole
NOW = 1_000_000 * SECOND

# Blocks of runs: a run begins with a series, at a moment, and goes through the series after it.
runs = st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from([1, 2, RUN]))
batches = st.lists(st.lists(runs, min_size=1, max_size=4), min_size=1, max_size=4)


def block(*given: tuple[int, int, int]) -> Readings:
    series = [np.arange(first, first + size) for first, _, size in given]
    time = [np.full(size, moment * SECOND) for _, moment, size in given]
    return Readings.of(np.concatenate(series), np.concatenate(time), 0.0, 0, 0)


def marked(order: Order, rows: Readings) -> list[tuple[int, int]]:
    found = rows.take(order.follows(rows, NOW))
    return list(zip(found.signal.tolist(), found.time.tolist(), strict=True))


@given(batches)
def test_no_series_is_marked_with_a_moment_that_is_not_newer(
    given: list[list[tuple[int, int, int]]],
) -> None:
    order = Order()
    seen = [pair for each in given for pair in marked(order, block(*each))]
    by_series = sorted(seen, key=lambda pair: pair[0])  # stable
    assert by_series == sorted(set(seen))


def test_runs_in_order_are_marked_whole() -> None:
    order = Order()
    rows = block((0, 1, RUN), (0, 2, RUN), (100, 3, RUN))
    assert order.follows(rows, NOW).all()


def test_a_late_run_is_not_marked_and_those_beside_it_are() -> None:
    order = Order()
    order.follows(block((0, 5, RUN)), NOW)
    found = order.follows(block((RUN, 6, RUN), (0, 5, RUN), (2 * RUN, 1, RUN)), NOW)
    assert found.tolist() == [True] * RUN + [False] * RUN + [True] * RUN


def test_a_run_of_a_time_that_cannot_be_does_not_shut_its_series_out() -> None:
    order = Order()
    ahead = (NOW + AHEAD) // SECOND + 1
    assert not order.follows(block((0, ahead, RUN)), NOW).any()
    assert order.follows(block((0, 1, RUN)), NOW).all()


def test_before_its_beginning_a_run_is_late() -> None:
    order = Order()
    order.begins = 2 * SECOND
    assert not order.follows(block((0, 1, RUN)), NOW).any()
