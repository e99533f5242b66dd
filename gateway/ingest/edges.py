"""Edges as the gateway knows them: who is there, what it reads by, and what it is to do."""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import (
    ActiveSet,
    Birth,
    CommandOrder,
    ConfigurationOffer,
    ConfigurationResult,
    DeviceChange,
    Rebirth,
    WireEvent,
    plain,
)
from core.clock import Clock, to_datetime
from gateway.cases import acknowledgements, commands
from gateway.cases.meaning import DEVICE_LOST
from gateway.ingest.births import Apply, Births
from gateway.ingest.downlink import Downlink
from gateway.ingest.fleet import AT_ONCE, Fleet
from gateway.registry.devices import show_device, show_edge
from gateway.registry.directory import EdgeState
from gateway.registry.rows import newest_configuration, newest_revision
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage import outbox
from gateway.storage.bulk import insert_many
from gateway.storage.database import Database
from gateway.storage.failures import patiently
from gateway.storage.series_tables import DevicePresenceRow, EdgeStateRow
from gateway.storage.tables import OutboxRow

THERE = (True, "")  # presence of a device that answers
NOTED_EVERY_S = 0.1  # that an edge is heard, which may send thousands of messages a second
SILENT_AFTER_S = 20.0  # for an edge that should answer when the gateway comes back

log = structlog.get_logger()


