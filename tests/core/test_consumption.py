"""What was taken comes from what counters showed, whatever happened to the counters."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consumption import (
    HOUR,
    Break,
    How,
    Samples,
    amounts,
    curve_of,
    shown_at,
    with_manual,
)
from core.metering import (
    Resource,
    Tariff,
    billed_per,
    midnight,
    money,
    month_of,
    period,
    periods_between,
    price_on,
)

DIAL = 1000
MOST = 50.0


def samples(*shown: tuple[float, float], manual: bool = False) -> Samples:
    """Give samples of (hours, value)."""
    hours, values = zip(*shown, strict=True)
    return Samples(
        (np.array(hours) * HOUR).astype(np.int64),
        np.array(values, np.float64),
        np.full(len(shown), manual),
    )


def taken(counter: Samples, *hours: float, rolls_over_at: float | None = DIAL) -> list[float]:
    bounds = (np.array(hours) * HOUR).astype(np.int64)
    return amounts(curve_of([counter], [rolls_over_at], MOST), bounds).amount.tolist()


def test_a_counter_that_rolls_over_goes_on() -> None:
    curve = curve_of([samples((0, 990), (1, 5))], [DIAL], MOST)
    assert curve.total.tolist() == [0, 15]
    assert [each.kind for each in curve.breaks] == [Break.ROLL_OVER]


def test_what_was_taken_while_a_counter_lost_its_memory_is_not_guessed() -> None:
    curve = curve_of([samples((0, 400), (1, 410), (2, 3), (3, 8))], [DIAL], MOST)
    assert curve.total.tolist() == [0, 10, 10, 15]
    [found] = curve.breaks
    assert (found.kind, found.before, found.after) == (Break.RESET, 410, 3)


def test_one_reading_that_fell_to_nothing_and_came_back_counts_nothing() -> None:
    assert taken(samples((0, 400), (1, 0), (2, 402)), 0, 2) == [2]


def test_more_than_can_be_taken_is_named_and_not_counted() -> None:
    curve = curve_of([samples((0, 10), (1, 400), (2, 401))], [None], MOST)
    assert curve.total.tolist() == [0, 0, 1]
    assert [each.kind for each in curve.breaks] == [Break.JUMP]


def test_a_replacement_joins_what_both_meters_counted() -> None:
    old, new = samples((0, 700), (5, 712)), samples((5, 4), (9, 10))
    found = amounts(curve_of([old, new], [DIAL, DIAL], MOST), np.array([0, 5, 9], np.int64) * HOUR)
    assert found.amount.tolist() == [12, 6]


def test_a_gap_over_a_bound_is_shared_out_and_marked() -> None:
    curve = curve_of([samples((0, 0), (1, 2), (11, 22), (12, 24))], [None], MOST)
    found = amounts(curve, np.array([0, 6, 12], np.int64) * HOUR)
    assert found.amount.tolist() == [12, 12]
    assert found.estimated.tolist() == [10, 10]


def test_a_gap_within_a_step_needs_no_estimate() -> None:
    curve = curve_of([samples((0, 0), (1, 2), (11, 22), (12, 24))], [None], MOST)
    found = amounts(curve, np.array([0, 12], np.int64) * HOUR)
    assert (found.amount.tolist(), found.estimated.tolist()) == ([24], [0])


def test_what_nobody_measured_is_not_a_zero() -> None:
    found = amounts(
        curve_of([samples((5, 1), (6, 2))], [None], MOST), np.array([0, 2, 9, 12], np.int64) * HOUR
    )
    assert np.isnan(found.amount).tolist() == [True, False, True]
    assert found.is_whole.tolist() == [False, False, False]


def test_a_persons_reading_fills_in_where_the_meter_was_silent() -> None:
    joined, wrong = with_manual(
        samples((0, 10), (1, 11), (30, 30)), samples((0.5, 12), (20, 20.5), manual=True), DIAL
    )
    assert joined.value.tolist() == [10, 11, 20.5, 30]
    assert joined.manual.tolist() == [False, False, True, False]
    assert len(wrong) == 0


def test_a_persons_reading_that_the_meter_contradicts_is_named() -> None:
    joined, wrong = with_manual(samples((0, 10), (30, 30)), samples((20, 45), manual=True), DIAL)
    assert (joined.value.tolist(), wrong.value.tolist()) == ([10, 30], [45])


def test_a_person_reads_whole_units() -> None:
    joined, _ = with_manual(samples((0, 10.7)), samples((20, 10), manual=True), DIAL)
    assert joined.value.tolist() == [10.7, 10.7]


def test_a_person_may_read_beyond_the_end_of_the_dial() -> None:
    joined, _ = with_manual(samples((0, 995)), samples((20, 5), manual=True), DIAL)
    assert joined.value.tolist() == [995, 5]


def test_without_telemetry_a_persons_readings_are_all_there_is() -> None:
    none = Samples(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool))
    joined, _ = with_manual(none, samples((0, 1), (700, 40), manual=True), None)
    found = amounts(curve_of([joined], [None], MOST), np.array([0, 700], np.int64) * HOUR)
    assert (found.amount.tolist(), found.manual.tolist()) == ([39], [39])


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (-1, None),
        (1.5, (11, How.READ)),
        (6, (16, How.ESTIMATED)),
        (40, (31, How.OLD)),
    ],
)
def test_a_reading_at_close_says_how_it_is_known(at: float, wanted: object) -> None:
    shown = shown_at(samples((0, 10), (1, 11), (11, 21), (21, 31)), int(at * HOUR), DIAL)
    assert (shown and (shown.value, shown.how)) == wanted


def test_a_reading_between_the_two_ends_of_the_dial_stays_on_the_dial() -> None:
    shown = shown_at(samples((0, 990), (10, 10)), 8 * HOUR, DIAL)
    assert shown is not None
    assert shown.value == pytest.approx(6)


# ---- an independent model: true amounts are known, and what a person would see on the dials ------


@dataclass(frozen=True)
class Hour:
    """What happened in an hour. amount: what was taken, in thousandths."""

    amount: int
    event: str  # "", "reset", "replaced"
    is_seen: bool


HOURS = st.lists(
    st.builds(
        Hour,
        amount=st.integers(0, 40_000),
        event=st.sampled_from([""] * 8 + ["reset", "replaced"]),
        is_seen=st.booleans(),
    ),
    min_size=2,
    max_size=60,
)


@given(HOURS, st.integers(0, DIAL - 1))
def test_all_that_was_seen_is_counted_once_and_nothing_else(hours: list[Hour], start: int) -> None:
    dial, truth, lost = start * 1000, 0, False
    counters: list[list[tuple[int, int]]] = [[(0, dial)]]
    seen_truth, counted = 0, [(0, 0)]  # (hour, what a bill may hold by then)
    for number, hour in enumerate(hours, 1):
        last = counters[-1][-1][1] if counters[-1] else dial
        if hour.event == "reset" and not last <= dial < DIAL * 500:
            continue  # near the end of the dial nobody could tell it from a roll-over
        if hour.event:
            dial, lost = 0, True
        if hour.event == "replaced":
            counters.append([])
        dial = (dial + hour.amount) % (DIAL * 1000)
        truth += hour.amount
        taken_since = truth - seen_truth
        if hour.is_seen and (lost or taken_since < DIAL * 500):
            if lost and counters[-1] and dial >= counters[-1][-1][1]:
                continue  # a memory that was lost and passed where it was: nobody can tell
            counters[-1].append((number, dial))
            counted.append((number, counted[-1][1] + (0 if lost else taken_since)))
            seen_truth, lost = truth, False
    curve = curve_of(
        [samples(*((t, v / 1000) for t, v in each)) for each in counters if each],
        [DIAL for each in counters if each],
        DIAL,
    )
    bounds = np.array([t for t, _ in counted], np.int64) * HOUR
    found = amounts(curve, bounds).amount
    wanted = [(b - a) / 1000 for (_, a), (_, b) in pairwise(counted)]
    assert found.tolist() == pytest.approx(wanted, abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(1, 400), st.floats(0, 999)), min_size=2, max_size=50),
    st.lists(st.integers(0, 3000), min_size=2, max_size=30, unique=True),
)
def test_whatever_counters_show_days_make_the_month_and_nothing_is_given_back(
    shown: list[tuple[int, float]], bounds: list[int]
) -> None:
    hours = np.cumsum([hour for hour, _ in shown]).tolist()
    curve = curve_of(
        [samples(*zip(hours, [value for _, value in shown], strict=True))], [DIAL], MOST
    )
    ends = np.array(sorted(bounds), np.int64) * HOUR
    days, month = amounts(curve, ends), amounts(curve, ends[[0, -1]])
    assert np.nansum(days.amount) == pytest.approx(np.nansum(month.amount), abs=1e-6)
    assert not (days.amount < 0).any()
    assert (days.estimated <= np.nan_to_num(days.amount) + 1e-9).all()


# ---- periods, units and prices -------------------------------------------------------------------


def test_a_period_ends_with_its_close_day() -> None:
    assert period(date(2026, 10, 7), None) == (date(2026, 10, 1), date(2026, 11, 1))
    assert period(date(2026, 1, 7), 25) == (date(2025, 12, 26), date(2026, 1, 26))


def test_a_day_belongs_to_the_period_that_is_closed_next() -> None:
    assert month_of(date(2026, 12, 26), 25) == date(2027, 1, 1)
    assert month_of(date(2026, 12, 25), 25) == date(2026, 12, 1)


def test_periods_share_a_time_out() -> None:
    assert periods_between(date(2026, 9, 10), date(2026, 11, 5), None) == [
        date(2026, 9, 10), date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 5),
    ]  # fmt: skip


def test_a_day_with_a_changed_clock_has_another_length() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    day = midnight(date(2026, 3, 30), berlin) - midnight(date(2026, 3, 29), berlin)
    assert day.total_seconds() == 23 * 3600


def test_units_become_what_is_billed() -> None:
    assert billed_per(Resource.ELECTRICITY, "W.h") == 0.001
    assert billed_per(Resource.HEAT, "kW.h") == pytest.approx(1 / 1163)
    assert billed_per(Resource.HEAT, "Gcal_IT") == 1
    assert billed_per(Resource.COLD_WATER, "kW.h") is None


def test_the_price_is_that_of_the_last_row_that_began() -> None:
    rows = [
        Tariff(place="town", resource=Resource.HEAT, since=date(2026, month, 1), price=price)
        for month, price in ((1, 10.0), (7, 12.0))
    ]
    found = price_on(date(2026, 6, 30), rows)
    assert found is not None
    assert found.price == 10.0
    assert price_on(date(2025, 12, 31), rows) is None


def test_money_is_rounded_halves_up() -> None:
    assert str(money(2.675)) == "2.68"
