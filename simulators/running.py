"""A town that runs: its world, its servers, its people, stepped once a second."""

import asyncio
import signal
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
import uvicorn

from core.clock import Clock
from core.metering import Scope
from core.registry import Device, Registry
from simulators.people.api import Api
from simulators.people.dispatcher import Dispatcher
from simulators.people.journal import Journal
from simulators.people.residents import Residents
from simulators.scenario import Mischief, Scenario
from simulators.servers.cameras import TownCameras
from simulators.servers.modbus_server import Concentrator, ModbusServer
from simulators.servers.mqtt_devices import MqttDevices
from simulators.servers.opcua_server import OpcUaServer
from simulators.tester_page import create_tester_page
from simulators.town.billing import RESIDENT, UNREAD, flat_of
from simulators.world.world import World

HOST = "127.0.0.1"
MISCHIEF_AFTER = 240.0  # seconds: the script has the stage before

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TownOptions:
    """gateway: its address, where residents complain; empty: nobody does. token: of the scripted
    dispatcher's sign-in link. started: how many seconds ago the town began, after a restart."""

    seed: int
    speed: float
    broker: str
    broker_user: str = ""
    broker_password: str = ""
    tester_port: int
    gateway: str = ""
    token: str = ""
    scenario: bool = True
    started: float = 0.0


class _People:
    """Residents and the dispatcher in one, as the script wants them."""

    def __init__(self, residents: Residents, dispatcher: Dispatcher) -> None:
        self.complain = residents.complain
        self.command = dispatcher.command


async def run_town(registry: Registry, options: TownOptions, clock: Clock) -> None:
    """Serve the town until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    world = World(registry, options.seed, clock)
    world.step(options.started)
    async with AsyncExitStack() as stack:
        opcua, radio, cameras = await _open_servers(stack, registry, world, options)
        await stack.enter_async_context(_serving_page(world, options.tester_port))
        people = await stack.enter_async_context(asyncio.TaskGroup())
        stages = _stages(world, registry, options, people)
        journal = people.create_task(_enter_journal(registry, options))
        log.info("town is live", devices=len(registry.devices), tester=options.tester_port)
        while not stopped.is_set():
            due = clock.monotonic() + 1.0
            world.step(options.speed)
            for stage in stages:
                stage.advance(world.elapsed)
            cameras.obey()
            radio.publish()
            await opcua.refresh()
            try:
                await asyncio.wait_for(stopped.wait(), max(0.0, due - clock.monotonic()))
            except TimeoutError:
                continue
        journal.cancel()
        log.info("town stops")


async def _open_servers(
    stack: AsyncExitStack, registry: Registry, world: World, options: TownOptions
) -> tuple[OpcUaServer, MqttDevices, TownCameras]:
    """Listen on every port that the registry names."""
    by_endpoint: dict[str, list[Device]] = defaultdict(list)
    by_protocol: dict[str, list[Device]] = defaultdict(list)
    protocols = {endpoint.id: endpoint.protocol for endpoint in registry.endpoints}
    ports = {item.protocol: urlsplit(item.address).port or 0 for item in registry.endpoints}
    for device in registry.devices:
        by_endpoint[device.endpoint].append(device)
        by_protocol[protocols[device.endpoint]].append(device)
    for endpoint in registry.endpoints:
        if endpoint.protocol == "modbus":
            units = {int(device.unit): device.id for device in by_endpoint[endpoint.id]}
            port = urlsplit(endpoint.address).port or 0
            await stack.enter_async_context(ModbusServer(Concentrator(world, units), port))
    opcua = await stack.enter_async_context(
        OpcUaServer(world, by_protocol["opcua"], ports["opcua"])
    )
    cameras = TownCameras(world, options.seed)
    await stack.enter_async_context(cameras.serve(HOST, ports["camera"]))
    radio = _radio(world, by_protocol["mqtt"], options)
    stack.enter_context(radio)
    return opcua, radio, cameras


def _radio(world: World, devices: Sequence[Device], options: TownOptions) -> MqttDevices:
    broker = urlsplit(options.broker)
    return MqttDevices(
        world, devices, broker.hostname or HOST, broker.port or 1883,
        user=options.broker_user, password=options.broker_password,
    )  # fmt: skip


def _stages(
    world: World, registry: Registry, options: TownOptions, group: asyncio.TaskGroup
) -> list[Scenario | Mischief]:
    """Give what goes on in the town by itself; nothing where no gateway hears of it."""
    if not options.gateway or not options.scenario:
        return []
    people = _People(
        Residents(registry, Api(options.gateway), options.seed),
        Dispatcher(Api(options.gateway), options.token),
    )

    async def live(deed: Awaitable[None]) -> None:
        await deed

    def start(deed: Awaitable[None]) -> None:
        group.create_task(live(deed))

    scenario = Scenario(world, people, start)
    scenario.skip(options.started)
    after = max(MISCHIEF_AFTER, options.started)
    return [scenario, Mischief(world, people, start, options.seed, after=after)]


async def _enter_journal(registry: Registry, options: TownOptions) -> None:
    """Have a dispatcher enter what the house's meters showed in former months."""
    houses = [each.device for each in registry.meters if each.scope is Scope.HOUSE]
    if not options.gateway or not options.token or not houses:
        return
    house = next(each.place for each in registry.devices if each.id == houses[0])
    journal = Journal(
        Api(options.gateway), options.token, place=house, flat=flat_of(house, RESIDENT),
        without=f"electricity-{flat_of(house, UNREAD)}",
    )  # fmt: skip
    await journal.enter()


class _PageServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the town has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _serving_page(world: World, port: int) -> AsyncIterator[None]:
    server = _PageServer(
        uvicorn.Config(
            create_tester_page(world), log_config=None, access_log=False, lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    with socket.create_server((HOST, port)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