class Edges:
    """Births, deaths and presence, each in a transaction with its outbox row."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        *,
        births: Births,
        fleet: Fleet,
        downlink: Downlink,
        silent_after_s: float,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._births = births
        self._fleet = fleet
        self._downlink = downlink
        self._silent_after_s = silent_after_s
        self._unheard: set[str] = set()  # since the roll was called
        self._heard: dict[str, float] = {}  # when, on the monotonic clock
        self._lost_at: dict[str, datetime] = {}
        self._roll_call: asyncio.TimerHandle | None = None
        self._losing: set[asyncio.Task[None]] = set()
        self._refusing: set[str] = set()  # edges whose count is not shown yet

    def is_known(self, edge: str) -> bool:
        """Tell whether the registry has such an edge."""
        return edge in self._registry.snapshot.edges

    def hear(self, edge: str) -> None:
        """Note that something came from an edge. One that was gone is back with its birth only."""
        now = self._clock.monotonic()
        if now < self._heard.get(edge, -math.inf) + NOTED_EVERY_S and edge not in self._unheard:
            return
        state = self._fleet.edge_state(edge)
        if state.online:
            self._unheard.discard(edge)
        self._heard[edge] = now
        self._fleet.edges[edge] = replace(state, seen_at=self._clock.now())

    def refuse(self, edge: str, reason: str) -> None:
        """Count a message that is not understood. `show_refused` shows it, for many at once."""
        state = self._fleet.edge_state(edge)
        refusal = plain(reason)[:500]
        self._fleet.edges[edge] = replace(state, refused=state.refused + 1, refusal=refusal)
        self._refusing.add(edge)

    async def show_refused(self) -> None:
        """Show and keep how many messages were refused since the last time."""
        while self._refusing:
            await patiently(partial(self.show, self._refusing.pop()))

    def is_gone(self, edge: str) -> bool:
        """Tell whether the edge counts as gone, even if something of it comes."""
        return not self._fleet.edge_state(edge).online

    def presence(self, edge: str) -> bool | None:
        """Tell whether the edge is there; None while nobody can know, or it never was there.

        Nobody can without a link to the broker, nor before the edge has answered the roll call or
        the time for that is over.
        """
        state = self._fleet.edge_state(edge)
        was_born = state.revision_in_force is not None
        if not was_born or not self._downlink.is_up or edge in self._unheard:
            return None
        return state.online

    def gone_since(self, edge: str) -> datetime | None:
        """Give since when the edge is known to be gone."""
        return self._lost_at.get(edge) or self._fleet.edge_state(edge).seen_at

    async def take_birth(self, birth: Birth) -> None:
        """Take what an edge reads, and offer what it should read if that differs."""
        before = self._fleet.edge_state(birth.edge)
        revised = before.revision_in_force != birth.revision
        state = replace(
            before,
            online=True,
            seen_at=self._clock.now(),
            software=birth.software[:100],
            revision_in_force=birth.revision,
            problem="" if revised else before.problem,
        )
        async with self._database.transaction() as session:
            former = await self._births.is_former(session, birth)
            apply = await self._births.take(session, birth, former=former)
            if not former:
                await self._keep(session, birth.edge, state)
            await self._tell_others(session, born=birth.edge)
        apply()
        if former:
            return
        self._put(birth.edge, state)
        self._unheard.discard(birth.edge)
        if not before.online:
            log.info("edge is there", edge=birth.edge, software=birth.software)
        await self.offer(birth.edge)
        await self.send_acknowledgements(birth.edge)

    async def lose(self, edge: str, reason: str) -> None:
        """Take that an edge is gone."""
        before = self._fleet.edge_state(edge)
        if before.online:
            state = replace(before, online=False)
            async with self._database.transaction() as session:
                await self._keep(session, edge, state)
            self._put(edge, state)
            self._lost_at[edge] = self._clock.now()
            log.warning("edge is gone", edge=edge, reason=reason)
        self._unheard.discard(edge)

    async def lose_silent(self) -> None:
        """Take that edges are gone of which nothing is heard any more."""
        now = self._clock.monotonic()
        for edge in self._registry.snapshot.edges:
            quiet = now - self._heard.get(edge, now)
            if self.presence(edge) and quiet >= self._silent_after_s:
                await self.lose(edge, f"nothing was heard for {quiet:.0f} s")

    async def show(self, edge: str) -> None:
        """Show an edge anew of which something has changed that it did not say itself."""
        state = self._fleet.edge_state(edge)
        if state.revision_in_force is not None:
            async with self._database.transaction() as session:
                await self._keep(session, edge, state)

    async def take_events(
        self, session: AsyncSession, edge: str, events: Sequence[WireEvent]
    ) -> Apply:
        """Write presence and configuration in the caller's transaction; call after the commit."""
        state = self._fleet.edge_state(edge)
        presence: dict[str, tuple[bool, str]] = {}
        for event in events:
            match event:
                case DeviceChange() if self._reads(edge, event.device):
                    presence[event.device] = (event.online, event.reason[:500])
                case ActiveSet():
                    presence.update(self._present(edge, event, presence))
                case ConfigurationResult(accepted=True):
                    state = replace(state, revision_in_force=event.revision, problem="")
                case ConfigurationResult():
                    state = replace(state, problem=event.text[:2000])
        known = self._fleet.presence
        changed = {device: how for device, how in presence.items() if known.get(device) != how}
        await self._keep_presence(session, changed)
        if changed:
            await self._tell_others(session, devices=changed)
        for device, (online, reason) in changed.items():
            # That a new device answers is no news; there are thousands in a first birth.
            if device in known or not online:
                await self._show_presence(session, device, online, reason)
        is_revised = state != self._fleet.edge_state(edge)
        if is_revised:
            await self._keep(session, edge, state)

        def apply() -> None:
            known.update(changed)
            if is_revised:
                self._fleet.edges[edge] = replace(
                    self._fleet.edge_state(edge),
                    revision_in_force=state.revision_in_force,
                    problem=state.problem,
                )

        return apply

    def _reads(self, edge: str, device: str) -> bool:
        """Tell whether this edge, and no other, says whether the device answers."""
        registry = self._registry.snapshot
        return device not in registry.devices or registry.edge_of(device) == edge

    def _present(
        self, edge: str, active: ActiveSet, presence: dict[str, tuple[bool, str]]
    ) -> dict[str, tuple[bool, str]]:
        """Give every device of the edge its presence: what is not lost, is there."""
        lost = {each.device for each in active.conditions if each.condition == DEVICE_LOST}

        def reason(device: str) -> str:
            online, reason = presence.get(device) or self._fleet.presence.get(device, (True, ""))
            return "" if online else reason

        return {
            device: (False, reason(device)) if device in lost else THERE
            for device in self._births.devices_of_edge(edge)
        }

    def _put(self, edge: str, state: EdgeState) -> None:
        """Remember a state that is committed; what was counted meanwhile stays."""
        now = self._fleet.edge_state(edge)
        self._fleet.edges[edge] = replace(state, refused=now.refused, refusal=now.refusal)

    async def _keep(self, session: AsyncSession, edge: str, state: EdgeState) -> None:
        row = EdgeStateRow(
            edge=edge,
            online=state.online,
            seen_at=state.seen_at or self._clock.now(),
            software=state.software,
            revision=state.revision_in_force or 0,
            problem=state.problem,
            refused=state.refused,
            refusal=state.refusal,
        )
        await session.merge(row)
        registry = self._registry.snapshot
        if edge not in registry.edges:  # it left while this waited for its turn
            return
        offered = await newest_revision(session, edge)
        shown = show_edge(
            registry,
            self._fleet,
            registry.edges[edge],
            offered,
            at=self._clock.now(),
        ).model_copy(
            update={
                "online": state.online,
                "seen_at": state.seen_at,
                "software": state.software,
                "revision_in_force": state.revision_in_force,
                "problem": state.problem,
                "refused": state.refused,
                "refusal": state.refusal,
            }
        )
        change = outbox.Change(
            topic="edge",
            place_path=registry.path_of(registry.edges[edge].place),
            body=shown.model_dump(mode="json"),
        )
        await outbox.publish(session, change)

    @staticmethod
    async def _tell_others(
        session: AsyncSession, *, born: str = "", devices: Iterable[str] = ()
    ) -> None:
        """Have other processes read anew what an edge was born with, or which devices answer."""
        body = {"born": born, "devices": list(devices)}
        await outbox.publish(session, outbox.Change(topic=outbox.FLEET, place_path="", body=body))

    async def _keep_presence(
        self, session: AsyncSession, changed: Mapping[str, tuple[bool, str]]
    ) -> None:
        devices, now = list(changed), self._clock.now()
        for some in (devices[at : at + AT_ONCE] for at in range(0, len(devices), AT_ONCE)):
            await session.execute(
                delete(DevicePresenceRow).where(DevicePresenceRow.device.in_(some))
            )
            rows = [
                {"device": device, "online": online, "reason": reason, "changed_at": now}
                for device, (online, reason) in ((each, changed[each]) for each in some)
            ]
            await insert_many(session, DevicePresenceRow, rows)

    async def _show_presence(
        self, session: AsyncSession, device: str, online: bool, reason: str
    ) -> None:
        registry = self._registry.snapshot
        if device not in registry.devices:
            return
        shown = show_device(registry, self._fleet, registry.devices[device], signals=False)
        body = shown.model_copy(update={"online": online, "reason": reason})
        change = outbox.Change(
            topic="device",
            place_path=registry.path_of(registry.devices[device].place),
            body=body.model_dump(mode="json"),
        )
        await outbox.publish(session, change)

    # ---- what goes down ---------------------------------------------------------------------

    def call_roll(self) -> None:
        """Ask every edge for a birth: what was sent while the gateway was away is gone."""
        for edge in self._registry.snapshot.edges:
            self._downlink.send(edge, "rebirth", Rebirth(reason="the gateway was away"))
        self._unheard = set(self._registry.snapshot.edges)
        if self._roll_call is not None:
            self._roll_call.cancel()
        loop = asyncio.get_running_loop()
        self._roll_call = loop.call_later(SILENT_AFTER_S, self._lose_unheard)

    def _lose_unheard(self) -> None:
        if not self._downlink.is_up:
            return  # the next connect calls the roll again
        for edge in self._unheard & set(self._registry.snapshot.edges):
            lose = partial(self.lose, edge, "it did not answer the roll call")
            task = asyncio.create_task(patiently(lose))
            self._losing.add(task)
            task.add_done_callback(self._losing.discard)

    async def offer(self, edge: str) -> None:
        """Send the newest configuration document to an edge that has another one in force."""
        state = self._fleet.edge_state(edge)
        async with self._database.reading() as session:
            if state.revision_in_force == await newest_revision(session, edge):
                return
            newest = await newest_configuration(session, edge)
        state = self._fleet.edge_state(edge)
        if newest is None or not state.online or state.revision_in_force == newest.revision:
            return
        document = newest.document.encode()
        offer = ConfigurationOffer(revision=newest.revision, document=document)
        if self._downlink.send(edge, "configuration", offer):
            log.info("configuration offered", edge=edge, revision=newest.revision)

    async def offer_all(self, _rows: Sequence[OutboxRow]) -> None:
        """Handle outbox rows "registry": offer what may have changed, and ask who else is there."""
        async with self._database.reading() as session:
            await self._registry.reload(session)
        for edge in self._registry.snapshot.edges:
            if self._fleet.edge_state(edge).online:
                await self.offer(edge)
            else:
                self._downlink.send(edge, "rebirth", Rebirth(reason="the registry has changed"))

    async def send_all_acknowledgements(self, rows: Sequence[OutboxRow]) -> None:
        """Handle outbox rows "acknowledgement"."""
        for edge in {str(row.body["edge"]) for row in rows}:
            await self.send_acknowledgements(edge)

    async def send_acknowledgements(self, edge: str) -> None:
        """Send what an edge is still to tell its devices. What the link does not take now is sent
        at the next birth."""
        async with self._database.reading() as session:
            orders = await acknowledgements.orders(session, edge, self._clock.now())
        for order in orders:
            self._downlink.send(edge, "acknowledge", order)

    async def send_orders(self, rows: Sequence[OutboxRow]) -> None:
        """Handle outbox rows "order": send commands that were confirmed, each once.

        One that the link does not take lapses by its time, and never comes late.
        """
        for row in rows:
            body = dict(row.body)
            edge = str(body.pop("edge"))
            order = CommandOrder(**body)
            if order.expires_at <= self._clock.time_ns():
                continue
            if not self._downlink.send(edge, "command", order):
                until = to_datetime(order.expires_at)
                log.warning("order was not sent", command=order.command, expires_at=until)
                continue
            await patiently(partial(self._mark_sent, order.command))

    async def _mark_sent(self, command: str) -> None:
        async with self._database.transaction() as session:
            await commands.mark_sent(session, command)
