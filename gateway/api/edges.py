"""Edges: which are connected, and which have not yet taken their newest configuration."""

from fastapi import APIRouter
from sqlalchemy import func, select

from gateway.api.dependencies import CurrentActor, Reading, TheClock, TheDirectory, TheRegistry
from gateway.api.registry_models import EdgeOut, SignalOut
from gateway.registry.devices import show_edge, show_health, visible_edge
from gateway.storage.tables import EdgeConfigurationRow, EdgeRow
from gateway.storage.visibility import visible_to

router = APIRouter(tags=["registry"])


@router.get("/edges")
async def edges(
    actor: CurrentActor,
    clock: TheClock,
    session: Reading,
    registry: TheRegistry,
    directory: TheDirectory,
) -> list[EdgeOut]:
    """Give the edges of one's territory."""
    found = await session.execute(
        select(EdgeRow.id, func.max(EdgeConfigurationRow.revision))
        .join(EdgeConfigurationRow, EdgeConfigurationRow.edge == EdgeRow.id)
        .where(visible_to(actor, EdgeRow))
        .group_by(EdgeRow.id)
        .order_by(EdgeRow.id)
    )
    now = clock.now()
    return [
        show_edge(registry, directory, registry.edges[edge], revision, at=now)
        for edge, revision in found
        if edge in registry.edges
    ]


@router.get("/edges/{identifier}/health")
async def health(
    identifier: str, actor: CurrentActor, registry: TheRegistry, directory: TheDirectory
) -> list[SignalOut]:
    """Give what an edge tells of itself: its queue, its clock, what it dropped."""
    return show_health(directory, visible_edge(registry, actor, identifier))
