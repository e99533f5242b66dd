"""What an edge reads: a numbered document, checked whole, and its last good copy on disk.

The gateway sends it as JSON; a person may write the same as YAML and leave out what has a default:

    endpoints:
      - {id: cellar, protocol: modbus, address: "modbus+tcp://192.0.2.7:502"}
    devices:
      - {id: meter-1, profile: generic-electricity-meter, endpoint: cellar, unit: 1}
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.address import FORMS
from adapters.document import Complaint, Document, complaints_of, parse_json, read_document
from adapters.profile import Profile
from adapters.registry import OPTIONS, PROTOCOLS
from core.configuration import EdgeConfiguration, RuleOverride
from core.errors import ConfigError
from core.registry import ADJUSTABLE, Device, Endpoint
from edge.contradictions import contradictions, unreachable
from edge.control.document import ProgramDocument

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


def _with_options(schema: dict[str, Any]) -> None:
    """Let an editor know the options of each protocol."""
    schema["allOf"] = [
        {
            "if": {"properties": {"protocol": {"const": protocol}}, "required": ["protocol"]},
            "then": {"properties": {"options": kind.model_json_schema()}},
        }
        for protocol, kind in OPTIONS.items()
    ]


class EndpointDocument(Strict):
    """The words are those of core.registry.Endpoint."""

    model_config = ConfigDict(json_schema_extra=_with_options)

    id: Annotated[Identifier, Field(description="your name for the line")]
    edge: Annotated[str, Field(description="id of the edge that reads it; default: this one")] = ""
    protocol: Annotated[str, Field(description=f"one of {', '.join(PROTOCOLS)}")]
    address: Annotated[str, Field(description=f"one of {', '.join(sum(FORMS.values(), ()))}")]
    options: Annotated[dict[str, Any], Field(description="the protocol's own; see adapters")] = {}
    secret: Annotated[str, Field(description="file in secrets_dir with username:password")] = ""


class DeviceDocument(Strict):
    """The words are those of core.registry.Device."""

    id: Annotated[Identifier, Field(description="your name for the device")]
    profile: Annotated[str, Field(description="its model: the name of a profile")]
    endpoint: Annotated[str, Field(description="id of the line that it is on")]
    unit: Annotated[
        str,
        Field(
            description="what {unit} in the profile stands for; Modbus: 0-255",
            json_schema_extra={"type": ["string", "integer"]},
        ),
    ]
    name: Annotated[dict[str, str], Field(description="by language: en and ru")] = {}
    place: Annotated[str, Field(description="id of a place in the registry")] = ""
    options: Annotated[dict[str, Any], Field(description="the model's own; see adapters")] = {}
    serial: Annotated[str, Field(description="the maker's number of it, for people")] = ""


class OverrideDocument(Strict):
    """The words are those of core.configuration.RuleOverride."""

    device: Annotated[str, Field(description="id of a device of this file")]
    rule: Annotated[str, Field(description="key of an alarm of its profile")]
    set: Annotated[
        dict[str, Any],
        Field(description=f"new values, by {', '.join(ADJUSTABLE)}"),
    ]


class ConfigurationDocument(Strict):
    """The words are those of core.configuration.EdgeConfiguration."""

    revision: Annotated[int, Field(ge=0, description="number of the document")] = 0
    edge: Annotated[str, Field(description="id of the edge that it is for; default: any")] = ""
    endpoints: tuple[EndpointDocument, ...] = ()
    devices: tuple[DeviceDocument, ...] = ()
    overrides: tuple[OverrideDocument, ...] = ()
    programs: tuple[ProgramDocument, ...] = ()


def _nothing(*_given: object) -> tuple[Complaint, ...]:
    """Stand in for a further check that nobody asked for."""
    return ()


def read_configuration(
    document: Document,
    edge: str,
    profiles: Mapping[str, Profile],
    further: Callable[[Mapping[str, Any], Mapping[str, Profile]], Iterable[Complaint]] = _nothing,
) -> EdgeConfiguration:
    """Turn a document into a configuration for `edge`, or say everything that is wrong with it.

    further: finds what else is not to be let through.
    """
    content = document.content
    if not isinstance(content, Mapping):
        wanted = Complaint((), f"wanted a mapping of keys, found {type(content).__name__}")
        raise ConfigError(document.tell([wanted]))
    wrong = [
        *document.repeated,
        *contradictions(content, edge, profiles),
        *further(content, profiles),
    ]
    try:
        found = ConfigurationDocument.model_validate(content)
    except ValidationError as error:
        raise ConfigError(document.tell([*wrong, *complaints_of(error)])) from error
    if wrong:
        raise ConfigError(document.tell(wrong))
    return EdgeConfiguration(
        revision=found.revision,
        edge=edge,
        endpoints=tuple(
            Endpoint(**{**each.model_dump(), "edge": edge}) for each in found.endpoints
        ),
        devices=tuple(
            Device(**{**each.model_dump(), "name": each.name or {"en": each.id, "ru": each.id}})
            for each in found.devices
        ),
        overrides=tuple(RuleOverride(**each.model_dump()) for each in found.overrides),
        programs=tuple(each.as_program() for each in found.programs),
    )


def load_configuration(path: Path, edge: str, profiles: Mapping[str, Profile]) -> EdgeConfiguration:
    """Read a document that a person wrote, as YAML (or JSON, which YAML contains)."""
    return read_configuration(read_document(path), edge, profiles, unreachable)


class LastGood:
    """The copy of the configuration in force, so that an edge starts without its gateway."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "configuration.json"

    def load(self, edge: str, profiles: Mapping[str, Profile]) -> EdgeConfiguration:
        """Give the copy, or an empty configuration of revision 0 where there is none yet.

        ConfigError where there is one that cannot be used.
        """
        try:
            text = self._path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return EdgeConfiguration(revision=0, edge=edge)
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}") from error
        return read_configuration(parse_json(str(self._path), text), edge, profiles)

    def save(self, configuration: EdgeConfiguration) -> None:
        """Replace the copy; a power cut leaves the old one or the new one."""
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(configuration), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
