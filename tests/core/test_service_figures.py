"""What is counted of troubles, and who comes first in the league table."""

import numpy as np

from core.service_figures import Said, ServiceFigures, Worked, league, service_figures

HOUR = 3600.0
OPEN = np.nan


def worked(**columns: list[float]) -> Worked:
    count = len(columns["opened"])
    return Worked(
        key=["left"] * count,
        opened=np.array(columns["opened"]) * HOUR,
        closed=np.array(columns["closed"]) * HOUR,
        due=np.array(columns.get("due", [OPEN] * count)) * HOUR,
        breached=np.array(columns.get("breached", [0.0] * count), np.bool_),
        reopened=np.array(columns.get("reopened", [0.0] * count), np.bool_),
    )


def line(cases: Worked, said: Said | None = None) -> ServiceFigures:
    nothing = Said(key=[], joined=np.zeros(0, np.bool_), fixed=np.zeros(0, np.int8))
    (found,) = service_figures(cases, said or nothing, {}, since=10 * HOUR, until=20 * HOUR)
    return found


def test_what_is_opened_closed_and_open_is_counted_in_its_period() -> None:
    found = line(
        worked(opened=[5, 12, 13, 14], closed=[11, 15, OPEN, 25], due=[OPEN, OPEN, 18, 30])
    )
    assert (found.opened, found.closed, found.open_at_end, found.overdue_at_end) == (3, 2, 2, 1)
    assert found.hours == 4.5


def test_shares_are_of_what_was_closed() -> None:
    found = line(
        worked(
            opened=[10, 10, 10, 10],
            closed=[11, 12, 13, OPEN],
            breached=[1, 0, 0, 1],
            reopened=[0, 0, 1, 1],
        )
    )
    assert (found.on_time, found.reopened) == (2 / 3, 1 / 3)


def test_where_nothing_was_closed_there_is_no_share() -> None:
    found = line(worked(opened=[12], closed=[OPEN]))
    assert (found.on_time, found.hours, found.reopened) == (None, None, None)


def test_answers_and_what_joined_are_counted_under_their_key() -> None:
    said = Said(
        key=["right", "right", "right", "left"],
        joined=np.array([True, True, False, False]),
        fixed=np.array([1, 0, -1, -1], np.int8),
    )
    left, right = service_figures(
        worked(opened=[12], closed=[OPEN]), said, {("right", "resolve"): 3}, since=0, until=1e9
    )
    assert (left.key, left.appeals, left.joined) == ("left", 1, 0)
    assert (right.appeals, right.joined, right.fixed, right.not_fixed) == (3, 2, 1, 1)
    assert right.breaches == {"resolve": 3}


def test_the_league_is_led_by_who_keeps_deadlines_then_by_who_is_sooner() -> None:
    lines = [
        ServiceFigures(key="late", closed=9, on_time=0.5, hours=1.0),
        ServiceFigures(key="slow", closed=9, on_time=1.0, hours=9.0),
        ServiceFigures(key="soon", closed=9, on_time=1.0, hours=2.0),
        ServiceFigures(key="few", closed=4, on_time=1.0, hours=0.1),
    ]
    assert [each.key for each in league(lines, 5)] == ["soon", "slow", "late"]
