"""The gateway put together: what is opened at the start, in which order, and what runs beside."""

import secrets
import socket
from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TypeAlias

import structlog

from adapters.wire import Ack, Rebirth, Stream
from core.clock import SECOND, Clock
from gateway.answers.templates_file import load_templates
from gateway.api.rate import Rate
from gateway.authority import open_authority
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.filing import Filing
from gateway.cases.incidents import Intake
from gateway.cases.looks import load_looks
from gateway.cases.proofs import Verification
from gateway.channels.accounts import Accounts, load_accounts
from gateway.channels.api_keys import KeyRates
from gateway.channels.carrier import Carrier
from gateway.channels.carriers import Messengers, open_messengers
from gateway.channels.correspondence import Correspondence
from gateway.channels.courier import Courier
from gateway.channels.mailbox import Mailbox
from gateway.channels.outside import Outside
from gateway.channels.services import load_services
from gateway.channels.webhooks import WEBHOOK, WebhookCarrier
from gateway.checklists.rules_file import load_checklists
from gateway.deadlines.rules_file import load_deadlines
from gateway.duties import Duties
from gateway.enrolment import revoked_ones
from gateway.escalation.rules_file import load_escalations
from gateway.ingest.births import Births
from gateway.ingest.clock_watch import ClockWatch
from gateway.ingest.downlink import Downlink
from gateway.ingest.edges import Edges
from gateway.ingest.events import EventWriter
from gateway.ingest.fleet import Fleet
from gateway.ingest.following import TOPICS, Following
from gateway.ingest.latest import LatestValues
from gateway.ingest.parked import Parked
from gateway.ingest.reception import EVERYTHING, READINGS, Ingest
from gateway.ingest.settling import Settling
from gateway.ingest.telemetry import STREAM, Acknowledge, TelemetryWriter
from gateway.language.reader import Reader
from gateway.leading import Leading
from gateway.live import Hub, pulse
from gateway.parts import Parts
from gateway.proof.rules_file import load_proofs
from gateway.registry.snapshot import Answering, CurrentRegistry
from gateway.series import Series, open_series
from gateway.settings import API, INGEST, WORKER, Settings
from gateway.storage import outbox
from gateway.storage.database import POSTGRESQL, Database
from gateway.storage.leases import Lease
from gateway.storage.listening import listen
from gateway.storage.opened import opened
from gateway.tasks import Tasks
from gateway.timeseries.port import StoreUnavailable, TimeSeries

log = structlog.get_logger()

CLIENT_ID = "kvartal-gateway"
Reception: TypeAlias = tuple[Ingest, Downlink]
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
        messengers, carriers = _open_channels(settings, clock, database)
        current = _by_the_rules(settings, carriers)
        authority = open_authority(settings.data_dir / "authority", clock.now())
        async with database.reading() as reading:
            await current.reload(reading)
            authority.write_list(await revoked_ones(reading), clock.now())
            looks = await load_looks(reading)
        series = await stack.enter_async_context(open_series(settings, clock, database))
        log.info("stores are open", cases=database.name, readings=settings.series_store)
        births, latest, downlink = Births(clock, current), LatestValues(), Downlink()
        parked = Parked(settings.data_dir / "parked")
        evidence = EvidenceFiles(settings.data_dir / "evidence")
        fleet = Fleet(births, latest, parked)
        serves, works = API in settings.roles, WORKER in settings.roles
        if serves or works:
            await _load(database, births, fleet)
        if serves:
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
        intake = Intake(clock, current, births, evidence)
        clock_watch = ClockWatch(
            clock,
            database,
            current,
            births=births,
            intake=intake,
            right_for_s=settings.clock_right_for_s,
        )
        # Where several processes store, readings that are shared out come over a link of their own.
        storing = Downlink() if settings.is_shared else downlink
        telemetry = _telemetry(settings, clock, series, storing)
        receive = partial(Ingest, settings, clock, database, births=births, edges=edges)
        ingest = receive(
            client=_client(settings),
            topics=EVERYTHING,
            downlink=downlink,
            latest=latest if serves else None,
            clocks=clock_watch,
            telemetry=None if settings.is_shared else telemetry,
            events=EventWriter(database, edges, intake, _acknowledging(clock, downlink), parked),
            on_birth=hub.refresh,
        )
        shared = receive(
            client=f"{_client(settings)}-readings",
            topics=READINGS,
            is_shared=True,
            downlink=storing,
            telemetry=telemetry,
        )
        receptions = _receptions(settings, edges=(ingest, downlink), readings=(shared, storing))
        following = Following(
            database,
            current,
            births=births,
            fleet=fleet,
            hub=hub,
            receptions=[reception for reception, _ in receptions.values()],
            remembers=serves or works,
        )
        shown = outbox.OutboxReader(database, TOPICS, following.take)
        await shown.start()
        hub.seq = shown.seq
        filing, correspondence = _taken_in(settings, clock, database, current, evidence)
        tasks = await stack.enter_async_context(Tasks(on_failure))
        _read_outbox(tasks, database, shown)
        if serves:
            tasks.start("live pulse", pulse(hub, database, clock))
            tasks.start("filing", filing.run())

        receive_all = partial(
            _receive, tasks, receptions, telemetry if INGEST in settings.roles else None
        )
        if settings.is_shared:
            receive_all()
        lease = _lease(settings, database)
        if works:
            leading = Leading(
                settings=settings,
                clock=clock,
                database=database,
                registry=current,
                births=births,
                fleet=fleet,
                edges=edges,
                clock_watch=clock_watch,
                ingest=ingest,
                following=following,
                upkeep=series.upkeep,
                verification=Verification(
                    database, clock, current, directory=fleet, history=series.store
                ),
                courier=Courier(clock, database, current, carriers, origin=settings.origin),
                mailbox=_mailbox(messengers.accounts, correspondence),
                then=_nothing if settings.is_shared else receive_all,
            )
            await leading.begin(tasks, lease)
        yield Parts(
            settings=settings,
            clock=clock,
            database=database,
            registry=current,
            directory=fleet,
            history=series.store,
            series=series.figures,
            hub=hub,
            filing=filing,
            looks=looks,
            appeal_rate=Rate(burst=20, every_s=3.0),
            look_rate=Rate(burst=60, every_s=1.0),
            key_rates=KeyRates(),
            source_rates=KeyRates(),
            messengers=messengers,
            correspondence=correspondence,
            authority=authority,
            enrolment_rate=Rate(burst=10, every_s=6.0),
            duties=Duties(
                roles=settings.roles,
                receptions=receptions,
                lease=lease,
            ),
        )


