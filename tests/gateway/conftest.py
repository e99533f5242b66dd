"""A gateway with a small town of two banks, served over a real port."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from starlette.datastructures import State

from core.actor import Role
from core.clock import Clock
from gateway.app import create_app
from gateway.registry.document import decode_registry
from gateway.registry.rows import replace_registry
from gateway.settings import load_settings
from gateway.sign_in import make_link
from gateway.storage.outbox import Change, last_seq, publish
from tests.adapters.conftest import running_broker
from tests.gateway.hall import database_url, use_database
from tests.gateway.postgresql import MIGRATED, Cluster, cluster


def words(english: str, russian: str) -> dict[str, str]:
    return {"en": english, "ru": russian}


NO_BROKER = "mqtt://127.0.0.1:1"  # nobody listens there
PATIENCE_S = 30.0  # for an answer, on a machine that runs other tests beside
TOWN: dict[str, Any] = {
    "name": words("Prirechye", "Приречье"),
    "places": [
        {"id": "prirechye", "kind": "region", "name": words("Prirechye Region", "Область")},
        {"id": "left", "kind": "municipality", "parent": "prirechye",
         "name": words("Left Bank", "Левобережный"), "latitude": 55.0, "longitude": 37.0},
        {"id": "right", "kind": "municipality", "parent": "prirechye",
         "name": words("Right Bank", "Правобережный"), "latitude": 55.0, "longitude": 37.1},
        {"id": "lesnaya", "kind": "street", "parent": "left",
         "name": words("Lesnaya Street", "улица Лесная"),
         "outline": {"type": "LineString", "coordinates": [[37.0, 55.0], [37.01, 55.0]]}},
        {"id": "lesnaya-5", "kind": "building", "parent": "lesnaya",
         "name": words("house 5", "дом 5"), "latitude": 55.001, "longitude": 37.001,
         "outline": {"type": "Point", "coordinates": [37.001, 55.001]}},
        {"id": "beregovaya", "kind": "street", "parent": "right",
         "name": words("Beregovaya Street", "улица Береговая"),
         "outline": {"type": "LineString", "coordinates": [[37.1, 55.0], [37.11, 55.0]]}},
    ],
    "assets": [
        {"id": "cabinet-1", "kind": "feeder_cabinet", "name": words("Cabinet 1", "Шкаф 1"),
         "place": "lesnaya", "latitude": 55.0, "longitude": 37.0},
        {"id": "lamp-1", "kind": "street_light", "name": words("Lamp 1", "Фонарь 1"),
         "place": "lesnaya", "latitude": 55.0, "longitude": 37.002},
        {"id": "lift-7", "kind": "lift", "name": words("Lift 7", "Лифт 7"), "place": "lesnaya-5"},
        {"id": "camera-1", "kind": "camera", "name": words("Yard camera", "Камера двора"),
         "place": "lesnaya-5"},
        {"id": "lamp-2", "kind": "street_light", "name": words("Lamp 2", "Фонарь 2"),
         "place": "beregovaya", "latitude": 55.0, "longitude": 37.1},
    ],
    "feeds": [{"source": "cabinet-1", "target": "lamp-1"}],
    "edges": [{"id": "edge-1", "name": words("Edge 1", "Узел 1"), "place": "prirechye"}],
    "endpoints": [
        {"id": "broker", "edge": "edge-1", "protocol": "mqtt", "address": "mqtt://127.0.0.1:1"}
    ],
    "devices": [
        {"id": "lamp-1-head", "profile": "generic-street-light", "endpoint": "broker",
         "unit": "lamp-1", "name": words("Head of lamp 1", "Светильник 1"), "place": "lesnaya"},
        {"id": "lamp-2-head", "profile": "generic-street-light", "endpoint": "broker",
         "unit": "lamp-2", "name": words("Head of lamp 2", "Светильник 2"), "place": "beregovaya"},
    ],
    "bindings": [
        {"asset": "lamp-1", "device": "lamp-1-head"},
        {"asset": "lamp-2", "device": "lamp-2-head"},
    ],
    "executors": [{"id": "light", "name": words("City Light", "Горсвет"), "place": "prirechye"}],
    "routes": [{"executor": "light", "category": "lighting."}],
}  # fmt: skip


@dataclass
class Gateway:
    app: FastAPI
    url: str

    @property
    def parts(self) -> State:
        return self.app.state.parts

    async def link(
        self,
        role: str = "dispatcher",
        place: str = "left",
        *,
        executor: str = "light",
        reusable: bool = False,
    ) -> str:
        """Make a sign-in link and give its token."""
        async with self.parts.database.transaction() as session:
            return await make_link(
                session,
                self.parts.clock,
                self.parts.registry.snapshot,
                name="Anna",
                role=Role(role),
                place=place,
                executor=executor if role == "executor" else "",
                valid=timedelta(hours=1),
                reusable=reusable,
            )

    def browser(self) -> httpx.AsyncClient:
        """Give a client that sends what a browser on our page sends."""
        return httpx.AsyncClient(
            base_url=self.url, headers={"Origin": self.url}, timeout=PATIENCE_S
        )

    @asynccontextmanager
    async def signed_in(
        self, role: str = "dispatcher", place: str = "left", *, executor: str = "light"
    ) -> AsyncIterator[httpx.AsyncClient]:
        async with self.browser() as browser:
            form = {"token": await self.link(role, place, executor=executor)}
            answer = await browser.post("/api/v1/session", json=form)
            assert answer.status_code == 200, answer.text
            yield browser

    @asynccontextmanager
    async def live(
        self, browser: httpx.AsyncClient, after: int | None = None
    ) -> AsyncIterator["Live"]:
        """Connect the WebSocket with the session of a signed-in client."""
        query = "" if after is None else f"?after={after}"
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with websockets.connect(
            f"{self.url.replace('http', 'ws')}/api/v1/live{query}",
            origin=websockets.Origin(self.url),
            additional_headers={"Cookie": cookie},
        ) as socket:
            yield Live(socket)

    @asynccontextmanager
    async def watching(
        self, place: str = "left", after: int | None = None
    ) -> AsyncIterator["Live"]:
        """Sign a dispatcher in and connect the WebSocket."""
        async with (
            self.signed_in("dispatcher", place) as browser,
            self.live(browser, after) as live,
        ):
            yield live

    async def import_registry(self, registry: dict[str, Any]) -> None:
        """Put a document into the store, as another process would."""
        document = decode_registry(json.dumps(registry).encode())
        async with self.parts.database.transaction() as session:
            await replace_registry(session, self.parts.clock, document)

    async def until_shown(self) -> None:
        """Wait until all that was published is in force here and shown to clients."""
        async with self.parts.database.reading() as session:
            newest = await last_seq(session)
        async with asyncio.timeout(10):
            while self.parts.hub.seq < newest:
                await asyncio.sleep(0.01)

    async def publish(self, topic: str, place_path: str, body: dict[str, Any]) -> None:
        async with self.parts.database.transaction() as session:
            await publish(session, Change(topic=topic, place_path=place_path, body=body))


@dataclass
class Live:
    socket: websockets.ClientConnection

    async def next(self, kind: str) -> dict[str, Any]:
        """Give the next message of this kind, within ten seconds."""
        async with asyncio.timeout(10):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                if message["kind"] == kind:
                    return message


@asynccontextmanager
async def started(
    folder: Path,
    registry: dict[str, Any],
    broker: str = NO_BROKER,
    clock: Clock | None = None,
    **options: Any,
) -> AsyncIterator[Gateway]:
    """Serve the registry. clock: a hand clock where time is to stand. options: more settings."""
    options = {"database_url": database_url(folder), **options}
    settings = load_settings(data_dir=folder, web_dir=folder / "dist", broker=broker, **options)
    app = create_app(settings, clock)
    config = uvicorn.Config(
        app,
        port=0,
        lifespan="off",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    async with app.router.lifespan_context(app):
        gateway = Gateway(app, "")
        await gateway.import_registry(registry)
        await gateway.until_shown()
        serving = asyncio.create_task(server._serve())
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Gateway(app, f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            await serving


Scene = Callable[[Gateway], Awaitable[None]]


@pytest.fixture
def town() -> dict[str, Any]:
    return copy.deepcopy(TOWN)


@pytest.fixture
def play(tmp_path: Path, town: dict[str, Any]) -> Callable[[Scene], None]:
    """Run an async test body against a gateway that serves the town."""

    def run(scene: Scene) -> None:
        async def body() -> None:
            async with started(tmp_path, town) as gateway:
                await scene(gateway)

        asyncio.run(body())

    return run


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    with cluster() as server:
        yield server


@pytest.fixture
def on_postgresql(postgresql: Cluster, tmp_path: Path) -> Iterator[str]:
    """Let what is started in the folder use PostgreSQL; give the name of the database."""
    with postgresql.database(MIGRATED) as name:
        use_database(tmp_path, postgresql.url(name))
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def each_store(request: pytest.FixtureRequest) -> None:
    """Run the test on SQLite and on PostgreSQL."""
    if request.param == "postgresql":
        request.getfixturevalue("on_postgresql")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a mosquitto of this test's own, which listens."""
    with running_broker(tmp_path, "mosquitto") as (url, _):
        yield url
