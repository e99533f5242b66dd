"""A real OPC UA server in a thread of its own, shared by the tests of a module."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from asyncua import Server, ua
from asyncua.common.node import Node

from adapters.contract import Point
from adapters.opcua.adapter import OpcUaConnection, open_opcua
from adapters.profile import Profile
from core.clock import SystemClock
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line
from tests.ports import free_port

T = TypeVar("T")
URI = "urn:test"


class ServerThread:
    """`build` fills the address space before the server starts; `do` runs in the server's loop."""

    def __init__(self, build: Callable[["ServerThread"], Awaitable[None]], port: int = 0) -> None:
        self.build = build
        self.port = port or free_port()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="opcua-server")

    @property
    def address(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop and give what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def aside(self, work: Coroutine[Any, Any, T]) -> T:
        """The same, from within a test's loop, which goes on meanwhile."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def __enter__(self) -> Self:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        self.thread.start()
        self.do(self.start())
        return self

    async def start(self) -> None:
        self.server = Server()
        await self.server.init()
        self.server.set_endpoint(self.address)
        await self.build(self)
        await self.server.start()

    def __exit__(self, *_error: object) -> None:
        self.do(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def variable(self, node: str, value: Any, kind: ua.VariantType, **more: Any) -> Node:
        """Add a writable variable below Objects, or below `parent`."""
        parent = more.pop("parent", self.server.nodes.objects)
        made = await parent.add_variable(node, node.rpartition(".")[2], value, kind)
        await made.set_writable()
        return made

    async def give(self, node: Node, value: Any, kind: ua.VariantType, **more: Any) -> None:
        """Show a value with its status and times."""
        await node.write_value(ua.DataValue(ua.Variant(value, kind), **more))


def profile(nodes: dict[str, str], **more: Any) -> Profile:
    """Make a model whose signals are these nodes. more: of each address; `findings`, `poll_s`."""
    findings = more.pop("findings", ())
    poll_s = more.pop("poll_s", 0.05)
    signals = [
        {
            "key": key, "name": {"ru": key, "en": key}, "poll_s": poll_s, "silent_after_s": 3,
            "writable": True, "opcua": {"node": node} | more,
        }
        for key, node in nodes.items()
    ]  # fmt: skip
    return Profile.model_validate(
        {
            "profile": "test-pump", "family": "heat_point", "protocol": "opcua",
            "name": {"ru": "Насос", "en": "Pump"}, "source": "generic, for tests",
            "signals": signals, "findings": findings,
        }
    )  # fmt: skip


def points_of(model: Profile, unit: str = "P1") -> list[Point]:
    device = Device(
        id="pump", profile=model.profile, endpoint="line", unit=unit, name={"en": "p"}, place="here"
    )
    return [Point(place, device, model, signal) for place, signal in enumerate(model.signals)]


@asynccontextmanager
async def opened(
    address: str, points: Sequence[Point] = (), folder: Path | None = None, **options: Any
) -> AsyncIterator[OpcUaConnection]:
    """Open the adapter on a server. folder: of the edge's certificates."""
    if folder is not None:
        options["certificates"] = str(folder)
    endpoint = Endpoint(
        id="line", edge="edge-1", protocol="opcua", address=address, options=options
    )
    async with open_opcua(endpoint, points, SystemClock()) as connection:
        yield connection


@asynccontextmanager
async def reading(
    address: str, points: list[Point], folder: Path | None = None, **options: Any
) -> AsyncIterator[Line]:
    """Open the adapter and what a test knows of its stream."""
    async with opened(address, points, folder, **options) as connection:
        line = Line(connection, points)
        async with aclosing(line.stream):  # type: ignore[type-var]
            yield line
