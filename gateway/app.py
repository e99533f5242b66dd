"""The gateway put together: what is opened at the start, in which order, and the HTTP on top."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from core.clock import Clock, SystemClock
from gateway import outbox
from gateway.api import (
    appeals,
    assets,
    cases,
    commands,
    devices,
    documentation,
    edges,
    health,
    incidents,
    live,
    pages,
    places,
    problems,
    registry,
    series,
    session,
    stills,
)
from gateway.api import map as maps
from gateway.api.guards import HeaderGuard, OriginGuard, SizeGuard
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

PREFIX = "/api/v1"
ROUTERS = (
    session.router,
    maps.router,
    places.router,
    assets.router,
    devices.router,
    series.router,
    edges.router,
    registry.router,
    live.router,
    incidents.router,
    cases.router,
    appeals.router,
    commands.router,
    stills.router,
)


def create_app(
    settings: Settings,
    clock: Clock | None = None,
    on_failure: Callable[[], None] = lambda: None,
) -> FastAPI:
    """Make the application; its parts are opened by the lifespan.

    on_failure: called once if a part ends by itself: the process should then end.
    """
    app = FastAPI(
        title="Kvartal",
        version="1",
        lifespan=_lifespan(settings, clock or SystemClock(), on_failure),
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_short_name,
        middleware=[
            Middleware(HeaderGuard),
            Middleware(TrustedHostMiddleware, list(settings.hosts), www_redirect=False),
            Middleware(OriginGuard),
            Middleware(SizeGuard, settings.request_max_bytes),
        ],
    )
    problems.install(app)
    documentation.install(app)
    api = APIRouter(prefix=PREFIX, responses=problems.RESPONSES)
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(pages.pages(settings.web_dir))
    return app


def _short_name(route: APIRoute) -> str:
    return route.name


def _lifespan(
    settings: Settings, clock: Clock, on_failure: Callable[[], None]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.parts = await _open_parts(settings, clock, on_failure, stack)
            yield

    return lifespan


async def _open_parts(
    settings: Settings, clock: Clock, on_failure: Callable[[], None], stack: AsyncExitStack
) -> Parts:
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
        "outbox trim", outbox.keep_trimmed(database, clock, timedelta(days=settings.outbox_days))
    )
    tasks.start("live pulse", pulse(hub, database, clock))
    tasks.start("commands", watch(database, clock))
    return Parts(
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
