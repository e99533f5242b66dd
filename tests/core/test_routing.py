"""The first row of the table that matches takes the trouble; rows that never match are found."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from core.alarm import Severity
from core.calendar import Days
from core.registry import Executor, Place, PlaceKind
from core.route import DayKind, Route, Trouble, shadowed, wrong_in_routes
from core.routing import RoutingTable
from core.routing_comparison import compare

MOSCOW = ZoneInfo("Europe/Moscow")
WORKING = Days(
    zone=MOSCOW,
    rest=frozenset({5, 6}),
    days_off=frozenset({date(2026, 6, 12)}),  # a Friday
    worked=frozenset({date(2026, 6, 20)}),  # a Saturday
)
EXECUTORS = {
    one: Executor(id=one, name={"ru": one, "en": one}, place="town")
    for one in ("light", "lifts", "night")
}
PLACES = {"left": Place(id="left", kind=PlaceKind.MUNICIPALITY, name={"ru": "Левый", "en": "Left"})}
PATHS = {"": "town/", "town": "town/", "left": "town/left/", "right": "town/right/"}


def moscow(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Give a moment of June 2026."""
    return datetime(2026, 6, day, hour, minute, second, tzinfo=MOSCOW).astimezone(UTC)


def table(*rows: Route) -> RoutingTable:
    return RoutingTable(rows, EXECUTORS, PLACES, WORKING)


def trouble(
    code: str = "yard.other",
    path: str = "town/left/",
    owner: str = "",
    severity: Severity = Severity.MEDIUM,
    at: datetime | None = None,
) -> Trouble:
    return Trouble(
        code=code, place_path=path, owner=owner, severity=severity, at=at or moscow(8, 12)
    )


ORDERED = table(
    Route(executor="light", category="lighting."),
    Route(executor="lifts", category="lift.door", place="left"),
    Route(executor="light", owner="school"),
)


@pytest.mark.parametrize(
    ("code", "path", "owner", "executor"),
    [
        ("lighting.lamp", "town/left/", "", "light"),
        ("lift.door", "town/left/lesnaya/", "", "lifts"),
        ("lift.door", "town/right/", "", "duty-service"),
        ("lift.stopped", "town/left/", "", "duty-service"),
        ("yard.other", "town/right/", "school", "light"),
        ("yard.other", "town/leftmost/", "", "duty-service"),
    ],
)
def test_the_first_matching_row_takes_the_case(
    code: str, path: str, owner: str, executor: str
) -> None:
    assert ORDERED.route(trouble(code, path, owner)).executor.id == executor


NIGHT = table(
    Route(executor="night", hours="20:00-08:00"),
    Route(executor="night", days=DayKind.OFF),
    Route(executor="light"),
)


@pytest.mark.parametrize(
    ("at", "executor"),
    [
        (moscow(8, 19, 59, 59), "light"),
        (moscow(8, 20), "night"),
        (moscow(9, 0), "night"),
        (moscow(9, 7, 59, 59), "night"),
        (moscow(9, 8), "light"),
        (moscow(12, 12), "night"),  # a holiday
        (moscow(13, 12), "night"),  # a Saturday
        (moscow(20, 12), "light"),  # the Saturday on which people work
    ],
)
def test_hours_and_days_are_those_on_the_wall(at: datetime, executor: str) -> None:
    assert NIGHT.route(trouble(at=at)).executor.id == executor


def test_a_row_for_bad_troubles_takes_them_and_worse() -> None:
    bad = table(Route(executor="night", severity="high"), Route(executor="light"))
    taken = [bad.route(trouble(severity=severity)).executor.id for severity in Severity]
    assert taken == ["light", "light", "night", "night"]


def test_a_row_whose_executor_is_gone_matches_nothing() -> None:
    assert table(Route(executor="gone"), Route(executor="light")).route(trouble()).row == 2