def _open_channels(
    settings: Settings, clock: Clock, database: Database
) -> tuple[Messengers, Mapping[str, Carrier]]:
    """Give the accounts by which people write, and all that carries something out."""
    outside = Outside(settings.outside_networks)
    messengers = open_messengers(load_accounts(settings.channels_file), outside)
    webhooks = WebhookCarrier(clock, database, outside)
    return messengers, {**messengers.carriers(), WEBHOOK: webhooks}


def _taken_in(
    settings: Settings,
    clock: Clock,
    database: Database,
    registry: CurrentRegistry,
    evidence: EvidenceFiles,
) -> tuple[Filing, Correspondence]:
    """Give what files appeals, and what takes messages of a conversation."""
    filing = Filing(clock, database, registry, reader=_reader(settings), evidence=evidence)
    return filing, Correspondence(clock, database, registry, filing, evidence)


def _mailbox(accounts: Accounts, correspondence: Correspondence) -> Mailbox | None:
    if accounts.mail is None or not accounts.mail.imap:
        return None
    return Mailbox(accounts.mail, correspondence)


def _by_the_rules(settings: Settings, carriers: Container[str]) -> CurrentRegistry:
    """Read the files of rules, of which what is wrong is said at the start."""
    load_services(settings.services_file)
    return CurrentRegistry(
        load_deadlines(settings.deadlines_file, settings.days_off_file),
        load_proofs(settings.proof_file),
        Answering(load_templates(settings.answers_file), carriers),
        load_escalations(settings.escalation_file),
        checklists=load_checklists(settings.checklist_file),
    )


def _receptions(
    settings: Settings, *, edges: Reception, readings: Reception
) -> Mapping[str, Reception]:
    """Give by name what this process listens to."""
    found = {}
    if API in settings.roles or WORKER in settings.roles:
        found["edges"] = edges
    if settings.is_shared and INGEST in settings.roles:
        found["readings"] = readings
    return found


def _reader(settings: Settings) -> Reader:
    return Reader(settings.language_model_file, settings.classify_from)


def _lease(settings: Settings, database: Database) -> Lease | None:
    """Give what a worker must hold; None for others, and where nobody else can be."""
    if WORKER in settings.roles and database.name == POSTGRESQL:
        return Lease(database, WORKER, _holder(settings))
    return None


def _client(settings: Settings) -> str:
    """Give the name of the process at the broker, which lets in one client of a name."""
    return f"{CLIENT_ID}-{_holder(settings)}" if settings.is_shared else CLIENT_ID


def _holder(settings: Settings) -> str:
    """Give what tells this process from others, and is the same after a restart."""
    return f"{socket.gethostname()}-{settings.port or secrets.token_hex(4)}"


def _acknowledging(clock: Clock, downlink: Downlink) -> Acknowledge:
    def acknowledge(edge: str, epoch: str, stream: Stream, ranges: list[tuple[int, int]]) -> None:
        time = clock.time_ns()
        downlink.send(edge, "ack", Ack(epoch=epoch, stream=stream, ranges=ranges, time=time))

    return acknowledge


def _telemetry(
    settings: Settings, clock: Clock, series: Series, downlink: Downlink
) -> TelemetryWriter:
    settling = None
    if series.forgetful is not None:
        settling = Settling(
            series.forgetful,
            clock,
            settings.series_settle_s,
            tell=partial(_hold, downlink, clock),
            ask_again=partial(_ask_again, downlink),
        )
    return TelemetryWriter(series.store, clock, _acknowledging(clock, downlink), settling)


async def _load(database: Database, births: Births, fleet: Fleet) -> None:
    async with database.reading() as session:
        await births.load(session)
        await fleet.load(session)


def _read_outbox(tasks: Tasks, database: Database, reader: outbox.OutboxReader) -> None:
    tasks.start("outbox reader", reader.run())
    if database.name == POSTGRESQL:
        tasks.start("outbox listener", listen(database))


def _receive(
    tasks: Tasks, receptions: Mapping[str, Reception], writer: TelemetryWriter | None
) -> None:
    """Take what edges send from now on."""
    if writer is not None:
        tasks.start("telemetry writer", writer.run())
    for name, (reception, _) in receptions.items():
        tasks.start(f"what waits, of {name}", reception.take_slow())
        tasks.start(f"reception of {name}", reception.run())


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


def _nothing() -> None:
    pass
