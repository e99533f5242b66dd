"""Options of endpoints, as their own adapters read them; nothing is opened for it."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from adapters.address import wrong_with_address
from adapters.document import Complaint, mappings
from adapters.options import wrong_options
from adapters.registry import OPTIONS
from core.errors import Permanent
from core.registry import Endpoint

# What sees whether options fit the address and each other, and raises Permanent. A protocol is
# imported only when an endpoint needs it.
READERS = {
    "modbus": ("adapters.modbus.line", "line_of"),
    "opcua": ("adapters.opcua.options", "options_of"),
    "mqtt": ("adapters.mqtt.options", "options_of"),
}


def refused_options(content: Mapping[str, Any]) -> Iterator[Complaint]:
    """Give what an adapter would refuse of each endpoint whose address is right."""
    for place, each in mappings(content, "endpoints"):
        protocol, address = each.get("protocol"), each.get("address")
        options = each.get("options", {})
        if protocol not in OPTIONS or not isinstance(options, Mapping):
            continue
        key = ("endpoints", place, "options")
        wrong = wrong_options(options, OPTIONS[protocol])
        yield from (Complaint((*key, *each.location), each.text) for each in wrong)
        if each.get("secret") and "username" not in OPTIONS[protocol].model_fields:
            yield Complaint(("endpoints", place, "secret"), f"{protocol} takes no account")
        if wrong or protocol not in READERS:
            continue
        if not isinstance(address, str) or wrong_with_address(protocol, address):
            continue
        identifier = str(each.get("id", ""))
        endpoint = Endpoint(
            id=identifier,
            edge="",
            protocol=protocol,
            address=address,
            options={**options, **_filled_in(protocol, has_account=bool(each.get("secret")))},
        )
        try:
            _reader(protocol)(endpoint)
        except Permanent as error:
            text = str(error).removeprefix(f"{identifier}: ")
            about = "address" if protocol == "modbus" else "options"
            yield Complaint(("endpoints", place, about), text)


def _filled_in(protocol: str, *, has_account: bool) -> dict[str, str]:
    """Give what the edge itself puts into the options before it opens a line."""
    takes_account = has_account and "username" in OPTIONS[protocol].model_fields
    account = {"username": "name", "password": ""} if takes_account else {}
    return {"certificates": "folder", **account} if protocol == "opcua" else account


def _reader(protocol: str) -> Callable[[Endpoint], object]:
    module, function = READERS[protocol]
    return cast(Callable[[Endpoint], object], getattr(import_module(module), function))
