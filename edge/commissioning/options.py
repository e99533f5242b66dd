"""Options of endpoints, as their own adapters read them; nothing is opened for it."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from adapters.address import wrong_with_address
from adapters.document import Complaint, mappings
from core.errors import Permanent
from core.registry import Endpoint

# What understands the address and the options of an endpoint, and raises Permanent. A protocol is
# imported only when an endpoint needs it.
READERS = {
    "modbus": ("adapters.modbus.line", "line_of"),
    "opcua": ("adapters.opcua.opening", "options_of"),
}


def refused_options(content: Mapping[str, Any]) -> Iterator[Complaint]:
    """Give what an adapter would refuse of each endpoint whose address is right."""
    for place, each in mappings(content, "endpoints"):
        protocol, address = each.get("protocol"), each.get("address")
        options = each.get("options", {})
        if protocol not in READERS or not isinstance(address, str):
            continue
        if not isinstance(options, Mapping) or wrong_with_address(protocol, address):
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
            key = "options" if "options" in text else "address"
            yield Complaint(("endpoints", place, key), text.removeprefix("options: "))


def _filled_in(protocol: str, *, has_account: bool) -> dict[str, str]:
    """Give what the edge itself puts into the options before it opens a line."""
    if protocol != "opcua":
        return {}
    account = {"username": "name", "password": ""} if has_account else {}
    return {"certificates": "folder", **account}


def _reader(protocol: str) -> Callable[[Endpoint], object]:
    module, function = READERS[protocol]
    return cast(Callable[[Endpoint], object], getattr(import_module(module), function))
