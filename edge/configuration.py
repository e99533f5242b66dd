"""What an edge reads: a numbered document, checked whole, and its last good copy on disk.

The gateway sends it as JSON; a person may write the same as YAML and leave out what has a default:

    endpoints:
      - {id: cellar, protocol: modbus, address: "modbus+tcp://192.0.2.7:502"}
    devices:
      - {id: meter-1, profile: generic-electricity-meter, endpoint: cellar, unit: 1}
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.profile import AlarmProfile, Profile, complaints
from adapters.registry import PROTOCOLS
from core.configuration import EdgeConfiguration, RuleOverride
from core.errors import ConfigError
from core.registry import Device, Endpoint

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class EndpointDocument(Strict):
    """The words are those of core.registry.Endpoint."""

    id: Identifier
    edge: str = ""
    protocol: str
    address: str
    options: dict[str, Any] = {}
    secret: str = ""


class DeviceDocument(Strict):
    """The words are those of core.registry.Device."""

    id: Identifier
    profile: str
    endpoint: str
    unit: str
    name: dict[str, str] = {}
    place: str = ""
    options: dict[str, Any] = {}


class OverrideDocument(Strict):
    """The words are those of core.configuration.RuleOverride."""

    device: str
    rule: str
    set: dict[str, Any]


class Document(Strict):
    """The words are those of core.configuration.EdgeConfiguration."""

    revision: int = Field(0, ge=0)
    edge: str = ""
    endpoints: tuple[EndpointDocument, ...] = ()
    devices: tuple[DeviceDocument, ...] = ()
    overrides: tuple[OverrideDocument, ...] = ()


def read_configuration(
    content: object, source: str, edge: str, profiles: Mapping[str, Profile]
) -> EdgeConfiguration:
    """Turn a document into a configuration for `edge`, or say everything that is wrong with it.

    content: what YAML or JSON gave. source: the name that complaints begin with.
    """
    if not isinstance(content, Mapping):
        raise ConfigError(f"{source}: wanted a mapping of keys, found {type(content).__name__}")
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(complaints(source, error))) from error
    wrong = [f"{source}: {each}" for each in _contradictions(document, edge, profiles)]
    if wrong:
        raise ConfigError("\n".join(wrong))
    return EdgeConfiguration(
        revision=document.revision,
        edge=edge,
        endpoints=tuple(
            Endpoint(**{**each.model_dump(), "edge": edge}) for each in document.endpoints
        ),
        devices=tuple(
            Device(**{**each.model_dump(), "name": each.name or {"en": each.id, "ru": each.id}})
            for each in document.devices
        ),
        overrides=tuple(RuleOverride(**each.model_dump()) for each in document.overrides),
    )


def load_configuration(path: Path, edge: str, profiles: Mapping[str, Profile]) -> EdgeConfiguration:
    """Read a document that a person wrote, as YAML (or JSON, which YAML contains)."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    return read_configuration(content, str(path), edge, profiles)


def _contradictions(
    document: Document, edge: str, profiles: Mapping[str, Profile]
) -> Iterator[str]:
    if document.edge not in {"", edge}:
        yield f"edge: it is for {document.edge}, this is {edge}"
    endpoints = {each.id: each for each in document.endpoints}
    for identifier in _repeated(each.id for each in document.endpoints):
        yield f"endpoints: {identifier} is there twice"
    for number, endpoint in enumerate(document.endpoints):
        if endpoint.edge not in {"", edge}:
            yield f"endpoints[{number}].edge: it is for {endpoint.edge}, this is {edge}"
        if endpoint.protocol not in PROTOCOLS:
            yield (
                f"endpoints[{number}].protocol: {endpoint.protocol} is not known; "
                f"there are {', '.join(PROTOCOLS)}"
            )
    for identifier in _repeated(each.id for each in document.devices):
        yield f"devices: {identifier} is there twice"
    for endpoint_id, profile, unit in _repeated(
        (each.endpoint, each.profile, each.unit) for each in document.devices
    ):
        yield f"devices: unit {unit} of {profile} on {endpoint_id} is there twice"
    for number, device in enumerate(document.devices):
        yield from _device_contradictions(f"devices[{number}]", device, endpoints, profiles)
    devices = {each.id: each for each in document.devices}
    for number, override in enumerate(document.overrides):
        yield from _override_contradictions(f"overrides[{number}]", override, devices, profiles)


def _device_contradictions(
    key: str,
    device: DeviceDocument,
    endpoints: Mapping[str, EndpointDocument],
    profiles: Mapping[str, Profile],
) -> Iterator[str]:
    endpoint, profile = endpoints.get(device.endpoint), profiles.get(device.profile)
    if endpoint is None:
        yield f"{key}.endpoint: {device.id} is on {device.endpoint}, which is not there"
    if profile is None:
        yield f"{key}.profile: {device.profile} is not known"
    if endpoint and profile and endpoint.protocol != profile.protocol:
        yield (
            f"{key}: {device.profile} speaks {profile.protocol}, "
            f"but {device.endpoint} is {endpoint.protocol}"
        )


def _override_contradictions(
    key: str,
    override: OverrideDocument,
    devices: Mapping[str, DeviceDocument],
    profiles: Mapping[str, Profile],
) -> Iterator[str]:
    device = devices.get(override.device)
    if device is None:
        yield f"{key}.device: {override.device} is not there"
        return
    profile = profiles.get(device.profile)
    if profile is None:
        return  # said already
    alarm = next((each for each in profile.alarms if each.key == override.rule), None)
    if alarm is None:
        yield f"{key}.rule: {device.profile} has no alarm {override.rule}"
        return
    try:
        overridden(alarm, override.set)
    except ValidationError as error:
        yield from complaints(f"{key}.set", error)


def overridden(alarm: AlarmProfile, changes: Mapping[str, object]) -> AlarmProfile:
    """Give an alarm of a profile with some keys changed."""
    return AlarmProfile.model_validate({**alarm.model_dump(), **changes})


def _repeated(items: Iterator[Any]) -> list[Any]:
    return [item for item, times in Counter(items).items() if times > 1]


class LastGood:
    """The copy of the configuration in force, so that an edge starts without its gateway."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "configuration.json"

    def load(self, edge: str, profiles: Mapping[str, Profile]) -> EdgeConfiguration:
        """Give the copy, or an empty configuration of revision 0 where there is none yet."""
        if not self._path.exists():
            return EdgeConfiguration(revision=0, edge=edge)
        return load_configuration(self._path, edge, profiles)

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
