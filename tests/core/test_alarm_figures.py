"""The figures of alarms, reckoned by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.alarm import Severity
from core.alarm_figures import DAY, HOUR, DayFigures, Figure, Period, Verdict, by_day, figures
from core.flood import Flood

NOTHING = np.empty(0, np.int64)
QUIET = Period(
    since=0,
    until=DAY,
    told=NOTHING,
    floods=(),
    severities={},
    frequent=(),
    chattering=0,
    fleeting=0,
    stale_from=NOTHING,
    stale_to=NOTHING,
)


def times(*seconds: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(seconds, np.int64)


def values(period: Period) -> dict[str, float]:
    return {each.name: each.value for each in figures(period)}


def test_a_day_without_alarms_is_good_in_everything() -> None:
    assert {each.verdict for each in figures(QUIET)} == {Verdict.GOOD, Verdict.NONE}


def test_288_alarms_a_day_are_two_in_ten_minutes_and_twelve_an_hour() -> None:
    found = values(replace(QUIET, told=np.arange(0, DAY, 300)))

    assert (found["per_10_minutes"], found["per_hour"], found["per_day"]) == (2, 12, 288)


def test_a_share_of_ten_minutes_has_more_than_ten_alarms() -> None:
    told = times(*range(11), *range(600, 610))

    assert values(replace(QUIET, told=told, until=2 * HOUR))["busy_share"] == pytest.approx(
        100 / 12
    )


def test_the_time_in_flood_counts_only_within_the_period() -> None:
    lasting = [Flood(-600, 864), Flood(DAY - 864, None)]

    assert values(replace(QUIET, floods=lasting))["flood_share"] == pytest.approx(2)


def test_the_most_frequent_are_a_share_of_all() -> None:
    found = values(replace(QUIET, told=np.arange(100), frequent=[20, 10, *[1] * 8, 1]))

    assert found["frequent_share"] == 38


def test_stale_is_the_most_of_any_day() -> None:
    period = replace(
        QUIET,
        until=3 * DAY,
        stale_from=times(10, DAY + 10, DAY + 20),
        stale_to=times(DAY + 5, DAY + 30, 2 * DAY + 1),
    )

    assert [each.stale for each in by_day(period)] == [1, 3, 1]
    assert values(period)["stale"] == 3


def test_each_day_has_its_alarms_and_its_time_in_flood() -> None:
    period = replace(
        QUIET,
        since=HOUR,
        until=DAY + HOUR,
        told=times(HOUR, DAY - 1, DAY),
        floods=[Flood(DAY - 60, DAY + 30)],
    )

    assert by_day(period) == [DayFigures(0, 2, 60, 0), DayFigures(DAY, 1, 30, 0)]


def test_a_flood_that_lasts_counts_up_to_the_end_of_the_period() -> None:
    period = replace(QUIET, until=HOUR, floods=[Flood(HOUR - 60, None)])

    assert [each.flood_s for each in by_day(period)] == [60]


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("x", 1, "1", 1, 2), Verdict.GOOD),
        (Figure("x", 1.5, "1", 1, 2), Verdict.OVER_TARGET),
        (Figure("x", 2.5, "1", 1, 2), Verdict.OVER_LIMIT),
        (Figure("x", 80, "%", 80, 70, least=True), Verdict.GOOD),
        (Figure("x", 75, "%", 80, 70, least=True), Verdict.OVER_TARGET),
        (Figure("x", 60, "%", 80, 70, least=True), Verdict.OVER_LIMIT),
        (Figure("x", 80, "%", 15, None), Verdict.OVER_TARGET),
        (Figure("x", 60, "1", None, None), Verdict.NONE),
    ],
)
def test_a_figure_is_judged_by_its_target_and_its_limit(figure: Figure, verdict: Verdict) -> None:
    assert figure.verdict is verdict


def test_severities_are_shares_of_what_was_told() -> None:
    counts: dict[Severity, int] = {Severity.LOW: 80, Severity.HIGH: 20}
    found = values(replace(QUIET, told=np.arange(100), severities=counts))
    shares: Sequence[float] = [found[f"{each}_share"] for each in Severity]

    assert shares == [80, 0, 20, 0]
