"""What opens a line for a probe or a scan: an address, its account, and the models there are."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from adapters.address import protocol_of, wrong_with_address
from adapters.contract import OpenAdapter
from adapters.profile import Profile, bundled_profiles, load_profiles
from adapters.registry import open_adapter
from core.errors import ConfigError
from core.registry import Endpoint
from edge.secrets import opener_with_secrets
from edge.settings import load_settings

LINE = "line"  # id of an endpoint that is nothing but an address
CERTIFICATES = Path("certificates")


@dataclass(frozen=True, slots=True)
class Access:
    """opener: protocol → open function, with accounts and certificates."""

    opener: Callable[[str], OpenAdapter]
    profiles: Mapping[str, Profile]


def access_of(config: Path | None, folders: Sequence[Path]) -> Access:
    """Take what an edge.yaml names, where there is one, and further folders of device models."""
    profiles, secrets_dir, certificates = dict(bundled_profiles()), None, CERTIFICATES
    if config is not None:
        settings = load_settings(config)
        profiles = settings.all_profiles()
        secrets_dir, certificates = settings.secrets_dir, settings.data_dir / "certificates"
    for folder in folders:
        profiles |= load_profiles(folder)
    return Access(opener_with_secrets(open_adapter, secrets_dir, certificates), profiles)


def endpoint_at(address: str, options: Sequence[str] = (), secret: str = "") -> Endpoint:
    """Give the endpoint of an address. options: KEY=VALUE each.

    ConfigError where no protocol takes the address, or an option is written wrong.
    """
    protocol = protocol_of(address)
    if protocol is None:
        raise ConfigError(f"{address}: no protocol is known for this address")
    if wrong := wrong_with_address(protocol, address):
        raise ConfigError(f"{address}: {wrong}")
    # A broker throws out whoever has the name of another.
    edge = f"probe-{secrets.token_hex(4)}"
    return Endpoint(
        id=LINE,
        edge=edge,
        protocol=protocol,
        address=address,
        options=dict(map(_option, options)),
        secret=secret,
    )


def _option(text: str) -> tuple[str, object]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise ConfigError(f"--option {text}: wanted KEY=VALUE")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"--option {text}: the value cannot be read as YAML") from error
