"""What every adapter must do, as tests that each protocol's test class inherits.

A rig is a real server with the units one, two and three of one profile behind it. The adapter
reaches it through a relay, so that a line can be cut or hang.
"""

import asyncio
import contextlib
import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import psutil
import pytest
import uvloop

from adapters.contract import Connection, DeviceState, Diagnosing, Item, Point, Writable
from adapters.profile import Profile
from adapters.raw import Raw, decoded
from adapters.registry import open_adapter
from core.clock import SystemClock
from core.errors import EndpointError, Permanent, Retryable
from core.quality import BAD, VERDICT
from core.readings import Readings
from core.registry import Device, Endpoint
from simulators.bench.relay import Relay

UNITS = ("1", "2", "3")
T = TypeVar("T")


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a test that must be over in 30 s, on the loop that an edge runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(test, 30))


class Rig(Protocol):
    """A server under a test's command. port: where it listens."""

    port: int

    async def set(self, unit: str, key: str, value: float) -> None: ...
    async def get(self, unit: str, key: str) -> float: ...
    async def spoil(self, unit: str, key: str) -> None:
        """From now on this signal alone cannot be read."""
        ...


class UnitRig(Rig, Protocol):
    async def silence(self, unit: str) -> None: ...
    async def revive(self, unit: str) -> None: ...


class Line:
    """A connection under test, and what it has said so far."""

    def __init__(self, connection: Connection, points: list[Point]) -> None:
        self.connection = connection
        self.stream = connection.stream()
        self.points = {point.name: point for point in points}
        self.names = {point.number: point.name for point in points}
        self.values: dict[str, float] = {}
        self.qualities: dict[str, int] = {}
        self.times: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.online: dict[str, bool] = {}

    def add(self, item: Item) -> None:
        if isinstance(item, DeviceState):
            self.online[item.device] = item.online
        if isinstance(item, Raw):
            item = decoded([item])
        if isinstance(item, Readings):
            columns = (item.signal, item.value, item.quality, item.time)
            for number, value, code, time in zip(*(c.tolist() for c in columns), strict=True):
                name = self.names[number]
                self.values[name] = value
                self.qualities[name] = code
                self.times[name] = time
                self.counts[name] = self.counts.get(name, 0) + 1

    async def until(self, condition: Callable[[], bool]) -> None:
        """Read on until it holds."""
        async with asyncio.timeout(15):
            async for item in self.stream:
                self.add(item)
                if condition():
                    return

    async def until_read(self) -> None:
        await self.until(lambda: set(self.values) == set(self.points))

    async def drain(self) -> None:
        async for item in self.stream:
            self.add(item)

    def is_bad(self, name: str) -> bool:
        return name in self.qualities and self.qualities[name] & VERDICT == BAD

    async def write(self, name: str, value: float) -> float:
        """Write while the stream is being read, as the edge does."""
        assert isinstance(self.connection, Writable)
        reading = asyncio.create_task(self.drain())
        try:
            return await self.connection.write(self.points[name], value)
        finally:
            reading.cancel()
            await asyncio.wait([reading])


