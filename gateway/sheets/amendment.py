"""A registry that rows amend: what they name is added or changed in place, the rest stays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from core.metering import Meter, Tariff
from core.registry import Asset, Binding, Device, Endpoint, Feed, Place, Registry
from gateway.sheets.faults import Faults

Entry = Place | Asset | Endpoint | Device | Meter | Tariff
PART: dict[type[Any], str] = {
    Place: "places", Asset: "assets", Endpoint: "endpoints", Device: "devices", Meter: "meters",
    Tariff: "tariffs",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """part: of the registry. what: fields with their former and new values; empty for new ones."""

    part: str
    id: str
    what: Mapping[str, tuple[object, object]]

    def __str__(self) -> str:
        if not self.what:
            return f"+ {self.part} {self.id}"
        changed = ", ".join(f"{name}: {old} → {new}" for name, (old, new) in self.what.items())
        return f"~ {self.part} {self.id}: {changed}"


class Amendment:
    """registry: the one in force."""

    def __init__(self, registry: Registry, faults: Faults) -> None:
        self._registry = registry
        self._faults = faults
        self._entries: dict[str, dict[str, Any]] = {
            part: {_id(entry): entry for entry in getattr(registry, part)} for part in PART.values()
        }
        self._put_by: dict[tuple[str, str], str] = {}
        self._bindings = list(registry.bindings)
        self._feeds = list(registry.feeds)
        self._fed = {(each.source, each.target) for each in registry.feeds if each.until is None}
        self._asset_of = {each.device: each.asset for each in self._bindings if each.until is None}
        self._devices_of: dict[str, list[str]] = {}
        for device, asset in self._asset_of.items():
            self._devices_of.setdefault(asset, []).append(device)

    def get(self, kind: type[Any], identifier: str) -> Any:
        """Give an entry as it is by now, or None."""
        return self._entries[PART[kind]].get(identifier)

    def all(self, kind: type[Any]) -> Iterator[Any]:
        yield from self._entries[PART[kind]].values()

    def put(self, entry: Entry, where: str) -> None:
        """Add an entry or put it in the place of another; two rows must not want it differently."""
        part, identifier = PART[type(entry)], _id(entry)
        known = self._entries[part].get(identifier)
        first = self._put_by.setdefault((part, identifier), where)
        if first != where and known != entry:
            differs = ", ".join(_differences(known, entry))
            self._faults.add(where, f"{part} {identifier} is otherwise in row {first}: {differs}")
            return
        self._entries[part][identifier] = entry

    def device_of(self, asset: str) -> str | None:
        """Give the device that serves an asset now."""
        devices = self._devices_of.get(asset, [])
        return devices[-1] if devices else None

    def asset_of(self, device: str) -> str | None:
        """Give the asset that a device serves now."""
        return self._asset_of.get(device)

    def bind(self, asset: str, device: str) -> None:
        if self._asset_of.get(device) == asset:
            return
        self._bindings.append(Binding(asset=asset, device=device))
        self._asset_of[device] = asset
        self._devices_of.setdefault(asset, []).append(device)

    def feed(self, source: str, target: str) -> None:
        if (source, target) not in self._fed:
            self._fed.add((source, target))
            self._feeds.append(Feed(source=source, target=target))

    def result(self) -> Registry:
        parts: dict[str, Any] = {
            part: tuple(entries.values()) for part, entries in self._entries.items()
        }
        return replace(
            self._registry, **parts, bindings=tuple(self._bindings), feeds=tuple(self._feeds)
        )

    def changes(self) -> list[Change]:
        """Tell what differs from the registry in force."""
        found = []
        for part, entries in self._entries.items():
            before = {_id(entry): entry for entry in getattr(self._registry, part)}
            for identifier, entry in entries.items():
                known = before.get(identifier)
                if known is None:
                    found.append(Change(part, identifier, {}))
                elif known != entry:
                    found.append(Change(part, identifier, _differences(known, entry)))
        new = self._bindings[len(self._registry.bindings) :]
        found += [Change("bindings", f"{each.asset} ← {each.device}", {}) for each in new]
        fed = self._feeds[len(self._registry.feeds) :]
        found += [Change("feeds", f"{each.source} → {each.target}", {}) for each in fed]
        return found

    @property
    def named(self) -> int:
        """Count the entries that the sheet names."""
        return len(self._put_by)


def _id(entry: Entry) -> str:
    return entry.key if isinstance(entry, Tariff) else entry.id


def _differences(before: Any, after: Any) -> dict[str, tuple[object, object]]:
    pairs = {
        each.name: (getattr(before, each.name), getattr(after, each.name)) for each in fields(after)
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
