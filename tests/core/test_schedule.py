"""What programs want at which moment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.program import CalendarEntry, Program, ProgramKind, Span
from core.schedule import Schedule

MOSCOW = "Europe/Moscow"
BERLIN = "Europe/Berlin"
NIGHT = Span(since="dusk", until="dawn", set=1)
LATITUDES = {"tula": (54.2, 37.6), "murmansk": (68.97, 33.08), "petersburg": (59.94, 30.31)}


def program(
    *spans: Span,
    zone: str = MOSCOW,
    at: str = "tula",
    kind: ProgramKind = ProgramKind.LIGHTING,
    otherwise: float = 0,
    calendar: tuple[CalendarEntry, ...] = (),
    elevation: float = -6,
) -> Schedule:
    latitude, longitude = LATITUDES[at]
    return Schedule(
        Program(
            id="p", kind=kind, devices=("d",), signal="s", zone=zone, latitude=latitude,
            longitude=longitude, elevation=elevation, spans=spans, otherwise=otherwise,
            calendar=calendar,
        )
    )  # fmt: skip


def local(text: str, zone: str = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def values(schedule: Schedule, day: str, *times: str, zone: str = MOSCOW) -> list[float]:
    return [schedule.value(local(f"{day} {time}", zone)) for time in times]


# Tula, 26 November 2026: dusk and dawn 16:57:35 and 07:35:38, Moscow time, by astral.
def test_light_is_wanted_from_dusk_until_dawn() -> None:
    times = ("07:34", "07:38", "12:00", "16:55", "17:00", "23:59")
    assert values(program(NIGHT), "2026-11-26", *times) == [1, 0, 0, 0, 1, 1]


def test_minutes_move_dusk_and_dawn() -> None:
    late = program(Span(since="dusk+30", until="dawn-60", set=1))
    times = ("06:34", "06:37", "17:25", "17:30")
    assert values(late, "2026-11-26", *times) == [1, 0, 0, 1]


def test_a_higher_sun_is_an_earlier_dusk() -> None:
    early = program(NIGHT, elevation=-0.83)  # sunset: 16:15:02
    assert values(early, "2026-11-26", "16:13", "16:17") == [0, 1]


def test_the_change_is_told_with_its_reason() -> None:
    wanted = program(NIGHT).at(local("2026-11-26 20:00"))
    assert wanted.value == 1
    assert wanted.until is not None
    assert abs(wanted.until - local("2026-11-27 07:37:10")) < timedelta(minutes=1)
    assert wanted.why["en"] == "from dusk (16:57) until dawn (07:37)"
    assert wanted.why["ru"] == "с сумерек (16:57) до рассвета (07:37)"


def test_the_night_is_dimmed_only_while_it_is_night() -> None:
    dimmed = Span(since="dusk", until="dawn", set=100,
                  within=(Span(since="23:00", until="05:00", set=40),))  # fmt: skip
    winter = values(program(dimmed), "2026-12-20", "22:59", "23:00", "04:59", "05:00")
    # Dawn of 21 June is at 03:00: nothing burns in the light, dimmed or not.
    summer = values(program(dimmed), "2026-06-21", "02:50", "03:10", "04:59", "05:01")
    assert (winter, summer) == ([100, 40, 40, 100], [40, 0, 0, 0])


def test_what_would_end_before_it_begins_is_not_there() -> None:
    morning_and_evening = program(
        Span(since="05:00", until="dawn", set=1), Span(since="dusk", until="21:30", set=1)
    )
    # On 21 June dawn is at 03:00 and dusk at 22:02: neither span has anything left.
    summer = [f"{hour:02}:45" for hour in range(24)]
    assert values(morning_and_evening, "2026-06-21", *summer) == [0] * 24
    assert values(morning_and_evening, "2026-11-26", "04:59", "05:01", "21:29", "21:31") == [
        0, 1, 1, 0,
    ]  # fmt: skip


def test_a_short_white_night_is_not_turned_inside_out_by_minutes() -> None:
    # St Petersburg, 21 June: dusk and dawn by -6 degrees are an hour apart.
    late = program(Span(since="dusk+60", until="dawn-60", set=1), at="petersburg")
    assert values(late, "2026-06-21", *(f"{hour:02}:30" for hour in range(24))) == [0] * 24


def test_in_the_polar_night_it_is_night_all_day() -> None:
    dark = program(NIGHT, at="murmansk", elevation=0)
    assert values(dark, "2026-12-22", "00:00", "06:00", "12:00", "12:45", "13:00", "18:00") == (
        [1] * 6
    )
    assert dark.at(local("2026-12-22 12:00")).until is None


def test_in_the_polar_night_dusk_until_an_hour_ends_at_that_hour() -> None:
    evening = program(Span(since="dusk", until="23:00", set=1), at="murmansk", elevation=0)
    assert values(evening, "2026-12-22", "12:00", "13:00", "22:59", "23:01") == [0, 1, 1, 0]


def test_in_the_polar_day_it_is_never_night() -> None:
    light = program(NIGHT, at="murmansk")
    assert values(light, "2026-06-22", *(f"{hour:02}:55" for hour in range(24))) == [0] * 24


def test_a_day_of_the_calendar_is_the_night_that_begins_on_it() -> None:
    festive = CalendarEntry(since="12-31", spans=(Span(set=100, since="dusk", until="dawn"),))
    usual = Span(since="dusk", until="dawn", set=50)
    schedule = program(usual, calendar=(festive,))
    assert values(schedule, "2026-12-31", "03:00", "20:00") == [50, 100]
    assert values(schedule, "2027-01-01", "03:00", "20:00") == [100, 50]


def test_a_day_of_traffic_is_from_midnight_to_midnight() -> None:
    weekend = CalendarEntry(weekdays=("sat", "sun"), spans=(Span(set=3),))
    schedule = program(
        Span(since="07:00", until="10:00", set=2), otherwise=1, kind=ProgramKind.TRAFFIC,
        calendar=(weekend,),
    )  # fmt: skip
    assert values(schedule, "2026-11-27", "08:00", "23:59") == [2, 1]  # a Friday
    assert values(schedule, "2026-11-28", "00:00", "08:00") == [3, 3]


@pytest.mark.parametrize(
    ("entry", "day", "expected"),
    [
        (CalendarEntry(since="12-25", until="01-08"), "2027-01-08", 7),
        (CalendarEntry(since="12-25", until="01-08"), "2027-01-09", 0),
        (CalendarEntry(since="05-09"), "2031-05-09", 7),
        (CalendarEntry(since="2026-05-09"), "2027-05-09", 0),
        (CalendarEntry(since="2026-05-01", until="2026-05-09"), "2026-05-09", 7),
        (CalendarEntry(since="06-01", until="08-31", weekdays=("mon",)), "2026-06-01", 7),
        (CalendarEntry(since="06-01", until="08-31", weekdays=("mon",)), "2026-06-02", 0),
    ],
    ids=["over new year", "after", "yearly", "once", "period", "both fit", "one fits"],
)
def test_entries_of_the_calendar(entry: CalendarEntry, day: str, expected: float) -> None:
    with_span = CalendarEntry(
        since=entry.since, until=entry.until, weekdays=entry.weekdays, spans=(Span(set=7),)
    )
    schedule = program(kind=ProgramKind.TRAFFIC, calendar=(with_span,))
    assert values(schedule, day, "12:00") == [expected]


def test_an_hour_that_the_clocks_leave_out_and_one_that_comes_twice() -> None:
    # Berlin: 02:00-03:00 is left out on 29 March 2026, and comes twice on 25 October.
    early = program(Span(since="02:30", until="04:00", set=1), zone=BERLIN)
    spring = [early.value(datetime(2026, 3, 29, hour, 29, tzinfo=UTC)) for hour in (0, 1, 2)]
    spring.append(early.value(datetime(2026, 3, 29, 1, 31, tzinfo=UTC)))
    autumn = [
        early.value(datetime(2026, 10, 25, hour, minute, tzinfo=UTC))
        for hour, minute in ((0, 29), (0, 31), (1, 15), (2, 59), (3, 1))
    ]
    assert spring == [0, 0, 0, 1]
    assert autumn == [0, 1, 1, 1, 0]


ENDS = st.one_of(
    st.times().map(lambda each: f"{each:%H:%M}"),
    st.builds(
        lambda sun, minutes: f"{sun}{minutes:+d}",
        st.sampled_from(["dusk", "dawn"]),
        st.integers(-180, 180),
    ),
)
LEAVES = st.builds(Span, set=st.integers(0, 3), since=ENDS, until=ENDS)
SPANS = st.lists(
    st.builds(
        Span, set=st.integers(0, 3), since=ENDS, until=ENDS,
        within=st.lists(LEAVES, max_size=2).map(tuple),
    ),
    max_size=3,
).map(tuple)  # fmt: skip
SCHEDULES = st.builds(
    lambda kind, spans, weekend, zone, at: program(
        *spans, kind=kind, zone=zone, at=at,
        calendar=(CalendarEntry(weekdays=("sat", "sun"), spans=weekend),),
    ),
    st.sampled_from(ProgramKind), SPANS, SPANS, st.sampled_from([MOSCOW, BERLIN]),
    st.sampled_from(sorted(LATITUDES)),
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone comes beside it


@settings(max_examples=200, deadline=None)
@given(schedule=SCHEDULES, moment=MOMENTS, share=st.floats(0, 0.999))
def test_nothing_changes_before_the_change_that_is_told(
    schedule: Schedule, moment: datetime, share: float
) -> None:
    wanted = schedule.at(moment)
    until = wanted.until or moment + timedelta(days=7)
    assert schedule.value(moment + (until - moment) * share) == wanted.value
    assert wanted.until is None or schedule.value(wanted.until) != wanted.value
