"""What was committed, taken to the pages; and what another process took from edges, into memory."""

import asyncio
from collections.abc import Sequence

from gateway.ingest.births import Births
from gateway.ingest.fleet import Fleet
from gateway.ingest.reception import Ingest
from gateway.live import Hub
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.tables import OutboxRow

TOPICS = (*outbox.SHOWN, outbox.REGISTRY, outbox.FLEET)


class Following:
    """`take` handles rows of the outbox with TOPICS. Of births and presence the process that leads
    knows better than the outbox.

    remembers: whether births and fleet are kept as the store has them; a process that only stores
    readings asks for each numbering as it comes.
    """

    def __init__(
        self,
        database: Database,
        registry: CurrentRegistry,
        *,
        births: Births,
        fleet: Fleet,
        hub: Hub,
        receptions: Sequence[Ingest],
        remembers: bool,
    ) -> None:
        self._database = database
        self._registry = registry
        self._births = births
        self._fleet = fleet
        self._hub = hub
        self._receptions = receptions
        self._remembers = remembers
        self._leads = False
        self._one_at_a_time = asyncio.Lock()

    async def lead(self) -> None:
        """Read how edges are, for the last time: from now on this process finds it out."""
        async with self._one_at_a_time, self._database.reading() as session:
            self._leads = True
            await self._births.load(session)
            await self._fleet.load(session)

    async def take(self, rows: Sequence[OutboxRow]) -> None:
        """Take over what was committed, and show it."""
        is_revised = any(row.topic == outbox.REGISTRY for row in rows)
        if is_revised:
            async with self._database.reading() as session:
                await self._registry.reload(session)
        async with self._one_at_a_time:
            if not self._leads:
                await self._follow(rows)
        if is_revised:
            self._hub.reload()
        self._hub.changes(rows)

    async def _follow(self, rows: Sequence[OutboxRow]) -> None:
        told = [row.body for row in rows if row.topic == outbox.FLEET]
        born = {str(body["born"]) for body in told if body["born"]}
        devices = sorted({device for body in told for device in body["devices"]})
        if self._remembers and any(row.topic in (outbox.FLEET, "edge") for row in rows):
            async with self._database.reading() as session:
                if born:
                    await self._births.load(session)
                await self._fleet.load_presence(session, devices)
                await self._fleet.load_edges(session)
        if born:
            for reception in self._receptions:
                reception.forget_births(born)
            self._hub.refresh()
