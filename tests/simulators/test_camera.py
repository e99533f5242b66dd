"""The rendered cameras and the server that streams them."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from core.clock import SystemClock
from simulators.camera.road import RoadCamera
from simulators.camera.server import serve_cameras
from simulators.camera.traffic import Head
from simulators.camera.yard import YardCamera

START = 1_790_000_000_000_000_000
STEP = 100_000_000


def green() -> Head:
    return "green"


def red() -> Head:
    return "red"


def at_noon() -> float:
    return 1.0


def pictures(camera: RoadCamera | YardCamera, count: int) -> list[bytes]:
    return [camera.render(START + number * STEP).tobytes() for number in range(count)]


def test_the_same_seed_gives_the_same_pictures() -> None:
    first = RoadCamera(green, at_noon, runners_per_hour=60, seed=7)
    second = RoadCamera(green, at_noon, runners_per_hour=60, seed=7)
    assert pictures(first, 120) == pictures(second, 120)


def test_the_yard_is_the_same_with_the_same_seed() -> None:
    assert pictures(YardCamera(at_noon, seed=7), 60) == pictures(YardCamera(at_noon, seed=7), 60)


def test_the_night_is_darker_than_the_day() -> None:
    day = RoadCamera(green, at_noon).render(START)
    night = RoadCamera(green, lambda: 0.0).render(START)
    assert np.median(night) < 0.5 * np.median(day)


def test_nobody_crosses_on_red_by_himself() -> None:
    camera = RoadCamera(red, at_noon)
    pictures(camera, 600)
    assert list(camera.traffic.crossings) == []


CYCLE_S, RED_FROM_S = 50, 25


@pytest.mark.parametrize("asked_at_s", range(0, 100, 7))
@pytest.mark.parametrize("seed", range(5))
def test_a_tester_waits_for_a_driver_no_longer_than_two_cycles(seed: int, asked_at_s: int) -> None:
    second = 0.0

    def head() -> Head:
        into = second % CYCLE_S
        return "green" if into < RED_FROM_S - 3 else "yellow" if into < RED_FROM_S else "red"

    traffic = RoadCamera(head, at_noon, seed=seed).traffic
    for number in range((asked_at_s + 2 * CYCLE_S) * 10):
        second = number / 10
        traffic.step(START + number * STEP)
        if number == asked_at_s * 10:
            traffic.provoke()
    (runner,) = [each for each in traffic.crossings if each.head == "red"]
    assert runner.runner
    into_red = (runner.time - START) / 1e9 % CYCLE_S - RED_FROM_S
    assert 2 < into_red < CYCLE_S - RED_FROM_S - 5


def test_a_provoked_car_crosses_on_red() -> None:
    # Red from the start would let the first cars stop at the line, and nobody could run it.
    camera = RoadCamera(red, at_noon, seed=3)
    camera.traffic.provoke()
    pictures(camera, 600)
    assert [(crossing.head, crossing.runner) for crossing in camera.traffic.crossings] == [
        ("red", True)
    ]


async def _part(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    """Read one part of a multipart stream: its headers and its JPEG."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().strip().splitlines()
    headers = dict(line.split(": ", 1) for line in head if ": " in line)
    return headers, await reader.readexactly(int(headers["Content-Length"]))


async def _frame(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    headers, jpeg = await _part(reader)
    return headers["X-Timestamp"], jpeg


async def _watch(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: camera\r\n\r\n".encode())
    return reader, writer


@pytest.fixture
def serving() -> Callable[[Callable[[int], Awaitable[None]]], None]:
    """Run an async body against a server of both cameras; the body gets its port."""

    def run(body: Callable[[int], Awaitable[None]]) -> None:
        async def main() -> None:
            cameras = {"road": RoadCamera(green, at_noon), "yard": YardCamera(at_noon)}
            async with serve_cameras(cameras, "127.0.0.1", 0, SystemClock()) as server:
                async with asyncio.timeout(10):
                    await body(server.port)

        asyncio.run(main())

    return run


def test_two_clients_see_the_same_picture(
    serving: Callable[[Callable[[int], Awaitable[None]]], None],
) -> None:
    async def body(port: int) -> None:
        clients = [await _watch(port, "/road.mjpeg") for _ in range(2)]
        for reader, _ in clients:
            await reader.readuntil(b"\r\n\r\n")
        seen = [dict([await _frame(reader) for _ in range(3)]) for reader, _ in clients]
        common = seen[0].keys() & seen[1].keys()
        assert common
        assert [seen[0][time] for time in common] == [seen[1][time] for time in common]
        for _, writer in clients:
            writer.close()

    serving(body)


def test_a_still_is_a_jpeg(serving: Callable[[Callable[[int], Awaitable[None]]], None]) -> None:
    async def body(port: int) -> None:
        reader, writer = await _watch(port, "/yard.jpg")
        headers, jpeg = await _part(reader)
        assert headers["Content-Type"] == "image/jpeg"
        assert jpeg.startswith(b"\xff\xd8")
        writer.close()

    serving(body)


def test_an_unknown_camera_is_not_found(
    serving: Callable[[Callable[[int], Awaitable[None]]], None],
) -> None:
    async def body(port: int) -> None:
        reader, writer = await _watch(port, "/roof.mjpeg")
        assert (await reader.readline()).startswith(b"HTTP/1.1 404")
        writer.close()

    serving(body)


def test_nothing_is_rendered_while_nobody_watches() -> None:
    class Counting:
        frames_per_second = 100.0
        rendered = 0

        def render(self, _time: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
            self.rendered += 1
            return np.zeros((8, 8, 3), np.uint8)

    async def body() -> None:
        camera = Counting()
        async with serve_cameras({"c": camera}, "127.0.0.1", 0, SystemClock()) as server:
            reader, writer = await _watch(server.port, "/c.jpg")
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
            await asyncio.sleep(0.1)
            rendered = camera.rendered
            await asyncio.sleep(0.2)
            assert 1 <= rendered <= 3
            assert camera.rendered == rendered

    asyncio.run(body())
