"""Watches what no edge can see: whether the edges themselves are there.

Once a second their presence is judged by the same evaluator that judges readings at an edge. What
cannot be known (no link to the broker, the roll call not answered yet) is a bad reading: it raises
and clears nothing.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import numpy as np

from core.alarm_evaluator import AlarmEvaluator
from core.clock import Clock
from core.quality import BAD, GOOD, Reason, quality
from core.readings import Readings
from gateway.cases.desk import open_desk
from gateway.cases.edge_loss import clear_losses, lost_edges, raise_losses, rule
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.database import Database
from gateway.storage.failures import StoreAway

LOOK_EVERY_S = 1.0
UNKNOWN = quality(BAD, Reason.LOST_LINE)


class Presence(Protocol):
    """What is known of edges."""

    async def lose_silent(self) -> None:
        """Take that edges are gone of which nothing is heard any more."""
        ...

    async def show_refused(self) -> None:
        """Show how many messages of edges were refused."""
        ...

    def presence(self, edge: str) -> bool | None:
        """Tell whether the edge is there; None while nobody can know."""
        ...

    def gone_since(self, edge: str) -> datetime | None:
        """Give since when the edge is known to be gone."""
        ...


class EdgeWatch:
    """lost_after_s: seconds for which an edge must be gone before it is an incident."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        edges: Presence,
        lost_after_s: float,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._edges = edges
        self._rule = rule(lost_after_s)
        self._names: tuple[str, ...] = ()
        self._revision = 0  # of the registry, by which losses were last looked at
        self._evaluator = AlarmEvaluator((), 0.0)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self._look()
            except StoreAway:
                self._names = ()  # begin again with what the store has
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        await self._edges.lose_silent()
        await self._edges.show_refused()
        registry = self._registry.snapshot
        names = tuple(sorted(registry.edges))
        if names != self._names:
            await self._begin(names)
        found = self._evaluator.evaluate(self._seen(), self._clock.monotonic())
        raised = {self._names[at] for at in found.rule[found.raised]}
        cleared = {self._names[at] for at in found.rule[~found.raised]}
        if registry.revision != self._revision:
            # What is lost may have got devices elsewhere, where it is missed from now on.
            async with self._database.reading() as session:
                raised |= await lost_edges(session) - cleared
            self._revision = registry.revision
        if raised or cleared:
            await self._keep(raised, cleared)

    async def _begin(self, names: tuple[str, ...]) -> None:
        """Watch these edges from now on; what was raised before, by a former process too, stays."""
        async with self._database.reading() as session:
            lost = await lost_edges(session)
        rules = [(number, self._rule) for number in range(len(names))]
        self._evaluator = AlarmEvaluator(rules, self._clock.monotonic())
        self._evaluator.restore(number for number, name in enumerate(names) if name in lost)
        self._names = names
        if forgotten := lost - set(names):
            await self._keep((), forgotten)

    def _seen(self) -> Readings:
        seen = [self._edges.presence(name) for name in self._names]
        at = self._clock.time_ns()
        return Readings.of(
            np.arange(len(seen)),
            at,
            [float(bool(one)) for one in seen],
            [UNKNOWN if one is None else GOOD for one in seen],
            at,
        )

    async def _keep(self, raised: Collection[str], cleared: Collection[str]) -> None:
        now, registry = self._clock.now(), self._registry.snapshot
        async with self._database.transaction() as session:
            desk = await open_desk(session, now, registry)
            gone = [
                (registry.edges[edge], self._edges.gone_since(edge) or now)
                for edge in raised
                if edge in registry.edges
            ]
            await raise_losses(desk, gone)
            await clear_losses(desk, cleared)
            await desk.finish()