def test_the_route_says_why_in_words() -> None:
    row = Route(
        executor="lifts",
        category="lift.door",
        place="left",
        severity="medium",
        days=DayKind.WORKING,
        hours="08:00-17:00",
    )
    assert table(row).route(trouble("lift.door")).reason == {
        "ru": "lifts: строка 1 таблицы маршрутов, вид «Неисправны двери лифта», территория "
        "«Левый», тяжесть «средняя» и выше, по рабочим дням, с 08:00 до 17:00",
        "en": "lifts: row 1 of the routing table, category “Lift door is faulty”, territory "
        "“Left”, severity medium or worse, on working days, from 08:00 to 17:00",
    }


def test_each_row_says_what_speaks_against_a_trouble() -> None:
    found = table(
        Route(executor="light", category="lighting.", owner="school", severity="high"),
        Route(executor="night", place="right", hours="20:00-08:00", days=DayKind.OFF),
        Route(executor="light"),
    ).against(trouble())
    assert list(found) == [
        ["category", "owner", "severity"],
        ["place", "days", "hours"],
        [],
    ]


@pytest.mark.parametrize(
    ("above", "row"),
    [
        (Route(executor="light"), Route(executor="lifts", category="lift.")),
        (Route(executor="l", category="lift."), Route(executor="k", category="lift.door")),
        (Route(executor="l", place="town"), Route(executor="k")),
        (Route(executor="l", place="town"), Route(executor="k", place="left")),
        (Route(executor="l", severity="high"), Route(executor="k", severity="critical")),
        (Route(executor="l", hours="20:00-08:00"), Route(executor="k", hours="23:00-03:00")),
        (Route(executor="l", hours="20:00-08:00"), Route(executor="k", hours="20:00-08:00")),
        (Route(executor="l", hours="08:00-20:00"), Route(executor="k", hours="19:00-20:00")),
    ],
)
def test_a_row_below_one_that_takes_everything_from_it_is_found(above: Route, row: Route) -> None:
    assert list(shadowed((above, row), PATHS)) == [(1, 0)]


@pytest.mark.parametrize(
    ("above", "row"),
    [
        (Route(executor="l", category="lift.door"), Route(executor="k", category="lift.")),
        (Route(executor="l", place="left"), Route(executor="k", place="right")),
        (Route(executor="l", place="left"), Route(executor="k")),
        (Route(executor="l", owner="school"), Route(executor="k")),
        (Route(executor="l", severity="high"), Route(executor="k")),
        (Route(executor="l", days=DayKind.OFF), Route(executor="k", days=DayKind.WORKING)),
        (Route(executor="l", hours="20:00-08:00"), Route(executor="k", hours="19:00-21:00")),
        (Route(executor="l", hours="20:00-08:00"), Route(executor="k", hours="07:00-21:00")),
        (Route(executor="l", hours="20:00-08:00"), Route(executor="k")),
    ],
)
def test_a_row_to_which_something_is_left_is_not(above: Route, row: Route) -> None:
    assert list(shadowed((above, row), PATHS)) == []


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (Route(executor="l", category="lift"), "category"),
        (Route(executor="l", hours="8-20"), "hours"),
        (Route(executor="l", hours="08:00-08:00"), "hours"),
        (Route(executor="l", severity="awful"), "severity"),
    ],
)
def test_what_a_row_cannot_mean_is_said(row: Route, where: str) -> None:
    assert [place for place, _ in wrong_in_routes([row])] == [f"[0].{where}"]


def test_a_candidate_is_held_against_the_table_in_force() -> None:
    past = [trouble("lighting.lamp"), trouble("lift.door"), trouble("yard.other", owner="school")]
    candidate = table(Route(executor="night", category="lift."), Route(executor="light"))
    found = compare(ORDERED, candidate, past, ["light", "night", None])
    assert found.moved == [1]
    assert found.matrix == {("lifts", "night"): 1}
    assert found.matched == [1, 2]
    assert (found.ended_before, found.ended_after) == (1, 2)
