"""A line that is cut without a word, and how it is found, left and opened anew."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

import psutil
import pytest
from asyncua import ua
from asyncua.client.client import Client

from core.errors import Retryable
from simulators.bench.relay import Relay
from tests.adapters.conformance import Line, held, run, until_held
from tests.adapters.opcua_rig import URI, ServerThread, opened, points_of, profile, reading

POINTS = points_of(profile({"level": "nsu=urn:test;s={unit}.level"}))
RESTARTS = 50
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def plant() -> Iterator[ServerThread]:
    async def build(it: ServerThread) -> None:
        await it.server.register_namespace(URI)
        await it.variable("ns=2;s=P1.level", 3.5, ua.VariantType.Double)

    with ServerThread(build) as running:
        yield running


@asynccontextmanager
async def relayed(plant: ServerThread) -> AsyncIterator[tuple[Relay, str]]:
    async with Relay(plant.port) as relay:
        yield relay, f"opc.tcp://127.0.0.1:{relay.port}"


def test_a_black_hole_is_noticed_though_the_library_says_that_it_is_connected(
    plant: ServerThread,
) -> None:
    async def test() -> None:
        async with relayed(plant) as (relay, address), reading(address, POINTS) as line:
            await line.until_read()
            relay.hang()
            async with asyncio.timeout(20):
                await line.drain()

    with pytest.raises(Retryable, match="nothing for 6 s"):
        run(test())


def test_a_server_that_accepts_and_says_nothing_does_not_hold_us(plant: ServerThread) -> None:
    async def test() -> None:
        async with relayed(plant) as (relay, address):
            relay.hang()
            async with opened(address, POINTS):
                pass

    with pytest.raises(Retryable, match="no connection"):
        run(test())


def test_after_a_black_hole_a_new_connection_reads_again(plant: ServerThread) -> None:
    async def test() -> float:
        async with relayed(plant) as (relay, address):
            async with opened(address, POINTS) as connection:
                line = Line(connection, POINTS)
                async with aclosing(line.stream):  # type: ignore[type-var]
                    await line.until_read()
                    relay.hang()
                    with pytest.raises(Retryable):
                        await line.drain()
            relay.passes.set()
            async with reading(address, POINTS) as line:
                await line.until_read()
                return line.values["pump.level"]

    assert run(test()) == 3.5


async def read_once(address: str) -> None:
    async with reading(address, POINTS) as line:
        await line.until_read()


def test_fifty_restarts_leave_no_task_socket_or_client_behind(plant: ServerThread) -> None:
    async def test() -> int:
        await read_once(plant.address)
        before = held()
        for _ in range(RESTARTS):
            await read_once(plant.address)
        await until_held(before)
        gc.collect()
        return sum(isinstance(each, Client) for each in gc.get_objects())

    assert run(test()) == 0


def test_fifty_restarts_leave_no_memory_behind(plant: ServerThread) -> None:
    async def test() -> int:
        for _ in range(10):  # until caches are filled
            await read_once(plant.address)
        before = psutil.Process().memory_info().rss
        for _ in range(RESTARTS):
            await read_once(plant.address)
        return psutil.Process().memory_info().rss - before

    assert run(test()) < 20 * MEGABYTE
