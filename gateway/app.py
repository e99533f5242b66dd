"""The HTTP of the gateway: its routes, what guards them, and how long its parts live."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.clock import Clock, SystemClock
from gateway.api import (
    alarm_figures,
    answers,
    appeals,
    assets,
    captures,
    cases,
    commands,
    commissioning,
    devices,
    documentation,
    edges,
    enrolment,
    export,
    hands,
    health,
    incidents,
    known_troubles,
    live,
    messengers,
    meters,
    open311,
    pages,
    places,
    planned,
    problems,
    registry,
    routing,
    sent_readings,
    series,
    service_figures,
    session,
    sorting,
    stills,
    suppressions,
    totals,
    webhooks,
    work_orders,
)
from gateway.api import map as maps
from gateway.api.guards import HeaderGuard, HostGuard, OriginGuard, SizeGuard
from gateway.assembly import open_parts
from gateway.settings import API, Settings

PREFIX = "/api/v1"
ROUTERS = (
    session.router,
    maps.router,
    places.router,
    commissioning.router,
    assets.router,
    devices.router,
    series.router,
    totals.router,
    export.router,
    meters.router,
    sent_readings.router,
    edges.router,
    enrolment.router,
    registry.router,
    routing.router,
    live.router,
    incidents.router,
    alarm_figures.router,
    suppressions.router,
    planned.router,
    service_figures.router,
    cases.router,
    captures.router,
    work_orders.router,
    hands.router,
    sorting.router,
    appeals.router,
    known_troubles.router,
    answers.router,
    webhooks.router,
    messengers.router,
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
            Middleware(ProxyHeadersMiddleware, list(settings.trusted_proxies)),
            Middleware(HeaderGuard),
            Middleware(HostGuard, settings.hosts),
            Middleware(OriginGuard),
            Middleware(SizeGuard, settings.request_max_bytes),
        ],
    )
    problems.install(app)
    documentation.install(app)
    api = APIRouter(prefix=PREFIX, responses=problems.RESPONSES)
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(health.router)
    if API in settings.roles:
        app.include_router(api)
        app.include_router(open311.router)
        app.include_router(pages.pages(settings.web_dir))
    return app


def _short_name(route: APIRoute) -> str:
    return route.name


def _lifespan(
    settings: Settings, clock: Clock, on_failure: Callable[[], None]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_parts(settings, clock, on_failure) as parts:
            app.state.parts = parts
            yield

    return lifespan
