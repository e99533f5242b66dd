"""What in a configuration document contradicts itself, the device models, or the edge.

All of it is looked for in what YAML or JSON gave, so that one word of a wrong shape hides nothing
that is wrong elsewhere; what has a wrong shape itself is passed over, for that is told already.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from adapters.address import wrong_with_address, wrong_with_unit
from adapters.document import Complaint, complaints_of, mappings
from adapters.profile import AlarmProfile, Profile
from adapters.registry import PROTOCOLS
from core.registry import ADJUSTABLE
from edge.control.document import programs_in, wrong_programs
from edge.control.told import Governed, governed, governed_signals


def contradictions(
    content: Mapping[str, Any], edge: str, profiles: Mapping[str, Profile]
) -> Iterator[Complaint]:
    """Give everything that is wrong beyond the shape of a document for `edge`."""
    if _word(content, "edge") not in {"", edge}:
        yield Complaint(("edge",), f"it is for {content['edge']}, this is {edge}")
    yield from _twice(content, "endpoints", lambda each: (_word(each, "id"),), "{}")
    yield from _twice(content, "devices", lambda each: (_word(each, "id"),), "{}")
    yield from _twice(content, "programs", lambda each: (_word(each, "id"),), "{}")
    yield from _twice(
        content,
        "devices",
        lambda each: (_word(each, "unit"), _word(each, "profile"), _word(each, "endpoint")),
        "unit {} of {} on {}",
    )
    endpoints = {_word(each, "id"): each for _, each in mappings(content, "endpoints")}
    devices = {_word(each, "id"): each for _, each in mappings(content, "devices")}
    for place, endpoint in mappings(content, "endpoints"):
        yield from _about_endpoint(place, endpoint, edge)
    for place, device in mappings(content, "devices"):
        yield from _about_device(place, device, endpoints, profiles)
    wrong = list(wrong_programs(content, devices, profiles))
    # What a program that cannot run would bring is not there.
    programs = [] if wrong else [program for _, program in programs_in(content)]
    programmed = governed_signals(programs)
    for place, override in mappings(content, "overrides"):
        yield from _about_override(place, override, devices, profiles, programmed)
    yield from wrong


def unreachable(content: Mapping[str, Any], profiles: Mapping[str, Profile]) -> Iterator[Complaint]:
    """Give the addresses and units under which nothing can be.

    A person who writes a file wants to hear of them. In the gateway's document they are no reason
    to refuse it: such a line tells that it is refused, and the others work.
    """
    for place, endpoint in mappings(content, "endpoints"):
        protocol, address = _word(endpoint, "protocol"), _word(endpoint, "address")
        if address and (wrong := wrong_with_address(protocol, address)):
            yield Complaint(("endpoints", place, "address"), wrong)
    for place, device in mappings(content, "devices"):
        profile, unit = profiles.get(_word(device, "profile")), _word(device, "unit")
        if unit and profile and (wrong := wrong_with_unit(profile.protocol, unit)):
            yield Complaint(("devices", place, "unit"), wrong)


def overridden(alarm: AlarmProfile, changes: Mapping[str, object]) -> AlarmProfile:
    """Give an alarm of a profile with some keys changed."""
    return AlarmProfile.model_validate({**alarm.model_dump(), **changes})


def _about_endpoint(place: int, endpoint: Mapping[str, Any], edge: str) -> Iterator[Complaint]:
    key = ("endpoints", place)
    if _word(endpoint, "edge") not in {"", edge}:
        yield Complaint((*key, "edge"), f"it is for {endpoint['edge']}, this is {edge}")
    protocol = _word(endpoint, "protocol")
    if protocol and protocol not in PROTOCOLS:
        text = f"{protocol} is not known; there are {', '.join(PROTOCOLS)}"
        yield Complaint((*key, "protocol"), text)


def _about_device(
    place: int,
    device: Mapping[str, Any],
    endpoints: Mapping[str, Mapping[str, Any]],
    profiles: Mapping[str, Profile],
) -> Iterator[Complaint]:
    key = ("devices", place)
    identifier, line, model = (_word(device, each) for each in ("id", "endpoint", "profile"))
    endpoint, profile = endpoints.get(line), profiles.get(model)
    if line and endpoint is None:
        text = f"{identifier} is on {line}, which is not there{_near(line, endpoints)}"
        yield Complaint((*key, "endpoint"), text)
    if model and profile is None:
        yield Complaint((*key, "profile"), f"{model} is not known{_near(model, profiles)}")
    if profile is None:
        return
    spoken = _word(endpoint or {}, "protocol")
    if spoken and spoken != profile.protocol:
        yield Complaint(key, f"{model} speaks {profile.protocol}, but {line} is {spoken}")


def _about_override(
    place: int,
    override: Mapping[str, Any],
    devices: Mapping[str, Mapping[str, Any]],
    profiles: Mapping[str, Profile],
    programmed: Mapping[str, Governed],
) -> Iterator[Complaint]:
    key = ("overrides", place)
    name, rule = _word(override, "device"), _word(override, "rule")
    if name and name not in devices:
        yield Complaint((*key, "device"), f"{name} is not there{_near(name, devices)}")
    profile = profiles.get(_word(devices.get(name, {}), "profile"))
    if profile is None or not rule:
        return
    profile = governed(profile, programmed.get(name, {}))
    alarm = next((each for each in profile.alarms if each.key == rule), None)
    if alarm is None:
        near = _near(rule, {each.key: each for each in profile.alarms})
        yield Complaint((*key, "rule"), f"{profile.profile} has no alarm {rule}{near}")
        return
    changes = override.get("set")
    if not isinstance(changes, Mapping):
        return
    allowed = {word: value for word, value in changes.items() if word in ADJUSTABLE}
    for word in changes.keys() - allowed.keys():
        text = f"it cannot be changed; wanted one of {', '.join(ADJUSTABLE)}"
        yield Complaint((*key, "set", str(word)), text)
    try:
        overridden(alarm, allowed)
    except ValidationError as error:
        yield from complaints_of(error, (*key, "set"))


def _twice(
    content: Mapping[str, Any],
    key: str,
    name: Callable[[Mapping[str, Any]], tuple[str, ...]],
    form: str,
) -> Iterator[Complaint]:
    seen: set[Hashable] = set()
    for place, each in mappings(content, key):
        words = name(each)
        if all(words) and words in seen:
            yield Complaint((key, place), f"{form.format(*words)} is there twice")
        seen.add(words)


def _word(part: Mapping[str, Any], key: str) -> str:
    """Give a word as the document will read it; nothing where it is none."""
    found = part.get(key)
    return str(found) if isinstance(found, (str, int, float)) else ""


def _near(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, [each for each in known if each], n=1)
    return f"; did you mean {near[0]}?" if near else ""
