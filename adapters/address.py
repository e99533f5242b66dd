"""What can be said of an endpoint's address and a device's unit before anything is opened."""

from collections.abc import Mapping
from urllib.parse import urlsplit

FORMS: Mapping[str, tuple[str, ...]] = {
    "modbus": (
        "modbus+tcp://host:port",
        "modbus+rtutcp://host:port",
        "modbus+rtu:///dev/ttyUSB0?baud=9600",
    ),
    "opcua": ("opc.tcp://host:port",),
    "mqtt": ("mqtt://host:port", "mqtts://host:port"),
    "camera": ("http://host/path", "https://host/path", "rtsp://host/path", "rtsps://host/path"),
}
"""Addresses that a protocol takes, by protocol; the scheme of each stands before ://."""

DEFAULT_PORTS = {
    "modbus+tcp": 502,
    "modbus+rtutcp": 502,
    "opc.tcp": 4840,
    "mqtt": 1883,
    "mqtts": 8883,
    "http": 80,
    "https": 443,
    "rtsp": 554,
    "rtsps": 322,
}  # fmt: skip - by scheme


def wrong_with_address(protocol: str, address: str) -> str:
    """Say what is wrong with an address; nothing where it can be tried.

    protocol: one of FORMS; what another protocol takes is not known here.
    """
    forms = FORMS.get(protocol)
    if forms is None:
        return ""
    scheme, separator, rest = address.partition("://")
    form = next((each for each in forms if each.startswith(f"{scheme}://")), "")
    if not separator or not form:
        return f"wanted {' or '.join(forms)}, found {address!r}"
    if form.startswith(f"{scheme}:///"):  # a device of this machine
        return "" if rest.startswith("/") else f"wanted {form}, found {address!r}"
    return wrong_with_host(address)


def wrong_with_host(address: str) -> str:
    """Say what is wrong with the host and the port of a URL; nothing where they can be tried."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError as error:
        return f"{error}, found {address!r}"
    if not host or any(sign.isspace() for sign in address):
        return f"wanted a host after ://, found {address!r}"
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        written = parts.netloc.rpartition(":")[2]
        return f"wanted a port from 1 to 65535, found {written}"
    return ""


def wrong_with_unit(protocol: str, unit: str) -> str:
    """Say what is wrong with a device's unit; nothing where it can be tried."""
    if protocol == "modbus" and not (unit.isdecimal() and int(unit) <= 255):
        return f"wanted a Modbus unit from 0 to 255, found {unit!r}"
    return ""


def protocol_of(address: str) -> str | None:
    """Give the protocol that takes an address; None where its scheme is no endpoint's."""
    scheme = address.partition("://")[0]
    for protocol, forms in FORMS.items():
        if scheme in {form.partition("://")[0] for form in forms}:
            return protocol
    return None
