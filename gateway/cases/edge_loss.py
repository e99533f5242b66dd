"""An edge that is gone, as an incident of the edge: what no edge can tell of itself.

It stands for everything that the edge reads. While an edge is away nobody tells of its devices, so
that none of them becomes an incident of its own. An edge may read devices of several
municipalities, whose dispatchers see nothing of each other's: each has an incident of its own.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.alarm import AlarmRule, AlarmTest
from core.category import CATEGORIES
from core.registry import Edge
from core.text import Text, filled
from gateway.cases.desk import Desk
from gateway.cases.trouble import Trouble, clear_troubles, raise_troubles
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import IncidentRow

EDGE_LOST = "edge_lost"
PROBLEM = CATEGORIES["device.edge"]

NAME: Text = {"ru": "Узел «{edge}» не на связи", "en": "Edge “{edge}” is gone"}
CAUSE: Text = {
    "ru": "У узла нет питания или сети, или его программа остановлена",
    "en": "The edge has no power or no network, or its program was stopped",
}
CONSEQUENCE: Text = {
    "ru": "Никто не следит за его устройствами ({devices}): их тревоги и показания придут, когда "
    "узел вернётся",
    "en": "Nobody watches its devices ({devices}): their alarms and readings come when it is back",
}
ACTION: Text = {
    "ru": "Проверьте питание и сеть узла, затем службу kvartal edge на нём",
    "en": "Check the power and the network of the edge, then the service kvartal edge on it",
}
BACK: Text = {"ru": "{name}: узел снова на связи", "en": "{name}: the edge is heard again"}

IS_LOST = and_(IncidentRow.condition == EDGE_LOST, IncidentRow.cleared_at.is_(None))


def rule(lost_after_s: float) -> AlarmRule:
    """Give the rule on whether an edge is there (1) or gone (0)."""
    return AlarmRule(
        key=EDGE_LOST,
        signal="online",
        test=AlarmTest.EQUALS,
        limit=0.0,
        on_delay_s=lost_after_s,
        severity=PROBLEM.severity,
        problem=PROBLEM.code,
        name=NAME,
    )


async def lost_edges(session: AsyncSession) -> set[str]:
    """Give the edges whose loss is active."""
    return set(await session.scalars(select(IncidentRow.edge).where(IS_LOST)))


async def raise_losses(desk: Desk, edges: Collection[tuple[Edge, datetime]]) -> None:
    """Open an incident and a case wherever an edge is missed and that is not known.

    edges: with since when each is gone.
    """
    known = await _known_losses(desk)
    registry = desk.registry
    losses = [
        _loss(edge, since, place, devices)
        for edge, since in edges
        for place, devices in missed_at(registry, edge, desk.now).items()
        if (edge.id, registry.municipality_of(registry.path_of(place))) not in known
    ]
    await raise_troubles(desk, losses)


async def _known_losses(desk: Desk) -> set[tuple[str, str]]:
    """Give the edges whose loss is active, each with a municipality that misses it."""
    rows = await desk.session.execute(
        select(IncidentRow.edge, IncidentRow.place_path).where(IS_LOST)
    )
    return {(edge, desk.registry.municipality_of(path)) for edge, path in rows}


def missed_at(registry: RegistrySnapshot, edge: Edge, at: datetime) -> Mapping[str, int]:
    """Give the places whose dispatchers miss an edge, with how many of its devices are there.

    Its own place stands for the municipality in which it is, and for devices that are in none. One
    that stands above the municipalities is missed in those with devices of it.
    """
    home = registry.municipality_of(registry.path_of(edge.place))
    devices = Counter(
        registry.municipality_of(registry.path_of(device.place)) or home
        for device in registry.devices_read_by(edge.id, at)
    )
    if home or not devices:
        devices[home] += 0
    return {
        edge.place if municipality == home else municipality: count
        for municipality, count in devices.items()
    }


def _loss(edge: Edge, since: datetime, place: str, devices: int) -> Trouble:
    return Trouble(
        who=edge.id,
        edge=edge.id,
        place=place,
        since=since,
        condition=EDGE_LOST,
        problem=PROBLEM,
        name=filled(NAME, edge=edge.name),
        cause=CAUSE,
        consequence=filled(CONSEQUENCE, devices=devices),
        action=ACTION,
    )


async def clear_losses(desk: Desk, edges: Collection[str]) -> None:
    """Take that these edges are back, or are not in the registry any more."""
    await clear_troubles(desk, and_(IncidentRow.edge.in_(edges), IS_LOST), BACK)
