"""Everything that is wrong with a program is told."""

from dataclasses import replace

from core.program import CalendarEntry, Program, ProgramKind, Span, faults, governed_twice

GOOD = Program(
    id="night", kind=ProgramKind.LIGHTING, devices=("cab-1",), signal="contactor",
    zone="Europe/Moscow", latitude=54.2, longitude=37.6,
    spans=(Span(since="dusk+15", until="dawn-180", set=1),),
    calendar=(CalendarEntry(since="12-31", until="01-08", weekdays=("sat",)),),
)  # fmt: skip


def told(**changes: object) -> list[tuple[str, str]]:
    found = faults(replace(GOOD, **changes))  # type: ignore[arg-type]
    return [(".".join(map(str, way)), text) for way, text in found]


def test_a_good_program_has_no_faults() -> None:
    assert told() == []


def test_all_faults_are_told_at_once() -> None:
    found = told(
        devices=("a", "a"),
        signal="",
        zone="Europe/Moskau",
        latitude=91.0,
        elevation=-40.0,
        override_s=0.0,
        otherwise=float("nan"),
    )
    assert [where for where, _ in found] == [
        "devices", "signal", "zone", "latitude", "elevation", "override_s", "otherwise",
    ]  # fmt: skip
    assert found[2][1] == "wanted a time zone like Europe/Moscow, found 'Europe/Moskau'"


def test_a_zone_is_no_way_out_of_the_folder_of_zones() -> None:
    assert [where for where, _ in told(zone="../../etc/passwd")] == ["zone"]


def test_faults_of_spans_say_where_they_are() -> None:
    inner = Span(set=float("inf"), since="24:00", until="dusk+181")
    assert told(spans=(Span(set=1, within=(inner,)),)) == [
        ("spans.0.within.0.since",
         "wanted a time like 23:30, or dusk, dawn, dusk+15, dawn-20, found '24:00'"),
        ("spans.0.within.0.until", "wanted at most 180 minutes from dusk, found 'dusk+181'"),
        ("spans.0.within.0.set", "wanted a number, found inf"),
    ]  # fmt: skip


def test_spans_lie_at_most_three_deep() -> None:
    deep = Span(set=1, within=(Span(set=1, within=(Span(set=1, within=(Span(set=1),)),)),))
    assert [where for where, _ in told(spans=(deep,))] == ["spans.0.within.0.within.0.within"]


def test_faults_of_the_calendar_say_where_they_are() -> None:
    entries = (
        CalendarEntry(),
        CalendarEntry(until="01-08"),
        CalendarEntry(since="02-30"),
        CalendarEntry(since="02-29", until="2026-03-01"),
        CalendarEntry(since="2026-03-02", until="2026-03-01"),
        CalendarEntry(weekdays=("mon", "sunday")),
    )
    assert [where for where, _ in told(calendar=entries)] == [
        "calendar.0", "calendar.1", "calendar.1.since", "calendar.2.since", "calendar.3.until",
        "calendar.4.until", "calendar.5.weekdays.1",
    ]  # fmt: skip


def test_two_programs_do_not_set_the_same_signal() -> None:
    other = replace(GOOD, id="other")
    elsewhere = replace(GOOD, id="elsewhere", signal="level")
    assert list(governed_twice([GOOD, other, elsewhere])) == [
        (1, "cab-1.contactor is set by night already")
    ]


def test_values_and_the_need_of_the_sun_are_found_in_all_spans() -> None:
    inner = Span(set=40, since="dusk", until="22:00")
    entry = CalendarEntry(since="01-01", spans=(Span(set=7, within=(inner,)),))
    nested = replace(GOOD, spans=(), calendar=(entry,))
    assert (nested.values, nested.needs_sun) == ({0.0, 7.0, 40.0}, True)
