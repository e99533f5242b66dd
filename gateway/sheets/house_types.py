"""House types: the devices of a house written down once, and laid out for each house by a row.

A file holds, by the name of the type, what every house of it has:

    panel-9:
      parameters: [converter]           # columns of the sheet that a row of this type fills
      endpoints:
        - {id: "{house}-meters", line: "modbus+tcp://{converter}:502"}
      devices:
        - for: {flat: 1-60}             # once for each
          asset: "water-{house}-{flat}"
          kind: water_meter
          name: {ru: "Счётчик воды, кв. {flat}", en: "Water meter, flat {flat}"}
          profile: generic-water-meter
          endpoint: "{house}-meters"
          unit: "{flat+100}"
          fed_by: "main-{house}"        # the asset without which it does not work
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import yaml

from core.errors import ConfigError
from core.text import Text
from gateway.sheets.faults import Faults

HOLE = re.compile(r"\{([a-z_]+)([+-]\d+)?\}")
NUMBERS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
MOST_DEVICES = 5000  # of one house
MOST_BYTES = 5_000_000
HOUSE = "house"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An endpoint of a house. line: its address. edge: otherwise that of the row."""

    id: str
    line: str
    edge: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A device of a house, or many. repeat: by name, the numbers it is there for."""

    asset: str
    kind: str
    profile: str
    endpoint: str
    unit: str
    name: Text = field(default_factory=dict)
    device: str = ""
    owner: str = ""
    serial: str = ""
    fed_by: str = ""
    repeat: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseType:
    parameters: tuple[str, ...] = ()
    endpoints: tuple[Line, ...] = ()
    devices: tuple[Pattern, ...] = ()

    def of(
        self, values: Mapping[str, str], where: str, faults: Faults
    ) -> tuple[list[Line], list[tuple[str, Pattern]]]:
        """Lay it out for a house. values: by parameter, and of the house.

        Gives the endpoints, and the devices each with the place where it stands in the type.
        """
        for name in self.parameters:
            if not values.get(name):
                faults.add(where, f"{name}: the house type asks for it, and the cell is empty")
        lines = [_filled(line, values, where, faults) for line in self.endpoints]
        devices = []
        for number, pattern in enumerate(self.devices):
            for chosen in pattern_values(pattern):
                label = "".join(f", {name} {value}" for name, value in chosen.items())
                inner = f"{where}: devices[{number}]{label}"
                devices.append((inner, _filled(pattern, {**values, **chosen}, inner, faults)))
        return lines, devices


def pattern_values(pattern: Pattern) -> Iterator[dict[str, str]]:
    """Give the values of `for`, one after another."""
    ranges = [numbers(words) for words in pattern.repeat.values()]
    for chosen in product(*ranges):
        yield dict(zip(pattern.repeat, map(str, chosen), strict=True))


def numbers(words: str) -> range:
    """Understand `1-60` or `7`. ValueError where it is neither."""
    found = NUMBERS.fullmatch(words.strip())
    if found is None:
        raise ValueError(f"wanted a range like 1-60, found {words!r}")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(f"wanted a range that grows, found {words!r}")
    return range(first, last + 1)


def read_house_types(path: Path) -> dict[str, HouseType]:
    """Read a file of house types. ConfigError tells everything that is wrong with it."""
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            raise ConfigError(f"{path}: is larger than {MOST_BYTES // 1_000_000} MB")
        raw = yaml.safe_load(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(raw, dict) or not raw:
        raise ConfigError(f"{path}: wanted house types by their names")
    wrong: list[str] = []
    types = {}
    for name, entry in raw.items():
        found = _house_type(entry, wrong, f"{path}: {name}")
        if found is not None:
            types[str(name)] = found
            wrong += [f"{path}: {name}.{fault}" for fault in _wrong_with(found)]
    if wrong:
        raise ConfigError("\n".join(wrong))
    return types


def _house_type(entry: Any, wrong: list[str], where: str) -> HouseType | None:
    if not isinstance(entry, dict):
        wrong.append(f"{where}: wanted a mapping of keys, found {type(entry).__name__}")
        return None
    parts: dict[str, Any] = dict(entry)
    known = len(wrong)
    wrong += [f"{where}.{key}: there is no such key" for key in set(parts) - _keys(HouseType)]
    for part, kind in (("endpoints", Line), ("devices", Pattern)):
        made = []
        for number, one in enumerate(parts.get(part) or ()):
            place = f"{where}.{part}[{number}]"
            if not isinstance(one, dict):
                wrong.append(f"{place}: wanted a mapping of keys, found {type(one).__name__}")
                continue
            keys = {"repeat" if key == "for" else str(key): value for key, value in one.items()}
            wrong += [f"{place}.{key}: there is no such key" for key in set(keys) - _keys(kind)]
            try:
                made.append(msgspec.convert(keys, kind, strict=False))
            except msgspec.ValidationError as error:
                wrong.append(f"{place}: {error}")
        parts[part] = made
    if len(wrong) > known:
        return None
    try:
        return msgspec.convert(parts, HouseType)
    except msgspec.ValidationError as error:
        wrong.append(f"{where}: {error}")
        return None


def _keys(kind: type[Any]) -> set[str]:
    return {each.name for each in fields(kind)}


def _wrong_with(found: HouseType) -> Iterator[str]:
    """Find holes that nothing fills, ranges that are none, and houses that are too large."""
    common = {HOUSE, *found.parameters}
    for number, line in enumerate(found.endpoints):
        yield from _open_holes(f"endpoints[{number}]", line, common)
    count = 0
    for number, pattern in enumerate(found.devices):
        yield from _open_holes(f"devices[{number}]", pattern, common | set(pattern.repeat))
        size = 1
        for name, words in pattern.repeat.items():
            try:
                size *= len(numbers(words))
            except ValueError as error:
                yield f"devices[{number}].for.{name}: {error}"
        count += size
    if count > MOST_DEVICES:
        yield f"devices: {count} of one house are more than {MOST_DEVICES}"


def _open_holes(where: str, entry: Any, known: set[str]) -> Iterator[str]:
    for name, text in _texts(entry):
        for hole, _ in HOLE.findall(text):
            if hole not in known:
                there = ", ".join(sorted(known))
                yield f"{where}.{name}: nothing fills {{{hole}}}; there are {there}"


def _texts(entry: Any) -> Iterator[tuple[str, str]]:
    for each in fields(entry):
        value = getattr(entry, each.name)
        if isinstance(value, str):
            yield each.name, value
        elif each.name == "name":
            yield from ((f"name.{language}", text) for language, text in value.items())


def _filled(entry: Any, values: Mapping[str, str], where: str, faults: Faults) -> Any:
    """Put values into the holes of all texts of an entry."""

    def value_of(hole: re.Match[str]) -> str:
        value, shift = values.get(hole[1], ""), hole[2]
        if shift is None:
            return value
        if not value.isdecimal():
            faults.add(where, f"{hole[0]} wants a number, found {value!r}")
            return ""
        return str(int(value) + int(shift))

    def fill(text: str) -> str:
        return HOLE.sub(value_of, text)

    changed: dict[str, Any] = {}
    for each in fields(entry):
        value = getattr(entry, each.name)
        if isinstance(value, str):
            changed[each.name] = fill(value)
        elif each.name == "name":
            changed["name"] = {language: fill(text) for language, text in value.items()}
    return replace(entry, **changed)
