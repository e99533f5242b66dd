"""The devices of a registry as a sheet, which the import takes back without a change."""

from collections.abc import Iterator

from core.registry import Registry
from core.text import in_language
from gateway.registry.places import place_tree

HEADINGS = (
    "address", "place", "asset", "kind", "name", "owner", "device", "profile", "serial", "unit",
    "endpoint", "line", "edge", "secret",
)  # fmt: skip


def rows(registry: Registry) -> Iterator[list[str]]:
    """Give a row for each device that serves an asset now; the name where all languages agree."""
    places = place_tree(registry.places)
    assets = {each.id: each for each in registry.assets}
    lines = {each.id: each for each in registry.endpoints}
    asset_of = {each.device: each.asset for each in registry.bindings if each.until is None}
    for device in registry.devices:
        if device.id not in asset_of:
            continue
        asset, line = assets[asset_of[device.id]], lines[device.endpoint]
        names = {*asset.name.values(), *device.name.values()}
        cells = {
            "address": in_language(places[device.place].address, "ru"),
            "place": device.place,
            "asset": asset.id,
            "kind": asset.kind,
            "name": names.pop() if len(names) == 1 else "",
            "owner": asset.owner,
            "device": device.id,
            "profile": device.profile,
            "serial": device.serial,
            "unit": device.unit,
            "endpoint": line.id,
            "line": line.address,
            "edge": line.edge,
            "secret": line.secret,
        }
        yield [cells[heading] for heading in HEADINGS]
