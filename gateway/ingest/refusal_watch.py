"""Watches of whom something is refused: of edges that are not understood, and of the store.

Counted is what lies aside for a person, and messages that were refused lately. So it is one
incident, however many there are, and it is over when the files are gone and the rest has stopped.
"""

import asyncio
from pathlib import Path

from core.clock import Clock
from gateway.cases.desk import open_desk
from gateway.cases.refusals import STORE, clear_refusals, raise_refusals, refused_ones
from gateway.ingest.fleet import Fleet
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.database import Database
from gateway.storage.failures import patiently

LOOK_EVERY_S = 1.0


class RefusalWatch:
    """aside: folder of what the store refused, a file a block. quiet_s: seconds without a refused
    message after which an edge counts as understood."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        fleet: Fleet,
        *,
        aside: Path,
        quiet_s: float,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._fleet = fleet
        self._aside = aside
        self._quiet_s = quiet_s
        self._told: set[str] = set()
        self._counted: dict[str, int] = {}  # messages refused so far, by edge
        self._refused_at: dict[str, float] = {}  # the last of them; monotonic

    async def run(self) -> None:
        """Look for ever."""
        await patiently(self._load)
        while True:
            await patiently(self._look)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _load(self) -> None:
        async with self._database.reading() as session:
            self._told = await refused_ones(session)
        now = self._clock.monotonic()
        self._refused_at = dict.fromkeys(self._told - {STORE}, now)
        self._counted = {edge: state.refused for edge, state in self._fleet.edges.items()}

    async def _look(self) -> None:
        if not self._registry.snapshot.places:
            return
        refused = await self._refused()
        raised, cleared = refused - self._told, self._told - refused
        if raised or cleared:
            async with self._database.transaction() as session:
                desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
                await raise_refusals(desk, raised)
                await clear_refusals(desk, cleared)
                await desk.finish()
        self._told = refused

    async def _refused(self) -> set[str]:
        now = self._clock.monotonic()
        for edge, state in self._fleet.edges.items():
            if state.refused > self._counted.get(edge, 0):
                self._refused_at[edge] = now
            self._counted[edge] = state.refused
        await asyncio.to_thread(self._fleet.parked.look)
        of_store = await asyncio.to_thread(lambda: any(self._aside.glob("*.lines")))
        found = {
            edge
            for edge in self._registry.snapshot.edges
            if self._fleet.parked_of(edge)
            or now - self._refused_at.get(edge, -self._quiet_s) < self._quiet_s
        }
        return found | {STORE} if of_store else found
