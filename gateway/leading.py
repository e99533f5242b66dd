"""What only one process of an installation may do: births and events, edges, deadlines, upkeep."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from core.clock import Clock
from gateway.cases import acknowledgements, commands, deadline_watch, escalations, suppressions
from gateway.cases.proofs import Verification
from gateway.channels import webhooks
from gateway.channels.courier import Courier
from gateway.channels.mailbox import Mailbox
from gateway.ingest.births import Births
from gateway.ingest.clock_watch import ClockWatch
from gateway.ingest.edge_watch import EdgeWatch
from gateway.ingest.edges import Edges
from gateway.ingest.fleet import Fleet
from gateway.ingest.following import Following
from gateway.ingest.reception import Ingest
from gateway.ingest.refusal_watch import RefusalWatch
from gateway.registry.snapshot import CurrentRegistry
from gateway.series import REFUSED
from gateway.settings import Settings
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.failures import patiently
from gateway.storage.leases import Lease
from gateway.tasks import Tasks
from gateway.timeseries.upkeep import Upkeep
from gateway.works import overrun

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leading:
    """upkeep: of the store of readings, where it is ours. mailbox: if people write to one. then:
    called once this process leads."""

    settings: Settings
    clock: Clock
    database: Database
    registry: CurrentRegistry
    births: Births
    fleet: Fleet
    edges: Edges
    clock_watch: ClockWatch
    ingest: Ingest
    following: Following
    upkeep: Upkeep | None
    verification: Verification
    courier: Courier
    mailbox: Mailbox | None
    then: Callable[[], None]

    async def begin(self, tasks: Tasks, lease: Lease | None) -> None:
        """Lead at once where nobody else does, or can; otherwise as soon as the lease is free."""
        if lease is None:
            await self._lead(tasks)
        elif await patiently(lease.taken):
            tasks.start("lease", lease.keep())
            await self._lead(tasks)
        else:
            log.info("another process leads; this one stands by")
            tasks.start("standby", self._stand_by(tasks, lease), may_end=True)

    async def _stand_by(self, tasks: Tasks, lease: Lease) -> None:
        await lease.until_taken()
        tasks.start("lease", lease.keep())
        await self._lead(tasks)

    async def _lead(self, tasks: Tasks) -> None:
        await patiently(self.following.lead)
        self.ingest.lead()
        await self._send_down(tasks)
        database, clock, settings = self.database, self.clock, self.settings
        keep = timedelta(days=settings.outbox_days)
        lost_after_s = settings.edge_lost_after_s
        edge_watch = EdgeWatch(clock, database, self.registry, self.edges, lost_after_s)
        refusal_watch = RefusalWatch(
            clock,
            database,
            self.registry,
            self.fleet,
            aside=settings.data_dir / REFUSED,
            quiet_s=settings.refused_quiet_s,
        )
        for name, work in (
            ("outbox trim", outbox.keep_trimmed(database, keep)),
            ("commands", commands.watch(database, clock, self.births)),
            ("lapsed acknowledgements", acknowledgements.watch(database, clock, self.registry)),
            ("suppressions", suppressions.watch(database, clock, self.registry)),
            ("planned works", overrun.watch(database, clock, self.registry)),
            ("escalations", escalations.watch(database, clock, self.registry)),
            ("deadlines", deadline_watch.watch(database, clock, self.registry)),
            ("verification", self.verification.run()),
            ("courier", self.courier.run()),
            ("webhooks", webhooks.watch(database, clock, keep)),
            ("edge watch", edge_watch.run()),
            ("clock watch", self.clock_watch.run()),
            ("refusal watch", refusal_watch.run()),
        ):
            tasks.start(name, work)
        if self.mailbox is not None:
            tasks.start("mailbox", self.mailbox.watch())
        if self.upkeep is not None:
            tasks.start("series upkeep", self.upkeep.run())
        self.then()

    async def _send_down(self, tasks: Tasks) -> None:
        """Have edges told what the outbox says is for them."""
        for name, topic, handler in (
            ("orders", "order", self.edges.send_orders),
            ("configuration offers", outbox.REGISTRY, self.edges.offer_all),
            ("acknowledgements", acknowledgements.TOPIC, self.edges.send_all_acknowledgements),
        ):
            # The place of orders alone is kept: what else is to be told stands in the store.
            kept = name if topic == "order" else ""
            reader = outbox.OutboxReader(self.database, (topic,), handler, name=kept)
            await patiently(reader.start)
            tasks.start(name, reader.run())
