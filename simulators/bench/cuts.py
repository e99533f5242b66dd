"""How soon an edge reads an OPC UA server again after its line was broken, and what stays behind.

In turn the line is cut, hangs with its connections open, and the server is killed. A round is over
with the first sample that the server took after the line was whole. The ceiling is a client of
asyncua alone that connects to the healthy server and waits for its first value.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import isnan
from pathlib import Path

import numpy as np
import psutil
from asyncua.client.client import Client

from core.clock import SECOND
from simulators.bench.measure import Result, percentile
from simulators.bench.relay import Relay
from simulators.bench.stand import OWN_SIGNALS, Stand, say, standing, variables
from simulators.bench.variables_server import NAMESPACE, name_of
from simulators.stage.ports import HOST, free_port

SIGNALS = 50
BROKEN_S = 4.0  # a cut, or a server that is away
HANGS_S = 10.0  # longer than any of the two sides waits for the other
PATIENCE_S = 60.0
SETTLE_S = 5.0
BARE_ROUNDS = 5
MEGABYTE = 1_000_000


async def measure(state: Path, rounds: int) -> Result:
    """Break the line so often. state: an empty folder."""
    port = free_port()
    async with standing(state) as stand, Relay(port) as relay:
        plant = _Plant(stand, relay, port)
        await plant.start()
        bare = [await _bare(port) for _ in range(BARE_ROUNDS)]
        async with stand.edge([_profile()], _document(relay.port)) as pid:
            stand.sink.watch(np.arange(SIGNALS) + OWN_SIGNALS)
            await plant.until_fresh(stand.clock.time_ns())
            edge = psutil.Process(pid)
            await asyncio.sleep(SETTLE_S)
            before = _held(edge)
            took = []
            for number in range(rounds):
                seconds = await plant.round(number)
                say(f"{number + 1}/{rounds}: {plant.named(number)}, read again in {seconds:.1f} s")
                took.append(seconds)
            await asyncio.sleep(SETTLE_S)
            after = _held(edge)
    ours, ceiling = percentile(took, 95), percentile(bare, 50)
    return Result(
        bench="cuts",
        unit="s from healing to a fresh sample",
        ours=ours,
        ceiling=ceiling,
        ratio=ceiling / ours,
        lost=sum(map(isnan, took)),
        more={
            "rounds": rounds,
            "within_5_s": sum(seconds <= 5 for seconds in took),
            "slowest_s": max(took),
            "threads_left": after[0] - before[0],
            "sockets_left": after[1] - before[1],
            "memory_growth_mb": (after[2] - before[2]) / MEGABYTE,
        },
    )


class _Plant:
    """The server, and the line to it."""

    def __init__(self, stand: Stand, relay: Relay, port: int) -> None:
        self._stand = stand
        self._relay = relay
        self._port = port
        self._ways: list[Callable[[], Awaitable[None]]] = [self._cut, self._hang, self._kill]

    async def start(self) -> None:
        self._server = variables(self._port)
        await self._stand.start(self._server)

    async def round(self, number: int) -> float:
        """Break the line and mend it; give the seconds until a fresh sample, NaN for none."""
        await self._ways[number % len(self._ways)]()
        return await self.until_fresh(self._stand.clock.time_ns())

    def named(self, number: int) -> str:
        return ("cut", "hung", "server killed")[number % len(self._ways)]

    async def until_fresh(self, healed: int) -> float:
        """Wait for a sample that is younger than this. healed: nanoseconds UTC."""
        clock, sink = self._stand.clock, self._stand.sink
        while sink.newest <= healed:
            if clock.time_ns() > healed + PATIENCE_S * SECOND:
                return float("nan")
            await asyncio.sleep(0.01)
        return (clock.time_ns() - healed) / SECOND

    async def _cut(self) -> None:
        await self._relay.cut()
        await asyncio.sleep(BROKEN_S)
        await self._relay.heal()

    async def _hang(self) -> None:
        self._relay.hang()
        await asyncio.sleep(HANGS_S)
        await self._relay.heal()

    async def _kill(self) -> None:
        await self._stand.children.dismiss(self._server)  # it ends without a word
        await asyncio.sleep(BROKEN_S)
        await self.start()


async def _bare(port: int) -> float:
    """Connect and subscribe with asyncua alone; give the seconds until the first value."""

    class Handler:
        def datachange_notification(self, *_given: object) -> None:
            came.set()

    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with Client(f"opc.tcp://{HOST}:{port}", timeout=10) as client:
        space = await client.get_namespace_index(NAMESPACE)
        subscription = await client.create_subscription(500, Handler())
        nodes = [client.get_node(f"ns={space};s={name_of(each)}") for each in range(SIGNALS)]
        await subscription.subscribe_data_change(nodes)
        async with asyncio.timeout(PATIENCE_S):
            await came.wait()
        return loop.time() - began


def _held(process: psutil.Process) -> tuple[int, int, int]:
    """Give threads, sockets and bytes of memory."""
    memory: int = process.memory_info().rss
    return process.num_threads(), len(process.net_connections()), memory


def _profile() -> dict[str, object]:
    return {
        "profile": "plant",
        "family": "heat_point",
        "protocol": "opcua",
        "name": {"en": "Plant", "ru": "Установка"},
        "source": "generic, what simulators/bench/variables_server.py serves",
        "signals": [
            {
                "key": name_of(number),
                "name": {"en": f"Count {number}", "ru": f"Счёт {number}"},
                "poll_s": 0.5,
                "opcua": {"node": f"nsu={NAMESPACE};s={name_of(number)}"},
            }
            for number in range(SIGNALS)
        ],
    }


def _document(port: int) -> dict[str, object]:
    return {
        "endpoints": [
            {"id": "line", "protocol": "opcua", "address": f"opc.tcp://{HOST}:{port}"},
        ],
        "devices": [{"id": "plant", "profile": "plant", "endpoint": "line", "unit": "plant"}],
    }
