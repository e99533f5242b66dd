"""A device without a profile: an address and some places on it, as a configuration in memory."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from adapters.document import Complaint, Document, complaints_of
from adapters.profile import Profile, SignalProfile
from core.configuration import EdgeConfiguration
from core.errors import ConfigError
from core.registry import Device, Endpoint

NAME = "device"  # of the device and the profile
POLL_S = 1.0
TYPES = {
    "bool": "bit",
    "uint16": "u16",
    "int16": "i16",
    "uint32": "u32",
    "int32": "i32",
    "uint64": "u64",
    "int64": "i64",
    "float32": "f32",
    "float": "f32",
    "float64": "f64",
    "double": "f64",
}  # fmt: skip - words of other tools for the types of a profile
BOTH = {"en": "as it is", "ru": "как есть"}


def one_off(
    endpoint: Endpoint,
    unit: str = "",
    *,
    registers: Sequence[str] = (),
    nodes: Sequence[str] = (),
    topic: str = "",
    fields: Sequence[str] = (),
) -> tuple[EdgeConfiguration, dict[str, Profile]]:
    """Make a configuration of one device on an endpoint, and its profile.

    registers: TABLE:ADDRESS[:TYPE[:ORDER]] each. ConfigError where an option is not for the
    endpoint's protocol, or is written wrong.
    """
    address, protocol = endpoint.address, endpoint.protocol
    given = {"modbus": registers, "opcua": nodes, "mqtt": [topic] if topic else []}
    option = {"modbus": "--register", "opcua": "--node", "mqtt": "--topic"}
    for other, values in given.items():
        if values and other != protocol:
            raise ConfigError(f"{option[other]} is for {other}, but {address} is {protocol}")
    if protocol not in given:
        raise ConfigError(f"{address}: write a devices file to probe {protocol}")
    if not given[protocol]:
        raise ConfigError(f"{address}: wanted at least one {option[protocol]}")
    if fields and not topic:
        raise ConfigError("--field wants a --topic")
    addresses = list(_addresses(protocol, registers, nodes, topic, fields))
    profile = _profile(protocol, addresses)
    configuration = EdgeConfiguration(
        revision=0,
        edge=endpoint.edge,
        endpoints=(endpoint,),
        devices=(
            Device(
                id=NAME, profile=NAME, endpoint=endpoint.id, unit=unit or "1", name=BOTH, place=""
            ),
        ),
    )  # fmt: skip
    return configuration, {NAME: profile}


def _addresses(
    protocol: str,
    registers: Sequence[str],
    nodes: Sequence[str],
    topic: str,
    fields: Sequence[str],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what each place is called by whoever asked for it, and its address."""
    if protocol == "modbus":
        for register in registers:
            yield register, _register(register)
    elif protocol == "opcua":
        for node in nodes:
            yield node, {"node": node}
    else:
        for field in fields or [""]:
            yield field or topic, {"topic": topic, "field": field}


def _register(text: str) -> dict[str, Any]:
    table, _, rest = text.partition(":")
    place, *more = rest.split(":")
    if not place.isdecimal() or len(more) > 2:
        raise ConfigError(f"--register {text}: wanted TABLE:ADDRESS[:TYPE[:ORDER]]")
    bits = table in {"coil", "discrete"}
    kind = more[0] if more else ("bit" if bits else "u16")
    order = {"order": more[1]} if len(more) > 1 else {}
    return {"table": table, "address": int(place), "type": TYPES.get(kind, kind), **order}


def _profile(protocol: str, addresses: Sequence[tuple[str, dict[str, Any]]]) -> Profile:
    signals: list[SignalProfile] = []
    for asked, address in addresses:
        key = _key(asked, [signal.key for signal in signals])
        try:
            signal = SignalProfile.model_validate(
                {"key": key, "name": BOTH, "poll_s": POLL_S, protocol: address}
            )
        except ValidationError as error:
            wrong = [Complaint(each.location[1:], each.text) for each in complaints_of(error)]
            raise ConfigError(Document(asked, None).tell(wrong)) from error
        signals.append(signal)
    return Profile.model_validate(
        {
            "profile": NAME,
            "family": "edge",
            "protocol": protocol,
            "name": BOTH,
            "source": "made of the command's options",
            "signals": signals,
        }
    )


def _key(asked: str, taken: Sequence[str]) -> str:
    """Make a signal's key of what was asked for, without those that are taken."""
    words = re.sub(r"^(ns=\d+|nsu=[^;]*);", "", asked)
    key = re.sub(r"[^a-z0-9]+", "_", re.sub(r"^[isgb]=", "", words).lower()).strip("_")
    key = key if key[:1].isalpha() else f"at_{key}".rstrip("_")
    key = key[-36:].strip("_") if len(key) > 36 else key
    key = key if key[:1].isalpha() else f"at_{key}"
    found, number = key, 2
    while found in taken:
        found, number = f"{key}_{number}", number + 1
    return found
