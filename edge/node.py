"""Puts the edge together and runs it: the only place where its parts meet."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from adapters import wire
from adapters.contract import OpenAdapter
from adapters.document import parse_json
from adapters.profile import Profile
from adapters.registry import open_adapter
from core.clock import Clock
from core.configuration import EdgeConfiguration
from core.errors import ConfigError
from edge.acknowledgements import Acknowledgements
from edge.births import Births
from edge.commands import Commands
from edge.configuration import LastGood, read_configuration
from edge.control.clock import ProgramClock
from edge.control.control import Control
from edge.control.local_mode import LocalMode
from edge.control.overrides import open_overrides
from edge.data_folder import held_folder
from edge.diagnostics import Diagnostics
from edge.gap_book import open_gap_book
from edge.health import Health
from edge.interlocks import by_hand
from edge.inventory import Inventory
from edge.journal import open_journal
from edge.losses import Losses
from edge.pipeline import Pipeline
from edge.renewal import Renewal
from edge.secrets import opener_with_secrets
from edge.settings import EdgeSettings
from edge.spool import Spool
from edge.supervisor import Supervisor
from edge.uplink import Orders, Uplink
from edge.writing import Interlock, Writer

CLOSE_LINES_S = 2.0

log = structlog.get_logger()


class Edge:
    """One edge. standalone: a configuration from a file; the gateway's are then refused."""

    def __init__(
        self,
        settings: EdgeSettings,
        profiles: Mapping[str, Profile],
        clock: Clock,
        standalone: EdgeConfiguration | None = None,
        *,
        opener: Callable[[str], OpenAdapter] = open_adapter,
        interlocks: tuple[Interlock, ...] = (),
    ) -> None:
        self._settings = settings
        self._profiles = profiles
        self._clock = clock
        self._is_standalone = standalone is not None
        self._opener = opener_with_secrets(
            opener, settings.secrets_dir, settings.data_dir / "certificates"
        )
        self._interlocks = interlocks
        self._copy = LastGood(settings.data_dir)
        self._first = standalone or self._last_good()
        self._offers: asyncio.Queue[wire.ConfigurationOffer] = asyncio.Queue(8)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[Inventory], None]) -> None:
        """Run until `stop` is set; then close every line, say goodbye and close the spool.

        ConfigError where nothing can be kept in data_dir, or another edge has it.
        """
        with held_folder(self._settings.data_dir):
            await self._run(stop, on_ready)

    async def _run(self, stop: asyncio.Event, on_ready: Callable[[Inventory], None]) -> None:
        failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(error: BaseException) -> None:
            if not failure.done():
                failure.set_exception(error)

        limit = self._settings.spool_megabytes * 1024 * 1024
        spool = Spool(
            self._settings.id,
            self._settings.data_dir,
            limit,
            self._clock,
            fail,
            keep_s=self._settings.spool_days * 86_400,
        )
        try:
            await self._assemble(spool)
            async with asyncio.TaskGroup() as group:
                lines = group.create_task(self._serve(), name="lines")
                others = [
                    group.create_task(self._pipeline.run(), name="pipeline"),
                    group.create_task(self._uplink.run(), name="uplink"),
                    group.create_task(self._losses.run(), name="losses"),
                    group.create_task(self._health.run(), name="health"),
                    group.create_task(self._renewal.run(), name="certificate"),
                    group.create_task(self._diagnostics.run(), name="diagnostics"),
                    group.create_task(self._commands.run(), name="commands"),
                    group.create_task(self._acknowledgements.run(), name="acknowledgements"),
                    group.create_task(self._control.run(), name="control"),
                ]
                on_ready(self._inventory)
                await _first_of(stop, failure)
                lines.cancel()
                await asyncio.wait([lines], timeout=CLOSE_LINES_S)
                self._pipeline.work()
                await self._uplink.goodbye()
                for task in others:
                    task.cancel()
        finally:
            await spool.close()

    async def _assemble(self, spool: Spool) -> None:
        """Build the parts, each with what it needs, and install the first configuration."""
        journal = await open_journal(spool, self._clock)
        self._inventory = Inventory(self._first, self._profiles)
        self._journal = journal
        self._births = Births(spool, self._clock)
        await self._births.install(self._inventory)
        self._pipeline = Pipeline(self._inventory, spool, journal, self._clock)
        self._supervisor = Supervisor(
            self._pipeline.put, self._clock, self._opener, await open_gap_book(spool)
        )
        self._renewal = Renewal(self._settings, self._clock)
        self._diagnostics = Diagnostics(self._supervisor.lines, self._pipeline, self._clock)
        self._diagnostics.install(self._inventory)
        self._losses = Losses(
            spool,
            self._pipeline,
            self._clock,
            inventory=lambda: self._inventory,
            is_heard=lambda: self._pipeline.is_heard,
        )
        self._health = Health(
            self._inventory,
            self._supervisor.lines,
            self._pipeline,
            spool,
            self._clock,
            losses=lambda: self._losses.totals,
            certificate_days=self._renewal.days_left,
        )
        local_mode = LocalMode(self._pipeline)
        self._writer = Writer(
            self._inventory,
            self._supervisor.lines,
            (by_hand, local_mode, *self._interlocks),
        )
        self._control = Control(
            self._inventory,
            self._pipeline,
            self._writer,
            await open_overrides(spool, self._clock),
            local_mode=local_mode,
            clock=self._clock,
            program_clock=ProgramClock(self._clock, self._health.gateway_time),
        )
        self._commands = Commands(
            self._writer,
            spool=spool,
            journal=journal,
            clock=self._clock,
            gateway_time=self._health.gateway_time,
            on_commanded=self._control.hold,
        )
        self._acknowledgements = Acknowledgements(
            self._supervisor.lines,
            journal=journal,
            clock=self._clock,
            gateway_time=self._health.gateway_time,
        )
        orders = Orders(
            on_configuration=self._take_offer,
            on_command=self._commands.take,
            on_acknowledge=self._acknowledgements.take,
            on_time=self._health.hear_gateway_time,
            on_heard=self._pipeline.be_heard,
        )
        self._uplink = Uplink(
            self._settings,
            spool=spool,
            journal=journal,
            clock=self._clock,
            births=self._births.messages,
            orders=orders,
        )

    def _last_good(self) -> EdgeConfiguration:
        """Give the copy on disk; nothing where it cannot be used, for the gateway has another."""
        try:
            return self._copy.load(self._settings.id, self._profiles)
        except ConfigError as error:
            log.error("configuration copy cannot be used", reason=str(error))  # noqa: TRY400 - the reason is all
            return EdgeConfiguration(revision=0, edge=self._settings.id)

    def _take_offer(self, offer: wire.ConfigurationOffer) -> None:
        if self._offers.full():
            self._offers.get_nowait()  # only the newest counts
        self._offers.put_nowait(offer)

    async def _serve(self) -> None:
        """Read what the configuration in force says, until there is another one."""
        while True:
            async with asyncio.TaskGroup() as group:
                lines = group.create_task(self._supervisor.run(self._inventory))
                configuration = await self._next_configuration()
                lines.cancel()
            self._pipeline.work()  # what has come under the former numbers
            await self._install(configuration)

    async def _install(self, configuration: EdgeConfiguration) -> None:
        inventory = Inventory(configuration, self._profiles)
        await asyncio.to_thread(self._copy.save, configuration)
        await self._births.install(inventory)
        self._journal.forget_all_but(inventory.devices)
        self._inventory = inventory
        self._pipeline.install(inventory)
        self._control.install(inventory)
        self._diagnostics.install(inventory)
        self._health.inventory = self._writer.inventory = inventory
        self._answer(configuration.revision, is_accepted=True)
        self._uplink.be_born()
        log.info(
            "configuration installed",
            revision=configuration.revision,
            devices=len(inventory.devices),
            signals=inventory.signals,
        )

    async def _next_configuration(self) -> EdgeConfiguration:
        """Wait for a configuration that can be installed and differs from the one in force."""
        while True:
            offer = await self._offers.get()
            try:
                configuration = self._checked(offer)
            except ConfigError as error:
                log.error("configuration refused", revision=offer.revision, reason=str(error))  # noqa: TRY400 - the reason is all
                self._answer(offer.revision, is_accepted=False, text=str(error))
                continue
            if configuration != self._inventory.configuration:
                return configuration
            self._answer(offer.revision, is_accepted=True)

    def _checked(self, offer: wire.ConfigurationOffer) -> EdgeConfiguration:
        source = f"configuration {offer.revision}"
        if self._is_standalone:
            raise ConfigError(f"{source}: {self._settings.id} reads its devices from a file")
        configuration = read_configuration(
            parse_json(source, offer.document), self._settings.id, self._profiles
        )
        if configuration.revision != offer.revision:
            raise ConfigError(f"{source}: the document says revision {configuration.revision}")
        return configuration

    def _answer(self, revision: int, *, is_accepted: bool, text: str = "") -> None:
        time = self._clock.time_ns()
        self._journal.record(
            [
                wire.ConfigurationResult(
                    revision=revision, accepted=is_accepted, time=time, text=text
                )
            ]
        )


async def _first_of(stop: asyncio.Event, failure: asyncio.Future[None]) -> None:
    """Wait for the wish to stop. Raises what `failure` raises, if that comes first."""
    stopping = asyncio.create_task(stop.wait())
    stopping.add_done_callback(lambda _: None if failure.done() else failure.set_result(None))
    try:
        await failure
    finally:
        stopping.cancel()
