"""The gateway put together: what is opened at the start, in which order, and what runs beside."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

import structlog

from adapters.wire import Ack, Rebirth, Stream
from core.clock import SECOND, Clock
from gateway.api.rate import Rate
from gateway.authority import open_authority
from gateway.cases import acknowledgements
from gateway.cases.commands import watch
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.incidents import Intake
from gateway.enrolment import revoked_ones
from gateway.ingest.births import Births
from gateway.ingest.clock_watch import ClockWatch
from gateway.ingest.downlink import Downlink
from gateway.ingest.edge_watch import EdgeWatch
from gateway.ingest.edges import Edges
from gateway.ingest.events import EventWriter
from gateway.ingest.fleet import Fleet
from gateway.ingest.latest import LatestValues
from gateway.ingest.parked import Parked
from gateway.ingest.reception import Ingest
from gateway.ingest.refusal_watch import RefusalWatch
from gateway.ingest.settling import Settling
from gateway.ingest.telemetry import STREAM, TelemetryWriter
from gateway.live import Hub, pulse
from gateway.parts import Parts
from gateway.registry.snapshot import CurrentRegistry
from gateway.series import REFUSED, open_series
from gateway.settings import Settings
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.opened import opened
from gateway.storage.tables import OutboxRow
from gateway.tasks import Tasks
from gateway.timeseries.port import StoreUnavailable, TimeSeries

log = structlog.get_logger()

REMEMBER = 3600 * SECOND  # of the readings before the start, for the latest of each series


@asynccontextmanager
async def open_parts(
    settings: Settings, clock: Clock, on_failure: Callable[[], None]
) -> AsyncIterator[Parts]:
    """Open everything and run it; at the end close it in the other order.

    on_failure: called if something that runs beside ends by itself.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(opened(settings, waits=True))
        current = CurrentRegistry()
        authority = open_authority(settings.data_dir / "authority", clock.now())
        async with database.reading() as reading:
            await current.reload(reading)
            authority.write_list(await revoked_ones(reading), clock.now())
        series = await stack.enter_async_context(open_series(settings, clock, database))
        log.info("stores are open", cases=database.name, readings=settings.series_store)
        births, latest, downlink = Births(clock, current), LatestValues(), Downlink()
        parked = Parked(settings.data_dir / "parked")
        fleet = Fleet(births, latest, parked)
        async with database.reading() as reading:
            await births.load(reading)
            await fleet.load(reading)
        await _remember(series.store, latest, clock)
        hub = Hub(clock, current, fleet)
        latest.listeners.append(hub.readings)
        edges = Edges(
            clock,
            database,
            current,
            births=births,
            fleet=fleet,
            downlink=downlink,
            silent_after_s=settings.edge_silent_s,
        )
        refusal_watch = RefusalWatch(
            clock,
            database,
            current,
            fleet,
            aside=settings.data_dir / REFUSED,
            quiet_s=settings.refused_quiet_s,
        )
        edge_watch = EdgeWatch(clock, database, current, edges, settings.edge_lost_after_s)

        def acknowledge(
            edge: str, epoch: str, stream: Stream, ranges: list[tuple[int, int]]
        ) -> None:
            time = clock.time_ns()
            downlink.send(edge, "ack", Ack(epoch=epoch, stream=stream, ranges=ranges, time=time))

        settling = None
        if series.forgetful is not None:
            settling = Settling(
                series.forgetful,
                clock,
                settings.series_settle_s,
                tell=partial(_hold, downlink, clock),
                ask_again=partial(_ask_again, downlink),
            )
        telemetry = TelemetryWriter(series.store, clock, acknowledge, settling)
        evidence = EvidenceFiles(settings.data_dir / "evidence")
        intake = Intake(clock, current, births, evidence)
        clock_watch = ClockWatch(
            clock,
            database,
            current,
            births=births,
            intake=intake,
            right_for_s=settings.clock_right_for_s,
        )
        ingest = Ingest(
            settings,
            clock,
            database,
            births=births,
            latest=latest,
            clocks=clock_watch,
            edges=edges,
            telemetry=telemetry,
            events=EventWriter(database, edges, intake, acknowledge, parked),
            downlink=downlink,
            on_birth=hub.refresh,
        )
        shown = outbox.OutboxReader(
            database, (*outbox.SHOWN, outbox.REGISTRY), _show(database, current, hub)
        )
        await shown.start()
        hub.seq = shown.seq
        tasks = await stack.enter_async_context(Tasks(on_failure))
        tasks.start("outbox reader", shown.run())
        tasks.start(
            "outbox trim",
            outbox.keep_trimmed(database, clock, timedelta(days=settings.outbox_days)),
        )
        tasks.start("live pulse", pulse(hub, database, clock))
        tasks.start("commands", watch(database, clock, births))
        await _send_down(tasks, database, edges)
        for name, work in (
            ("lapsed acknowledgements", acknowledgements.watch(database, clock, current)),
            ("telemetry writer", telemetry.run()),
            ("births and events", ingest.take_slow()),
            ("ingest", ingest.run()),
            ("edge watch", edge_watch.run()),
            ("clock watch", clock_watch.run()),
            ("refusal watch", refusal_watch.run()),
        ):
            tasks.start(name, work)
        if series.upkeep is not None:
            tasks.start("series upkeep", series.upkeep.run())
        yield Parts(
            settings=settings,
            clock=clock,
            database=database,
            registry=current,
            directory=fleet,
            history=series.store,
            series=series.figures,
            hub=hub,
            appeal_rate=Rate(burst=20, every_s=3.0),
            authority=authority,
            enrolment_rate=Rate(burst=10, every_s=6.0),
        )


async def _send_down(tasks: Tasks, database: Database, edges: Edges) -> None:
    """Have edges told what the outbox says is for them."""
    readers = {
        "orders": outbox.OutboxReader(database, ("order",), edges.send_orders, name="orders"),
        "configuration offers": outbox.OutboxReader(database, (outbox.REGISTRY,), edges.offer_all),
        "acknowledgements": outbox.OutboxReader(
            database, (acknowledgements.TOPIC,), edges.send_all_acknowledgements
        ),
    }
    for name, reader in readers.items():
        await reader.start()
        tasks.start(name, reader.run())


async def _remember(store: TimeSeries, latest: LatestValues, clock: Clock) -> None:
    """Take the readings of before the start; without the store, pages wait for the next ones."""
    try:
        latest.take(await store.latest(clock.time_ns() - REMEMBER), clock.time_ns())
    except StoreUnavailable as error:
        log.warning("latest readings are not known", error=str(error))


def _hold(
    downlink: Downlink, clock: Clock, edge: str, epoch: str, numbers: list[tuple[int, int]]
) -> None:
    ack = Ack(epoch=epoch, stream=STREAM, ranges=[], held=numbers, time=clock.time_ns())
    downlink.send(edge, "ack", ack)


def _ask_again(downlink: Downlink, edge: str) -> None:
    downlink.send(edge, "rebirth", Rebirth(reason="the store of readings was restarted"))


def _show(database: Database, registry: CurrentRegistry, hub: Hub) -> outbox.Handler:
    async def show(rows: Sequence[OutboxRow]) -> None:
        if any(row.topic == outbox.REGISTRY for row in rows):
            async with database.reading() as session:
                await registry.reload(session)
            hub.reload()
        hub.changes(rows)

    return show
