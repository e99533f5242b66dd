"""Programs as a person or the gateway writes them, and what in them contradicts the devices."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from adapters.document import Complaint, mappings
from adapters.profile import Profile
from core.program import (
    TWO_HOURS,
    CalendarEntry,
    Program,
    ProgramKind,
    Span,
    faults,
    governed_twice,
)
from core.sun import CIVIL_TWILIGHT
from edge.control.told import LONGEST_KEY, LONGEST_NAME, governed_name
from edge.interlocks import wrong_value

FAMILIES = {
    ProgramKind.LIGHTING: ("feeder_cabinet", "street_light"),
    ProgramKind.TRAFFIC: ("traffic_controller",),
}


def _as_written(found: object) -> object:
    """Undo what YAML makes of words: 23:30 is a number to the base of 60, 2026-12-31 a date."""
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 24 * 60:
        return f"{found // 60:02}:{found % 60:02}"
    return found.isoformat() if isinstance(found, date) else found


Written = Annotated[
    str,
    BeforeValidator(_as_written),
    WithJsonSchema({"type": ["string", "integer"]}),
]
TIME = "a local time like 23:30, or dusk, dawn, dusk+15, dawn-20 (minutes)"
DAY = "12-31 (each year) or 2026-12-31 (once)"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpanDocument(Strict):
    """The words are those of core.program.Span."""

    set: Annotated[float, Field(description="the value that is wanted, in the signal's unit")]
    since: Annotated[Written, Field(description=f"where it begins: {TIME}")] = "00:00"
    until: Annotated[Written, Field(description=f"where it ends: {TIME}")] = "00:00"
    within: Annotated[
        tuple["SpanDocument", ...], Field(description="what is wanted otherwise in parts of it")
    ] = ()

    def as_span(self) -> Span:
        return Span(
            set=self.set,
            since=self.since,
            until=self.until,
            within=tuple(each.as_span() for each in self.within),
        )


class CalendarDocument(Strict):
    """The words are those of core.program.CalendarEntry."""

    since: Annotated[Written, Field(description=f"first day: {DAY}")] = ""
    until: Annotated[Written, Field(description=f"last day: {DAY}; default: the first")] = ""
    weekdays: Annotated[
        tuple[str, ...], Field(description="mon, tue, wed, thu, fri, sat, sun; default: all")
    ] = ()
    spans: Annotated[
        tuple[SpanDocument, ...], Field(description="instead of the program's, on these days")
    ] = ()


class ProgramDocument(Strict):
    """The words are those of core.program.Program."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
    kind: Annotated[
        ProgramKind, Field(description="its day is from noon to noon, or from midnight to midnight")
    ]
    devices: Annotated[tuple[str, ...], Field(description="ids of devices of this file")]
    signal: Annotated[str, Field(description="key of the signal of their models that it sets")]
    zone: Annotated[str, Field(description="time zone of its times, like Europe/Moscow")]
    name: Annotated[dict[str, str], Field(description="by language: en and ru")] = {}
    place: Annotated[str, Field(description="id of a place in the registry")] = ""
    latitude: Annotated[float | None, Field(description="degrees; for dusk and dawn")] = None
    longitude: Annotated[float | None, Field(description="degrees; for dusk and dawn")] = None
    elevation: Annotated[
        float, Field(description="of the sun at dusk and dawn, degrees; -0.83 is sunset")
    ] = CIVIL_TWILIGHT
    spans: Annotated[tuple[SpanDocument, ...], Field(description="the first that fits counts")] = ()
    otherwise: Annotated[float, Field(description="what is wanted outside all spans")] = 0.0
    calendar: Annotated[
        tuple[CalendarDocument, ...], Field(description="the first that fits a day counts")
    ] = ()
    override_s: Annotated[
        float, Field(description="for how long a dispatcher's command holds, seconds")
    ] = TWO_HOURS

    def as_program(self) -> Program:
        entries = (
            CalendarEntry(
                since=each.since,
                until=each.until,
                weekdays=each.weekdays,
                spans=tuple(span.as_span() for span in each.spans),
            )
            for each in self.calendar
        )
        own = {name: getattr(self, name) for name in type(self).model_fields}
        spans = tuple(each.as_span() for each in self.spans)
        return Program(**{**own, "spans": spans, "calendar": tuple(entries)})


def programs_in(content: Mapping[str, Any]) -> Iterator[tuple[int, Program]]:
    """Give the programs of a document that have the right shape, with their places."""
    for place, each in mappings(content, "programs"):
        known = {key: each[key] for key in each if key in ProgramDocument.model_fields}
        try:
            yield place, ProgramDocument.model_validate(known).as_program()
        except ValidationError:
            continue  # told with the whole document


def wrong_programs(
    content: Mapping[str, Any],
    devices: Mapping[str, Mapping[str, Any]],
    profiles: Mapping[str, Profile],
) -> Iterator[Complaint]:
    """Give what is wrong with programs beyond their shape. devices: of the document, by id."""
    programs = list(programs_in(content))
    for place, program in programs:
        key = ("programs", place)
        for way, wrong in faults(program):
            yield Complaint((*key, *way), wrong)
        if program.needs_sun and program.position is None:
            yield Complaint(key, "wanted latitude and longitude, for dusk and dawn")
        for number, device in enumerate(program.devices):
            where = (*key, "devices", number)
            if device not in devices:
                yield Complaint(where, f"{device} is not there")
            elif profile := profiles.get(str(devices[device].get("profile"))):
                yield from _unfit(where, program, device, profile)
    for number, wrong in governed_twice([program for _, program in programs]):
        yield Complaint(("programs", programs[number][0]), wrong)


def _unfit(
    where: tuple[str | int, ...], program: Program, device: str, profile: Profile
) -> Iterator[Complaint]:
    """Give why a device cannot do what a program wants."""
    if profile.family not in FAMILIES[program.kind]:
        wanted = " or ".join(FAMILIES[program.kind])
        text = f"a program of {program.kind} is for a {wanted}; {device} is a {profile.family}"
        yield Complaint(where, text)
        return
    try:
        signal = profile.signal(program.signal)
    except KeyError:
        known = ", ".join(each.key for each in profile.signals if each.writable)
        text = f"{profile.profile} has no signal {program.signal}; it can set {known or 'nothing'}"
        yield Complaint((*where[:2], "signal"), text)
        return
    name = governed_name(profile.profile, {program.signal: program.kind})
    if len(program.signal) > LONGEST_KEY or len(name) > LONGEST_NAME:
        text = f"the names {profile.profile} and {program.signal} are too long to be told together"
        yield Complaint(where, text)
    for value in sorted(program.values):
        if wrong := wrong_value(f"{device}.{signal.key}", signal, value):
            yield Complaint(where, wrong.rstrip("."))
