"""A file that people write or programs send, and where in it something is wrong."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from pydantic import BaseModel, ValidationError

from core.errors import ConfigError

Location: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and places in lists, from the outside in."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """text: what was wanted, what was found."""

    location: Location
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """source: the name that complaints begin with. lines: from 1, where they are known."""

    source: str
    content: Any
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    repeated: tuple[Complaint, ...] = ()

    def tell(self, complaints: Iterable[Complaint]) -> str:
        """Give a line each, in the order of the file: `source:line: key: wish, found value`."""
        ordered = sorted(complaints, key=lambda each: self.line(each.location))
        return "\n".join(dict.fromkeys(self._told(each) for each in ordered))

    def line(self, location: Location) -> int:
        """Give the line of a value, or of what it is missing in; 0 where no line is known."""
        way = tuple(map(str, location))
        while way and way not in self.lines:
            way = way[:-1]
        return self.lines.get(way, 0)

    def _told(self, complaint: Complaint) -> str:
        line = self.line(complaint.location)
        where = f"{self.source}:{line}" if line else self.source
        key = shown(complaint.location)
        return f"{where}: {key + ': ' if key else ''}{complaint.text}"


def shown(location: Location) -> str:
    """Write a location as people do: devices[0].unit."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).lstrip(".")


def read_document(path: Path) -> Document:
    """Read a file of YAML (or JSON, which YAML contains).

    ConfigError where it is not there or no YAML. A key that is there twice is left to `repeated`,
    for YAML takes the last one without a word.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot be read as YAML: it is not UTF-8: {error}") from error
    lines: dict[tuple[str, ...], int] = {}
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(str(path), None)
        repeated = tuple(_marked(node, (), lines, set()))
        return Document(str(path), loader.construct_document(node), lines, repeated)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: cannot be read as YAML: {_problem(error)}") from error


def parse_json(source: str, text: str | bytes) -> Document:
    """Read what a program wrote, many times faster than YAML. ConfigError where it is no JSON."""
    try:
        return Document(source, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: cannot be read as JSON: {error}") from error


def _marked(
    node: yaml.Node, location: Location, lines: dict[tuple[str, ...], int], seen: set[int]
) -> Iterator[Complaint]:
    """Note the line of everything below a node; give the keys that are there twice."""
    way = tuple(map(str, location))
    lines.setdefault(way, node.start_mark.line + 1)
    if id(node) in seen:  # an alias of what stands elsewhere
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _marked(item, (*location, place), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            within = (*location, str(key.value))
            if tuple(map(str, within)) in lines and key.value != "<<":
                yield Complaint(within, "it is there twice")
            lines[tuple(map(str, within))] = key.start_mark.line + 1
            yield from _marked(value, within, lines, seen)


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).replace("\n", " ")


def mappings(content: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
    """Give the items of a list that are mappings, with their places; nothing where it is none."""
    items = content.get(key)
    if not isinstance(items, (list, tuple)):
        return []
    return [(place, item) for place, item in enumerate(items) if isinstance(item, Mapping)]


def complaints_of(error: ValidationError, within: Location = ()) -> Iterator[Complaint]:
    """Turn each complaint of pydantic into one of ours. within: where the validated value is."""
    for item in error.errors(include_url=False):
        found: Any = item["input"]
        told = "" if isinstance(found, (dict, list, tuple, BaseModel)) else f", found {found!r}"
        wish = item["msg"].removeprefix("Value error, ")  # what pydantic puts before our own words
        yield Complaint((*within, *item["loc"]), f"{wish}{told}")
