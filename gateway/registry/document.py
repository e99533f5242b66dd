"""Reads a registry document and finds everything that is wrong with it, not only the first."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from core.errors import DomainError
from core.feeds import Feeds
from core.metering import wrong_in_billing, wrong_in_meters, wrong_in_tariffs
from core.program import DEEPEST, CalendarEntry, Span
from core.registry import ADJUSTABLE, Registry
from core.route import wrong_in_routes
from gateway.registry.programs import wrong_programs
from gateway.registry.rows import PARTS

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
LONGEST_SERIAL, LONGEST_UNIT = 100, 200  # signs
# By part and field, the part in which the value must be found. An empty value refers to nothing.
REFERENCES = {
    "places": {"parent": "places"},
    "assets": {"place": "places"},
    "feeds": {"source": "assets", "target": "assets"},
    "edges": {"place": "places"},
    "endpoints": {"edge": "edges"},
    "devices": {"endpoint": "endpoints", "place": "places"},
    "bindings": {"asset": "assets", "device": "devices"},
    "executors": {"place": "places"},
    "routes": {"executor": "executors", "place": "places"},
    "overrides": {"device": "devices"},
    "programs": {"place": "places"},
    "meters": {"device": "devices"},
    "tariffs": {"place": "places"},
    "billing": {"place": "places"},
}
# Keys of an entry that hold lists of entries in turn.
NESTED = {"spans": Span, "within": Span, "calendar": CalendarEntry}
EMPTY, NOTHING = msgspec.Raw(b"[]"), msgspec.Raw(b"null")
OPTIONAL = {("places", "parent"), ("routes", "place"), ("overrides", "device")}


class BrokenRegistry(DomainError):
    """Refuse a document; `problems` lists what is wrong as (where, what)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(
            "invalid", f"The registry has {len(problems)} mistakes; nothing was taken."
        )
        self.problems = problems


def decode_registry(content: bytes) -> Registry:
    """Read a document and check every reference in it. BrokenRegistry lists all that is wrong."""
    problems: list[tuple[str, str]] = []
    parts: dict[str, Any] = {}
    try:
        # An entry after the other, so that millions of them are not there twice.
        raw = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        problems.extend(_unknown_keys("", raw, Registry))
        for part, (kind, _) in PARTS.items():
            parts[part] = tuple(_entries(part, raw.get(part, EMPTY), kind, problems))
        name = msgspec.json.decode(raw.get("name", NOTHING))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenRegistry([("document", f"cannot be read as a JSON object: {error}")]) from error
    try:
        registry = Registry(name=msgspec.convert(name, dict[str, str]), **parts)
    except msgspec.ValidationError as error:
        raise BrokenRegistry([*problems, ("name", str(error))]) from error
    if not registry.places and not problems:
        problems.append(("places", "there is none; a registry has at least its region"))
    if not problems:  # a reference to an entry that could not be read would be a false alarm
        problems = list(_broken_rules(registry))
    if problems:
        raise BrokenRegistry(problems)
    return registry


def _entries(
    part: str, raw: msgspec.Raw, kind: type[Any], problems: list[tuple[str, str]]
) -> Iterator[Any]:
    try:
        items = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        found = type(msgspec.json.decode(raw)).__name__
        problems.append((part, f"wanted a list, found {found}"))
        return
    for index, each in enumerate(items):
        item = msgspec.json.decode(each)
        where = f"{part}[{index}]"
        if not isinstance(item, dict):
            problems.append((where, f"wanted an object, found {type(item).__name__}"))
            continue
        problems.extend(_unknown_keys(f"{where}.", item, kind))
        try:
            yield msgspec.convert(item, kind)
        except msgspec.ValidationError as error:
            problems.append((where, str(error).replace(" - at `$", " - at `")))


def _unknown_keys(
    where: str, item: Mapping[str, Any], kind: type[Any]
) -> Iterator[tuple[str, str]]:
    known = {field.name for field in fields(kind)}
    for key, value in item.items():
        if key not in known:
            yield f"{where}{key}", f"there is no such key; there are {', '.join(sorted(known))}"
        elif key in NESTED and isinstance(value, list) and where.count("within") < DEEPEST:
            for index, part in enumerate(value):
                if isinstance(part, dict):
                    yield from _unknown_keys(f"{where}{key}[{index}].", part, NESTED[key])


