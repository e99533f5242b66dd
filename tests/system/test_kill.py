"""Kill any one process with -9 and start it again: nothing that was acknowledged is lost.

Real processes: broker, gateway, edge; stamping devices on Modbus lines whose every answer carries
the moment of its sending, so that what was sent can be held against what is stored.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from simulators.bench.plant import PLACE, Plant, device
from simulators.bench.stamping_server import StampingServer
from simulators.people.api import ApiError
from simulators.stage.children import Children

LINES = 3
UNITS = 2
RECOVERY_S = 45.0
IN_MEMORY_S = 1.0  # what an edge has read and not yet written when it is killed
CLOCK = SystemClock()

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


class Town:
    """A plant that runs, and what its devices have sent."""

    def __init__(self, plant: Plant, server: StampingServer) -> None:
        self.plant = plant
        self.server = server

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        child = next(child for child in self.plant.running if child.name == name)
        assert child.process is not None
        os.killpg(child.process.pid, how)

    def lost(self, began: float, ended: float) -> int:
        """Count the stamps sent between two moments (seconds UTC) that are not stored."""
        return self.plant.lost(self.server, began, ended)[0]

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self.plant.api.get, f"/api/v1{path}")

    async def has_spoken(self, times: int) -> None:
        """Wait until each device has answered so many times more."""
        sent = self.server.sent
        wanted = {each: len(sent.get(each, [])) + times for each in self.plant.devices}

        async def all_have() -> bool:
            return all(len(sent.get(each, [])) >= count for each, count in wanted.items())

        await until(all_have)

    async def active(self) -> set[str]:
        """Give the devices whose stamped alarm is active."""
        incidents = await self.get("/incidents?active=true")
        return {each["device"] for each in incidents if each["condition"] == "stamped"}


@asynccontextmanager
async def town(
    folder: Path, plant_of: type[Plant] = Plant, children_of: type[Children] = Children
) -> AsyncIterator[Town]:
    server = StampingServer(CLOCK)
    listeners = [await server.listen(0) for _ in range(LINES)]
    plant = plant_of(folder, [each.sockets[0].getsockname()[1] for each in listeners], UNITS)
    children = children_of(folder / "logs", CLOCK, print)
    try:
        await plant.start_broker(children)
        await plant.start(children)
        yield Town(plant, server)
    finally:
        await children.stop()
        for each in listeners:
            each.close()


async def until(claim: Callable[[], Awaitable[bool]], within_s: float = RECOVERY_S) -> None:
    """Wait until a claim holds; what it raises while a process is down means not yet."""
    deadline = CLOCK.monotonic() + within_s
    while True:
        try:
            if await claim():
                return
        except ApiError:
            pass
        assert CLOCK.monotonic() < deadline, f"not so within {within_s:.0f} s"
        await asyncio.sleep(0.2)


def now() -> float:
    return CLOCK.time_ns() / 1e9


@pytest.mark.parametrize("victim", ["gateway", "broker"])
def test_what_the_devices_sent_while_a_process_was_dead_is_stored_after_it_is_back(
    victim: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with town(tmp_path) as here:
            began = now()
            first, second = here.plant.devices[0], here.plant.devices[1]
            here.server.in_alarm.add(first)
            await until(lambda: is_active(here, first))
            here.kill(victim)
            here.server.in_alarm ^= {first, second}  # one clears and one rises meanwhile
            await until(lambda: is_only_active(here, second))
            ended = now()

            async def all_is_stored() -> bool:
                return await asyncio.to_thread(here.lost, began, ended) == 0

            await until(all_is_stored)

    asyncio.run(story())


def test_what_an_edge_had_written_down_before_it_was_killed_is_stored(tmp_path: Path) -> None:
    async def story() -> None:
        async with town(tmp_path) as here:
            began = now()
            first = here.plant.devices[0]
            await here.has_spoken(3)
            killed = now()
            here.kill("edge")
            here.server.in_alarm.add(first)
            await until(lambda: is_active(here, first))
            back = now()
            await here.has_spoken(2)
            ended = now()

            async def all_is_stored() -> bool:
                before = await asyncio.to_thread(here.lost, began, killed - IN_MEMORY_S)
                after = await asyncio.to_thread(here.lost, back, ended)
                return before + after == 0

            await until(all_is_stored)

    asyncio.run(story())


def test_a_device_that_dies_is_told_and_comes_back_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        server = StampingServer(CLOCK)
        listener = await server.listen(0)
        port = listener.sockets[0].getsockname()[1]
        plant = Plant(tmp_path, [port], 1)
        children = Children(tmp_path / "logs", CLOCK, print)
        try:
            await plant.start_broker(children)
            await plant.start(children)
            here = Town(plant, server)
            listener.close()
            server.hang_up()
            await until(lambda: is_online(here, (port, 1), False))
            listener = await server.listen(port)
            await until(lambda: is_online(here, (port, 1), True))
        finally:
            await children.stop()
            listener.close()

    asyncio.run(story())


def test_an_edge_that_hangs_is_one_incident_and_comes_back_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KVARTAL_GATEWAY_EDGE_SILENT_S", "10")
    monkeypatch.setenv("KVARTAL_GATEWAY_EDGE_LOST_AFTER_S", "1")

    async def story() -> None:
        async with town(tmp_path) as here:
            await here.has_spoken(2)
            here.kill("edge", signal.SIGSTOP)
            await until(lambda: is_missing(here, {"edge-1"}))
            cases = await here.get("/cases")  # one for each municipality
            assert {(case["category"], case["incidents"]) for case in cases} == {("device.edge", 1)}
            assert len({case["place"] for case in cases}) == len(cases)
            here.kill("edge", signal.SIGCONT)
            await until(lambda: is_missing(here, set()))
            await here.has_spoken(2)

    asyncio.run(story())


def test_a_complaint_with_a_receipt_survives_the_gateway(tmp_path: Path) -> None:
    async def story() -> None:
        async with town(tmp_path) as here:
            fields = {
                "category": "yard.other",
                "description": "The bench by the gate is broken",
                "place": PLACE,
            }
            receipt = await asyncio.to_thread(
                here.plant.api.post_form, "/api/v1/public/appeals", fields
            )
            here.kill("gateway")

            async def is_known() -> bool:
                path = f"/public/appeals/{receipt['number']}?key={receipt['key']}"
                return bool((await here.get(path))["state"] == "open")

            await until(is_known)

    asyncio.run(story())


async def is_missing(here: Town, edges: set[str]) -> bool:
    active = await here.get("/incidents?active=true")
    return {each["device"] for each in active if each["condition"] == "edge_lost"} == edges


async def is_active(here: Town, each: tuple[int, int]) -> bool:
    return device(*each) in await here.active()


async def is_only_active(here: Town, each: tuple[int, int]) -> bool:
    return await here.active() == {device(*each)}


async def is_online(here: Town, each: tuple[int, int], wanted: bool) -> bool:
    return bool((await here.get(f"/devices/{device(*each)}"))["online"] is wanted)