class Conformance:
    """Inherit and say which profile is served, and by what.

    expected: value of every signal of unit 1. settable: its key is writable. hang_s: within which
    the adapter knows that a line is open and passes nothing.
    """

    profile: Profile
    scheme: str
    expected: dict[str, float]
    settable: str
    hang_s = 12.0

    def rig(self) -> AbstractAsyncContextManager[Any]:
        """Start the server, with `expected` in every unit."""
        raise NotImplementedError

    def points(self, endpoint: Endpoint) -> list[Point]:
        devices = [
            Device(
                id=f"unit-{unit}", profile=self.profile.profile, endpoint=endpoint.id, unit=unit,
                name={"en": unit}, place="here",
            )
            for unit in UNITS
        ]  # fmt: skip
        pairs = [(device, signal) for device in devices for signal in self.profile.signals]
        return [
            Point(100 + place, device, self.profile, signal)
            for place, (device, signal) in enumerate(pairs)
        ]

    def endpoint(self, port: int) -> Endpoint:
        address = f"{self.scheme}://127.0.0.1:{port}"
        return Endpoint(id="line", edge="edge-1", protocol=self.profile.protocol, address=address)

    @asynccontextmanager
    async def opened(self, port: int) -> AsyncIterator[Line]:
        endpoint = self.endpoint(port)
        points = self.points(endpoint)
        opening = open_adapter(self.profile.protocol)(endpoint, points, SystemClock())
        async with opening as connection:
            line = Line(connection, points)
            async with contextlib.aclosing(line.stream):  # type: ignore[type-var]
                yield line

    def with_rig(self, test: Callable[[Any, Relay], Awaitable[T]]) -> T:
        async def whole() -> T:
            async with self.rig() as rig, Relay(rig.port) as relay:
                return await test(rig, relay)

        return run(whole())

    def test_every_signal_is_read(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> dict[str, float]:
            async with self.opened(relay.port) as line:
                await line.until_read()
                return {key: line.values[f"unit-1.{key}"] for key in self.expected}

        assert self.with_rig(test) == pytest.approx(self.expected, rel=1e-6)

    def test_a_change_arrives(self) -> None:
        async def test(rig: Rig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                await rig.set("2", self.settable, 7)
                await line.until(lambda: line.values[f"unit-2.{self.settable}"] == 7)

        self.with_rig(test)

    def test_a_bad_signal_alone_is_bad(self) -> None:
        async def test(rig: Rig, relay: Relay) -> set[str]:
            await rig.spoil("2", self.settable)
            async with self.opened(relay.port) as line:
                await line.until_read()
                return {name for name in line.values if line.is_bad(name)}

        assert self.with_rig(test) == {f"unit-2.{self.settable}"}

    def test_times_are_nanoseconds_utc(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> list[float]:
            async with self.opened(relay.port) as line:
                await line.until_read()
                now = datetime.now(UTC).timestamp()  # noqa: TID251 - compared with the adapter's
                return [now - time / 1e9 for time in line.times.values()]

        assert max(map(abs, self.with_rig(test))) < 20

    def test_how_soon_the_line_answers_is_known_of_every_device(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                connection = line.connection
                assert isinstance(connection, Diagnosing)
                waited: dict[str, float] = {}

                def is_known() -> bool:
                    for device, traffic in connection.take_traffic().items():
                        if traffic.answers:
                            waited[device] = traffic.waited_s
                    return set(waited) == {f"unit-{unit}" for unit in UNITS}

                await line.until(is_known)
                assert min(waited.values()) > 0

        self.with_rig(test)

    def test_a_line_that_is_cut_raises_retryable_in_time(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                await relay.cut()
                async with asyncio.timeout(5):
                    await line.drain()

        with pytest.raises(Retryable, match=r"127\.0\.0\.1"):
            self.with_rig(test)

    def test_a_line_that_hangs_raises_retryable_in_time(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                relay.hang()
                async with asyncio.timeout(self.hang_s):
                    await line.drain()

        with pytest.raises(Retryable, match=r"127\.0\.0\.1"):
            self.with_rig(test)

    def test_a_port_where_nobody_listens_raises_retryable_in_time(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            await relay.cut()
            async with asyncio.timeout(8), self.opened(relay.port):
                pass

        with pytest.raises(Retryable, match=r"127\.0\.0\.1"):
            self.with_rig(test)

    def test_a_line_that_takes_connections_and_never_answers_raises_retryable(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            relay.hang()
            async with asyncio.timeout(20), self.opened(relay.port) as line:
                await line.drain()

        with pytest.raises(Retryable, match=r"127\.0\.0\.1"):
            self.with_rig(test)

    def test_an_address_that_cannot_be_understood_is_refused(self) -> None:
        async def test() -> None:
            endpoint = Endpoint(
                id="line", edge="edge-1", protocol=self.profile.protocol, address="carrier-pigeon"
            )
            points = self.points(endpoint)
            async with open_adapter(self.profile.protocol)(endpoint, points, SystemClock()):
                pass

        with pytest.raises(Permanent, match="carrier-pigeon"):
            run(test())

    def test_a_write_is_confirmed_by_what_the_device_reports(self) -> None:
        async def test(rig: Rig, relay: Relay) -> tuple[float, float]:
            async with self.opened(relay.port) as line:
                await line.until_read()
                reported = await line.write(f"unit-2.{self.settable}", 5)
                return reported, await rig.get("2", self.settable)

        assert self.with_rig(test) == (5, 5)

    def test_a_write_that_nobody_answers_ends_in_time(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                relay.hang()
                async with asyncio.timeout(12):
                    await line.write(f"unit-2.{self.settable}", 5)

        with pytest.raises(EndpointError, match=rf"unit-2\.{self.settable}|127\.0\.0\.1"):
            self.with_rig(test)

    def test_a_connection_that_was_closed_writes_nothing_more(self) -> None:
        async def test(rig: Rig, relay: Relay) -> float:
            before = held()
            async with self.opened(relay.port) as line:
                await line.until_read()
            assert isinstance(line.connection, Writable)
            with pytest.raises(EndpointError):
                await line.connection.write(line.points[f"unit-2.{self.settable}"], 5)
            await until_held(before)
            return await rig.get("2", self.settable)

        assert self.with_rig(test) == self.expected[self.settable]

    def test_a_read_only_signal_is_not_written(self) -> None:
        read_only = next(each.key for each in self.profile.signals if not each.writable)

        async def test(_rig: Rig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                await line.write(f"unit-1.{read_only}", 1)

        with pytest.raises(Permanent, match=rf"unit-1\.{read_only} is read-only"):
            self.with_rig(test)

    def test_closing_leaves_no_task_no_thread_and_no_socket(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            async def read() -> None:
                async with self.opened(relay.port) as line:
                    await line.until_read()

            before = held()
            await read()
            await until_held(before)

        self.with_rig(test)

    def test_a_cut_line_leaves_nothing_either(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            before = threads()
            with contextlib.suppress(EndpointError):
                async with self.opened(relay.port) as line:
                    await line.until_read()
                    await relay.cut()
                    await line.drain()
            assert threads() == before
            names = [str(task.get_coro()) for task in asyncio.all_tasks()]
            assert [name for name in names if "adapters." in name] == []

        self.with_rig(test)

    def test_cancelling_mid_read_is_clean(self) -> None:
        async def test(_rig: Rig, relay: Relay) -> None:
            before = held()

            async def read() -> None:
                async with self.opened(relay.port) as line:
                    begun.set()
                    await line.drain()

            begun = asyncio.Event()
            task = asyncio.create_task(read())
            await begun.wait()
            await asyncio.sleep(0)  # into the first read
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until_held(before)

        self.with_rig(test)


class UnitConformance(Conformance):
    """What an adapter must do that can tell a dead unit from a silent line."""

    def test_a_dead_unit_is_reported_while_the_others_go_on(self) -> None:
        async def test(rig: UnitRig, relay: Relay) -> dict[str, bool]:
            async with self.opened(relay.port) as line:
                await line.until_read()
                await rig.silence("2")
                await line.until(lambda: line.online.get("unit-2") is False)
                await rig.set("1", self.settable, 8)
                await rig.set("3", self.settable, 9)
                await line.until(
                    lambda: (
                        line.values[f"unit-1.{self.settable}"] == 8
                        and line.values[f"unit-3.{self.settable}"] == 9
                    )
                )
                return line.online

        assert self.with_rig(test) == {"unit-1": True, "unit-2": False, "unit-3": True}

    def test_a_unit_that_is_back_is_reported_and_read(self) -> None:
        async def test(rig: UnitRig, relay: Relay) -> None:
            name = f"unit-2.{self.settable}"
            async with self.opened(relay.port) as line:
                await line.until_read()
                await rig.silence("2")
                await line.until(lambda: line.online.get("unit-2") is False)
                await rig.revive("2")
                await line.until(lambda: line.online["unit-2"])
                await rig.set("2", self.settable, 6)
                await line.until(lambda: line.values[name] == 6 and not line.is_bad(name))

        self.with_rig(test)


async def until_held(before: tuple[int, int, int]) -> None:
    """Wait until as much is held as before; the relay's own side closes a moment later."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while held() != before:
                await asyncio.sleep(0.02)
    assert held() == before


def threads() -> int:
    """Count the threads of this process, without those that the event loop keeps for later."""
    pooled = ("asyncio_", "uvloop_")
    return len([each for each in threading.enumerate() if not each.name.startswith(pooled)])


def held() -> tuple[int, int, int]:
    """Count tasks, threads and open sockets of this process."""
    gc.collect()  # paho closes its wake-up pair when the client object goes
    return len(asyncio.all_tasks()), threads(), len(psutil.Process().net_connections("tcp"))