def _broken_rules(registry: Registry) -> Iterator[tuple[str, str]]:
    yield from _identifiers(registry)
    yield from _lengths(registry)
    yield from _references(registry)
    yield from _places_that_turn(registry)
    yield from _positions(registry)
    yield from _dates(registry)
    yield from _overrides(registry)
    yield from wrong_programs(registry)
    for part, wrong in (
        ("meters", wrong_in_meters(registry.meters)),
        ("tariffs", wrong_in_tariffs(registry.tariffs)),
        ("billing", wrong_in_billing(registry.billing)),
        ("routes", wrong_in_routes(registry.routes)),
    ):
        for where, what in wrong:
            yield f"{part}{where}", what
    try:
        Feeds(registry.feeds)
    except DomainError as error:
        yield "feeds", str(error)


def _identifiers(registry: Registry) -> Iterator[tuple[str, str]]:
    for part in REFERENCES:
        names = [entry.id for entry in getattr(registry, part) if hasattr(entry, "id")]
        for index, name in enumerate(names):
            if not IDENTIFIER.fullmatch(name):
                yield (
                    f"{part}[{index}].id",
                    f"wanted up to 64 of a-z 0-9 . _ - beginning with a letter or digit, "
                    f"found {name!r}",
                )
        for name, count in Counter(names).items():
            if count > 1:
                yield part, f"{name!r} is there {count} times"


def _lengths(registry: Registry) -> Iterator[tuple[str, str]]:
    for index, device in enumerate(registry.devices):
        for field, longest in (("serial", LONGEST_SERIAL), ("unit", LONGEST_UNIT)):
            if (length := len(getattr(device, field))) > longest:
                yield f"devices[{index}].{field}", f"wanted up to {longest} signs, found {length}"


def _references(registry: Registry) -> Iterator[tuple[str, str]]:
    known = {
        part: {entry.id for entry in getattr(registry, part)}
        for part in set().union(*(wanted.values() for wanted in REFERENCES.values()))
    }
    for part, references in REFERENCES.items():
        for index, entry in enumerate(getattr(registry, part)):
            for field, target in references.items():
                value = getattr(entry, field)
                if value not in known[target] and (value or (part, field) not in OPTIONAL):
                    yield f"{part}[{index}].{field}", f"there is no {value!r} in {target}"


def _places_that_turn(registry: Registry) -> Iterator[tuple[str, str]]:
    parents = {place.id: place.parent for place in registry.places}
    for index, place in enumerate(registry.places):
        above, seen = place.parent, {place.id}
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above == place.id:
            yield f"places[{index}].parent", f"{place.id!r} would lie within itself"


def _positions(registry: Registry) -> Iterator[tuple[str, str]]:
    for part in ("places", "assets"):
        for index, entry in enumerate(getattr(registry, part)):
            for field, limit in (("latitude", 90.0), ("longitude", 180.0)):
                degrees = getattr(entry, field)
                if degrees is not None and not -limit <= degrees <= limit:
                    yield (
                        f"{part}[{index}].{field}",
                        f"wanted -{limit:g} to {limit:g} degrees, found {degrees:g}",
                    )


def _dates(registry: Registry) -> Iterator[tuple[str, str]]:
    for part in ("feeds", "bindings"):
        for index, entry in enumerate(getattr(registry, part)):
            moments = [moment for moment in (entry.since, entry.until) if moment is not None]
            if not all(_has_zone(moment) for moment in moments):
                yield f"{part}[{index}]", "since and until need a time zone, like 2026-05-01T00:00Z"
            elif len(moments) == 2 and entry.until <= entry.since:
                yield f"{part}[{index}].until", "is not after since"


def _overrides(registry: Registry) -> Iterator[tuple[str, str]]:
    """Find what an override cannot mean. Whether a profile has such a rule only its edge knows."""
    profiles = {device.profile for device in registry.devices}
    seen = set()
    for index, entry in enumerate(registry.overrides):
        where, target = f"overrides[{index}]", (entry.device, entry.profile, entry.rule)
        if bool(entry.device) == bool(entry.profile):
            yield where, f"wanted a device or a profile, found {'both' if entry.device else 'none'}"
        if entry.profile and entry.profile not in profiles:
            yield f"{where}.profile", f"no device has the profile {entry.profile!r}"
        if not entry.rule:
            yield f"{where}.rule", "wanted the key of an alarm, found nothing"
        if target in seen:
            yield where, f"{entry.rule!r} of {entry.device or entry.profile} is there twice"
        seen.add(target)
        yield from _adjustments(f"{where}.set", entry.set)


def _adjustments(where: str, adjusted: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    if not adjusted:
        yield where, f"changes nothing; there are {', '.join(ADJUSTABLE)}"
    for key, value in adjusted.items():
        if key not in ADJUSTABLE:
            yield f"{where}.{key}", f"cannot be changed; there are {', '.join(ADJUSTABLE)}"
        elif key != "limit" and value < 0:
            yield f"{where}.{key}", f"wanted 0 or more, found {value:g}"


def _has_zone(moment: datetime) -> bool:
    return moment.tzinfo is not None
