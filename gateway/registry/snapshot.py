"""The registry in memory: places, assets, feeds, devices and edges, ready to be asked.

A snapshot never changes; an import makes a new one, which `CurrentRegistry` then hands out.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from core.checklist import Checklist
from core.escalation import Escalation
from core.feeds import Feeds
from core.metering import BillingArea, Meter, Resource, Tariff, Zone
from core.position import Bounds
from core.proof import ProofRule
from core.registry import (
    Asset,
    Binding,
    Device,
    Edge,
    Endpoint,
    Executor,
    Place,
    PlaceKind,
    Registry,
    is_in_force,
    retired,
)
from core.route import Route
from core.routing import DUTY_SERVICE, RoutingTable
from core.text import Text
from gateway.answers.templates_file import Templates, bundled_templates
from gateway.checklists.rules_file import bundled_checklists
from gateway.deadlines.rules_file import Deadlines, bundled_deadlines
from gateway.escalation.rules_file import bundled_escalations
from gateway.proof.rules_file import bundled_proofs
from gateway.registry.places import PlaceNode, place_tree
from gateway.registry.rows import newest_registry, read_registry

Thing = TypeVar("Thing", Asset, Binding)
INDOORS = frozenset({PlaceKind.BUILDING, PlaceKind.ENTRANCE, PlaceKind.FLAT})


@dataclass(frozen=True, slots=True)
class Answering:
    """What people are told, and by which carriers that reaches them."""

    templates: Templates = field(default_factory=bundled_templates)
    carriers: Container[str] = frozenset()


class RegistrySnapshot:
    """One revision of the registry, indexed by what is asked, and the rules in force."""

    def __init__(
        self,
        registry: Registry,
        revision: int,
        *,
        deadlines: Deadlines | None = None,
        proofs: Sequence[ProofRule] | None = None,
        answers: Answering | None = None,
        escalations: Sequence[Escalation] | None = None,
        checklists: Sequence[Checklist] | None = None,
    ) -> None:
        self.revision = revision
        self.deadlines = deadlines or bundled_deadlines()
        self.proofs = proofs or bundled_proofs()
        self.answers = answers or Answering()
        self.escalations = bundled_escalations() if escalations is None else escalations
        self.checklists = checklists or bundled_checklists()
        self.name = registry.name
        self.places: Mapping[str, PlaceNode] = place_tree(registry.places)
        self.assets: Mapping[str, Asset] = {asset.id: asset for asset in registry.assets}
        self.devices: Mapping[str, Device] = {device.id: device for device in registry.devices}
        self.edges: Mapping[str, Edge] = {edge.id: edge for edge in registry.edges}
        self.endpoints: Mapping[str, Endpoint] = {line.id: line for line in registry.endpoints}
        self.executors: Mapping[str, Executor] = {one.id: one for one in registry.executors}
        self.routing = self.routing_by(registry.routes)
        self.feeds = Feeds(registry.feeds)
        self.meters: Mapping[str, Meter] = {each.device: each for each in registry.meters}
        self._tariffs = registry.tariffs
        self._billing = {each.place: each for each in registry.billing}
        self.bounds = bounds((*registry.places, *registry.assets))
        self._bindings = registry.bindings
        self._bindings_by_device = _grouped(registry.bindings, "device")
        self._bindings_by_asset = _grouped(registry.bindings, "asset")
        self._assets_by_place = _grouped(registry.assets, "place")
        self._assets_by_kind = _grouped(registry.assets, "kind")
        self._devices_by_edge: defaultdict[str, list[Device]] = defaultdict(list)
        for device in registry.devices:
            self._devices_by_edge[self.endpoints[device.endpoint].edge].append(device)

    def routing_by(self, rows: Sequence[Route]) -> RoutingTable:
        """Give a routing table of these rows, with what it refers to."""
        places = {place: node.place for place, node in self.places.items()}
        return RoutingTable(rows, self.executors, places, self.deadlines.working)

    def executor_name(self, executor: str) -> dict[str, str]:
        """Give the words for an executor, who may be gone."""
        known = DUTY_SERVICE if executor == DUTY_SERVICE.id else self.executors.get(executor)
        return dict(known.name) if known else {"en": executor}

    def path_of(self, place: str) -> str:
        """Give the place_path of a place. KeyError where there is none of this id."""
        return self.places[place].path

    def address_of(self, place: str) -> Text:
        """Give the place and what is above it in words, the region left out."""
        return self.places[place].address

    def billing_of(self, place: str) -> BillingArea:
        """Give how periods are closed at a place: by the nearest area above it, else in UTC."""
        for identifier in reversed(self.path_of(place).split("/")):
            if identifier in self._billing:
                return self._billing[identifier]
        return BillingArea(place=place, time_zone="UTC")

    def tariffs_of(self, place: str, resource: Resource, zone: Zone) -> list[Tariff]:
        """Give the prices at a place: of the nearest place above it that has any."""
        rows = [each for each in self._tariffs if (each.resource, each.zone) == (resource, zone)]
        for identifier in reversed(self.path_of(place).split("/")):
            if found := [each for each in rows if each.place == identifier]:
                return found
        return []

    def municipality_of(self, place_path: str) -> str:
        """Give the municipality in a place_path; empty where there is none."""
        for identifier in place_path.split("/"):
            node = self.places.get(identifier)  # an old path may hold one that is gone
            if node is not None and node.place.kind is PlaceKind.MUNICIPALITY:
                return identifier
        return ""

    def assets_at(self, place: str) -> list[Asset]:
        """Give the assets at this very place."""
        return self._assets_by_place.get(place, [])

    def assets_of_kind(self, kind: str) -> list[Asset]:
        """Give the assets of a kind, anywhere."""
        return self._assets_by_kind.get(kind, [])

    def assets_below(self, place: str) -> list[Asset]:
        """Give the assets at this place and everywhere below it."""
        path = self.path_of(place)
        return [
            asset for asset in self.assets.values() if self.path_of(asset.place).startswith(path)
        ]

    def bounds_below(self, place: str) -> Bounds:
        """Give west, south, east, north around everything at and below a place."""
        path = self.path_of(place)
        return bounds(
            [
                *(node.place for node in self.places.values() if node.path.startswith(path)),
                *self.assets_below(place),
            ]
        )

    def devices_in_force(self, at: datetime) -> list[Device]:
        """Give the devices that somebody reads at this moment: those without the retired."""
        gone = retired(self._bindings, at)
        return [device for device in self.devices.values() if device.id not in gone]

    def devices_read_by(self, edge: str, at: datetime) -> list[Device]:
        """Give the devices that an edge reads at this moment: those without the retired."""
        found = self._devices_by_edge.get(edge, [])
        return [device for device in found if not self._is_retired(device.id, at)]

    def _is_retired(self, device: str, at: datetime) -> bool:
        bindings = self._bindings_by_device.get(device)
        return bindings is not None and device in retired(bindings, at)

    def devices_of(self, asset: str, at: datetime) -> list[Device]:
        """Give the devices that serve the asset at this moment."""
        return [
            self.devices[binding.device]
            for binding in self._bindings_by_asset.get(asset, ())
            if is_in_force(binding, at)
        ]

    def bindings_of(self, asset: str) -> list[Binding]:
        """Give which devices serve the asset and served it, the newest first."""
        found = self._bindings_by_asset.get(asset, [])
        return sorted(found, key=lambda each: (each.since is not None, each.since), reverse=True)

    def bindings_in_force(self, device: str, at: datetime) -> list[Binding]:
        """Give what binds the device to assets at this moment."""
        found = self._bindings_by_device.get(device, ())
        return [binding for binding in found if is_in_force(binding, at)]

    def assets_of(self, device: str, at: datetime) -> list[Asset]:
        """Give the assets that the device serves at this moment."""
        return [self.assets[each.asset] for each in self.bindings_in_force(device, at)]

    def asset_of(self, device: str, at: datetime) -> Asset | None:
        """Give the first asset that the device serves at this moment."""
        return next(iter(self.assets_of(device, at)), None)

    def edge_of(self, device: str) -> str:
        """Give the id of the edge that reads the device. KeyError for an unknown device."""
        return self.endpoints[self.devices[device].endpoint].edge

    def position_of(self, asset: Asset) -> tuple[float, float] | None:
        """Give latitude and longitude of the asset, else of the nearest place around it."""
        if asset.latitude is not None and asset.longitude is not None:
            return asset.latitude, asset.longitude
        return self.position_of_place(asset.place)

    def spot_of(self, asset: Asset) -> tuple[float, float] | None:
        """Give where the asset is, else its house: None where only a street or a town is known."""
        if asset.latitude is not None and asset.longitude is not None:
            return asset.latitude, asset.longitude
        return self.spot_of_place(asset.place)

    def spot_of_place(self, identifier: str) -> tuple[float, float] | None:
        """Give where a house is, or what is in it; None for what is too large to be one spot."""
        above: str | None = identifier
        while above is not None and (place := self.places[above].place).kind in INDOORS:
            if place.latitude is not None and place.longitude is not None:
                return place.latitude, place.longitude
            above = place.parent
        return None

    def position_of_place(self, identifier: str) -> tuple[float, float] | None:
        """Give latitude and longitude of the place, else of what is above it."""
        above: str | None = identifier
        while above is not None:
            place = self.places[above].place
            if place.latitude is not None and place.longitude is not None:
                return place.latitude, place.longitude
            above = place.parent
        return None


class CurrentRegistry:
    """Hands out the snapshot in force."""

    def __init__(
        self,
        deadlines: Deadlines | None = None,
        proofs: Sequence[ProofRule] | None = None,
        answers: Answering | None = None,
        escalations: Sequence[Escalation] | None = None,
        *,
        checklists: Sequence[Checklist] | None = None,
    ) -> None:
        self._snapshot = partial(
            RegistrySnapshot,
            deadlines=deadlines,
            proofs=proofs,
            answers=answers,
            escalations=escalations,
            checklists=checklists,
        )
        self.snapshot = self._snapshot(Registry(name={}, places=()), 0)

    async def reload(self, session: AsyncSession) -> None:
        """Take the newest revision from the database, where it is another one."""
        if await newest_registry(session) == self.snapshot.revision:
            return
        registry, revision = await read_registry(session)
        self.snapshot = self._snapshot(registry, revision)


def _grouped(things: Iterable[Thing], key: str) -> dict[str, list[Thing]]:
    groups: defaultdict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[getattr(thing, key)].append(thing)
    return dict(groups)


def bounds(things: Iterable[Place | Asset]) -> Bounds:
    """Give west, south, east, north around everything that has a position; zeros for nothing."""
    positions = [
        (thing.longitude, thing.latitude)
        for thing in things
        if thing.longitude is not None and thing.latitude is not None
    ]
    if not positions:
        return 0.0, 0.0, 0.0, 0.0
    longitudes, latitudes = zip(*positions, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)
