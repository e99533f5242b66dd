"""The directory that pages ask, in memory: what was born, what it said last, who is there."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import SignalBirth
from core.readings import Readings
from gateway.ingest.births import Births
from gateway.ingest.latest import LatestValues
from gateway.ingest.parked import Parked
from gateway.registry.directory import EdgeState
from gateway.storage.series_tables import DevicePresenceRow, EdgeStateRow

UNKNOWN = EdgeState()
AT_ONCE = 10_000  # devices looked up by one query; PostgreSQL takes 32,767 parameters


class Fleet:
    """A gateway.registry.directory.Directory. The ingest writes it after each commit."""

    def __init__(self, births: Births, latest: LatestValues, parked: Parked) -> None:
        self.parked = parked
        self._births = births
        self._latest = latest
        self.edges: dict[str, EdgeState] = {}
        self.presence: dict[str, tuple[bool, str]] = {}

    async def load(self, session: AsyncSession) -> None:
        """Read edges and presence as the store has them."""
        await self.load_edges(session)
        row = DevicePresenceRow
        found = await session.stream(select(row.device, row.online, row.reason))
        shared: dict[tuple[bool, str], tuple[bool, str]] = {}  # one of each for millions
        async for some in found.partitions(AT_ONCE):
            for device, online, reason in some:
                how = (online, reason)
                self.presence[self._births.name(device)] = shared.setdefault(how, how)

    async def load_edges(self, session: AsyncSession) -> None:
        """Read what edges last said of themselves; when they were heard is better known here."""
        for edge in await session.scalars(select(EdgeStateRow)):
            seen_at = self.edge_state(edge.edge).seen_at or edge.seen_at
            self.edges[edge.edge] = EdgeState(
                online=edge.online,
                seen_at=max(seen_at, edge.seen_at),
                software=edge.software,
                revision_in_force=edge.revision,
                problem=edge.problem,
                refused=edge.refused,
                refusal=edge.refusal,
            )

    async def load_presence(self, session: AsyncSession, devices: Sequence[str]) -> None:
        """Read whether these devices answer."""
        for some in (devices[at : at + AT_ONCE] for at in range(0, len(devices), AT_ONCE)):
            row = DevicePresenceRow
            query = select(row.device, row.online, row.reason).where(row.device.in_(some))
            for device, online, reason in await session.execute(query):
                self.presence[device] = (online, reason)

    def family_of(self, device: str) -> str:
        return self._births.family_of(device)

    def devices_of(self, family: str) -> Sequence[str]:
        return self._births.devices_of(family)

    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        return self._births.signals_of(device)

    def diagnostics_of(self, device: str) -> Sequence[SignalBirth]:
        return self._births.diagnostics_of(device)

    def series_of(self, device: str) -> Mapping[str, int]:
        return self._births.series_of(device)

    def latest(self, series: NDArray[np.uint32]) -> Readings:
        return self._latest.latest(series)

    def presence_of(self, device: str) -> tuple[bool | None, str]:
        return self.presence.get(device, (None, ""))

    def edge_state(self, edge: str) -> EdgeState:
        return self.edges.get(edge, UNKNOWN)

    def parked_of(self, edge: str) -> int:
        return self.parked.of(edge)
