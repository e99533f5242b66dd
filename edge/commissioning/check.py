"""Everything that is wrong with a file at once, and the JSON Schema of each kind of file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from adapters.document import Complaint, Document, mappings, read_document
from adapters.profile import Profile, bundled_profiles, read_profiles
from core.errors import ConfigError
from edge.commissioning.options import refused_options
from edge.configuration import ConfigurationDocument, read_configuration
from edge.contradictions import unreachable
from edge.inventory import Inventory
from edge.settings import EdgeSettings, load_settings

SCHEMAS: dict[str, type[BaseModel]] = {
    "devices": ConfigurationDocument,
    "edge": EdgeSettings,
    "profile": Profile,
}


def check(file: Path, folders: Sequence[Path] = ()) -> str:
    """Say what is in a settings or a devices file; ConfigError names everything that is wrong.

    folders: of device models beside the bundled ones.
    """
    document = read_document(file)
    if isinstance(document.content, dict) and {"id", "broker", "data_dir"} & set(document.content):
        return _check_settings(file)
    return _check_devices(document, folders)


def schema(kind: str) -> dict[str, Any]:
    """Give the JSON Schema of a kind of file, one of SCHEMAS."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SCHEMAS[kind].model_json_schema(),
    }


def _check_settings(file: Path) -> str:
    settings = load_settings(file)
    profiles, wrong = dict(bundled_profiles()), []
    for folder in settings.profiles:
        found, complaints = read_profiles(folder)
        profiles |= found
        wrong += complaints
    try:
        settings.broker_password()
    except ConfigError as error:
        wrong.append(str(error))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return f"{file}: edge {settings.id}, {len(profiles)} models, nothing wrong"


def _check_devices(document: Document, folders: Sequence[Path]) -> str:
    profiles, wrong = dict(bundled_profiles()), []
    for folder in folders:
        found, complaints = read_profiles(folder)
        profiles |= found
        wrong += complaints
    try:
        configuration = read_configuration(
            document, edge_of(document.content), profiles, further=_unusable
        )
    except ConfigError as error:
        raise ConfigError("\n".join([*wrong, str(error)])) from error
    if wrong:
        raise ConfigError("\n".join(wrong))
    inventory = Inventory(configuration, profiles)
    signals = sum(len(inventory.devices[each.id].model.signals) for each in configuration.devices)
    programs = f"{len(configuration.programs)} programs, " if configuration.programs else ""
    return (
        f"{document.source}: {len(configuration.endpoints)} endpoints, "
        f"{len(configuration.devices)} devices, {signals} signals, {programs}nothing wrong"
    )


def _unusable(content: Mapping[str, Any], profiles: Mapping[str, Profile]) -> Iterator[Complaint]:
    yield from unreachable(content, profiles)
    yield from refused_options(content)


def edge_of(content: Any) -> str:
    """Give the edge that a devices file is for: itself or its first line may say so."""
    if not isinstance(content, dict):
        return "edge"
    said = [content, *(endpoint for _, endpoint in mappings(content, "endpoints"))]
    return str(next((each["edge"] for each in said if each.get("edge")), "edge"))
