"""The OPC UA server shows lifts and heat points to a client of its own protocol library."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from asyncua.client.client import Client
from asyncua.ua.uaerrors import BadNoCommunication, UaError

from core.registry import Registry
from simulators.servers.opcua_server import OpcUaServer
from simulators.world.world import World
from tests.ports import free_port


@pytest.fixture
def lift(registry: Registry) -> str:
    return next(each.unit for each in registry.devices if each.profile == "generic-lift")


Talk = Callable[[Client, OpcUaServer], Awaitable[object]]


def talked(world: World, registry: Registry, lift: str, talk: Talk) -> object:
    """Serve one lift and the heat points to a client."""
    devices = [
        each
        for each in registry.devices
        if each.unit == lift or each.profile == "generic-heat-point"
    ]

    async def run() -> object:
        port = free_port()
        async with (
            OpcUaServer(world, devices, port) as server,
            Client(f"opc.tcp://127.0.0.1:{port}", timeout=5) as client,
        ):
            return await talk(client, server)

    return asyncio.run(run())


def test_a_client_reads_what_the_world_has(world: World, registry: Registry, lift: str) -> None:
    async def talk(client: Client, _server: OpcUaServer) -> list[object]:
        names = (f"{lift}.Floor", f"{lift}.State", "heat-point-left-bank.SupplyTemperature")
        return [await client.get_node(f"ns=2;s={name}").read_value() for name in names]

    floor, state, supply = talked(world, registry, lift, talk)  # type: ignore[misc]
    assert (floor, state) == (world.value(f"{lift}-d1", "floor"), 0)
    assert supply == pytest.approx(68, abs=0.5)


def test_a_change_of_the_world_reaches_a_subscription(
    world: World, registry: Registry, lift: str
) -> None:
    async def talk(client: Client, server: OpcUaServer) -> object:
        arrived: asyncio.Queue[object] = asyncio.Queue()

        class Handler:
            def datachange_notification(self, _node: object, value: object, _data: object) -> None:
                arrived.put_nowait(value)

        subscription = await client.create_subscription(50, Handler())
        await subscription.subscribe_data_change(client.get_node(f"ns=2;s={lift}.State"))
        async with asyncio.timeout(5):
            first = await arrived.get()
            world.set_fault("lift_trapped", f"{lift}-d1", True)
            world.step(1.0)
            await server.refresh()
            return first, await arrived.get()

    assert talked(world, registry, lift, talk) == (0, 4)


def test_a_write_goes_into_the_world_and_is_read_back(
    world: World, registry: Registry, lift: str
) -> None:
    async def talk(client: Client, server: OpcUaServer) -> object:
        node = client.get_node("ns=2;s=heat-point-left-bank.Setpoint")
        await node.write_value(72.0)
        world.step(1.0)
        await server.refresh()
        return await node.read_value()

    assert talked(world, registry, lift, talk) == 72.0
    assert world.value("heat-point-left-bank-d1", "setpoint") == 72.0


@pytest.mark.parametrize(
    ("node", "value"),
    [("heat-point-left-bank.Setpoint", 200.0), ("heat-point-left-bank.Pressure", 1.0)],
)
def test_what_cannot_be_set_is_refused(
    world: World, registry: Registry, lift: str, node: str, value: float
) -> None:
    async def talk(client: Client, _server: OpcUaServer) -> None:
        with pytest.raises(UaError):
            await client.get_node(f"ns=2;s={node}").write_value(value)

    talked(world, registry, lift, talk)
    assert world.value("heat-point-left-bank-d1", "setpoint") == 68.0


def test_a_silent_lift_turns_bad(world: World, registry: Registry, lift: str) -> None:
    async def talk(client: Client, server: OpcUaServer) -> None:
        world.set_fault("device_silent", f"{lift}-d1", True)
        await server.refresh()
        with pytest.raises(BadNoCommunication):
            await client.get_node(f"ns=2;s={lift}.State").read_value()

    talked(world, registry, lift, talk)
