"""The gateway put together: what is opened at the start, in which order, and what runs beside."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from core.clock import Clock
from gateway import outbox
from gateway.api.rate import Rate
from gateway.commands import watch
from gateway.directory import NoHistory, NothingBorn
from gateway.live import Hub, pulse
from gateway.parts import Parts
from gateway.registry import CurrentRegistry
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.schema import upgrade
from gateway.storage.tables import OutboxRow
from gateway.tasks import Tasks


@asynccontextmanager
async def open_parts(
    settings: Settings, clock: Clock, on_failure: Callable[[], None]
) -> AsyncIterator[Parts]:
    """Open everything and run it; at the end close it in the other order.

    on_failure: called if something that runs beside ends by itself.
    """
    async with AsyncExitStack() as stack:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        await upgrade(database.engine)
        current = CurrentRegistry()
        async with database.reading() as reading:
            await current.reload(reading)
        directory = NothingBorn()
        hub = Hub(clock, current, directory)
        shown = outbox.OutboxReader(
            database, (*outbox.SHOWN, "registry"), _show(database, current, hub)
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
        tasks.start("commands", watch(database, clock))
        yield Parts(
            settings=settings,
            clock=clock,
            database=database,
            registry=current,
            directory=directory,
            history=NoHistory(),
            hub=hub,
            appeal_rate=Rate(burst=20, every_s=3.0),
        )


def _show(database: Database, registry: CurrentRegistry, hub: Hub) -> outbox.Handler:
    async def show(rows: Sequence[OutboxRow]) -> None:
        if any(row.topic == "registry" for row in rows):
            async with database.reading() as session:
                await registry.reload(session)
            hub.refresh()
        hub.changes(rows)

    return show
