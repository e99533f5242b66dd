"""The camera adapter against a real MJPEG server in a process of its own."""

import asyncio
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from adapters.camera.adapter import CameraConnection, Frames, open_camera
from adapters.camera.approach import Frame
from adapters.contract import Event, Item, Point
from adapters.profile import bundled_profiles
from core.clock import SystemClock
from core.errors import Permanent, Retryable
from core.readings import Readings
from core.registry import Device, Endpoint

SERVER = """
import asyncio, sys
from core.clock import SystemClock
from simulators.camera.road import RoadCamera
from simulators.camera.server import serve_cameras
from simulators.camera.yard import YardCamera

async def main():
    cameras = {"road": RoadCamera(lambda: "green", lambda: 1.0, cars_per_minute=30),
               "yard": YardCamera(lambda: 1.0)}
    async with serve_cameras(cameras, "127.0.0.1", 0, SystemClock()) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def server() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start a camera server; give its address and its process."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        port = process.stdout.readline().strip()
        yield f"http://127.0.0.1:{port}", process
    process.kill()
    process.wait()


HEAD = {"controller": "traffic-1", "signal": "head_1", "red": [2]}


def points(profile: str, **options: Any) -> list[Point]:
    model = bundled_profiles()[profile]
    device = Device(
        id="cam", profile=profile, endpoint="line", unit="1", name={"en": "Cam"}, place="",
        options=options,
    )  # fmt: skip
    return [Point(number, device, model, signal) for number, signal in enumerate(model.signals, 10)]


def endpoint(address: str) -> Endpoint:
    return Endpoint(id="line", edge="edge-1", protocol="camera", address=address)


APPROACH = {
    "corners": [[390.0, 510.6], [570.0, 510.6], [534.2, 171.1], [425.8, 171.1]],
    "width_m": 7.0,
    "length_m": 24.0,
    "line_m": 17.5,
    "lanes": 2,
}


async def until(connection: CameraConnection, wanted: int) -> list[Item]:
    """Give the first items of a stream."""
    items: list[Item] = []
    async for item in connection.stream():
        items.append(item)
        if len(items) == wanted:
            break
    return items


def test_the_first_frame_gives_readings_and_a_small_still(
    server: tuple[str, "subprocess.Popen[str]"],
) -> None:
    async def body() -> list[Item]:
        line = endpoint(f"{server[0]}/yard.mjpeg")
        async with open_camera(line, points("generic-yard-camera"), SystemClock()) as connection:
            return await until(connection, 2)

    readings, still = asyncio.run(body())
    assert isinstance(readings, Readings)
    assert readings.signal.tolist() == [10, 11]
    assert 20 < readings.value[0] < 80
    assert isinstance(still, Event)
    assert still.condition == "still"
    assert still.transient
    assert len(still.still) <= 60_000


def test_cars_over_the_line_are_told_where_there_is_a_controller(
    server: tuple[str, "subprocess.Popen[str]"],
) -> None:
    async def body() -> Event:
        seen = points("generic-road-camera", approach=APPROACH, **HEAD)
        line = endpoint(f"{server[0]}/road.mjpeg")
        async with (
            asyncio.timeout(40),
            open_camera(line, seen, SystemClock()) as connection,
        ):
            async for item in connection.stream():
                if isinstance(item, Event) and item.condition == "crossing":
                    return item
        raise AssertionError("the stream has ended")

    crossing = asyncio.run(body())
    assert crossing.began < crossing.time
    assert 10_000 < len(crossing.still) <= 200_000


def test_a_killed_server_is_a_lost_line_within_five_seconds(
    server: tuple[str, "subprocess.Popen[str]"],
) -> None:
    async def body() -> float:
        line = endpoint(f"{server[0]}/yard.mjpeg")
        async with open_camera(line, points("generic-yard-camera"), SystemClock()) as connection:
            stream = connection.stream()
            await anext(stream)
            server[1].kill()
            killed = time.monotonic()
            with pytest.raises(Retryable):
                async for _ in stream:
                    pass
            return time.monotonic() - killed

    assert asyncio.run(body()) < 5


def test_a_server_that_says_nothing_more_is_a_lost_line_within_five_seconds(
    server: tuple[str, "subprocess.Popen[str]"],
) -> None:
    async def body() -> float:
        line = endpoint(f"{server[0]}/yard.mjpeg")
        async with open_camera(line, points("generic-yard-camera"), SystemClock()) as connection:
            stream = connection.stream()
            await anext(stream)
            server[1].send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            with pytest.raises(Retryable):
                async for _ in stream:
                    pass
            return time.monotonic() - stopped

    assert asyncio.run(body()) < 5


def test_closing_leaves_no_thread(server: tuple[str, "subprocess.Popen[str]"]) -> None:
    async def body() -> None:
        line = endpoint(f"{server[0]}/yard.mjpeg")
        async with open_camera(line, points("generic-yard-camera"), SystemClock()) as connection:
            await until(connection, 1)

    asyncio.run(body())
    assert [thread.name for thread in threading.enumerate() if thread.name == "camera"] == []


async def opened(address: str, seen: list[Point]) -> None:
    async with open_camera(endpoint(address), seen, SystemClock()):
        pass


def test_a_camera_that_is_not_there_is_retried() -> None:
    with pytest.raises(Retryable, match="gives no stream"):
        asyncio.run(opened("http://127.0.0.1:1/a.mjpeg", points("generic-yard-camera")))


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(Permanent, match="wanted one of http, https, rtsp, rtsps"):
        asyncio.run(opened("file:///etc/passwd", points("generic-yard-camera")))


def test_a_road_camera_without_its_approach_is_refused() -> None:
    with pytest.raises(Permanent, match=r"options\.approach is wanted to count cars"):
        asyncio.run(opened("http://127.0.0.1:1/a.mjpeg", points("generic-road-camera")))


def test_a_wrong_calibration_names_the_key() -> None:
    seen = points("generic-road-camera", approach=APPROACH | {"width_m": 0})
    with pytest.raises(Permanent, match=r"options\.approach\.width_m: .*found 0"):
        asyncio.run(opened("http://127.0.0.1:1/a.mjpeg", seen))


def test_a_head_that_is_named_by_half_is_refused() -> None:
    seen = points("generic-yard-camera", controller="traffic-1")
    with pytest.raises(Permanent, match="controller, signal and red are wanted together"):
        asyncio.run(opened("http://127.0.0.1:1/a.mjpeg", seen))


class Stills:
    """Stands for cv2.VideoCapture: gives the frames that are put in, then ends."""

    def __init__(self) -> None:
        self.frames: queue.Queue[Frame | None] = queue.Queue()
        self._next: Frame | None = None

    def grab(self) -> bool:
        self._next = self.frames.get()
        return self._next is not None

    def retrieve(self) -> tuple[bool, Frame | None]:
        return True, self._next

    def release(self) -> None:
        pass


def test_a_frame_that_overtook_the_word_of_its_coming_does_not_end_the_stream() -> None:
    async def body() -> tuple[int, int]:
        stills = Stills()
        frames = Frames(stills, SystemClock())  # type: ignore[arg-type]  # all that is used of it
        stills.frames.put(np.full((2, 2, 3), 1, np.uint8))
        stills.frames.put(np.full((2, 2, 3), 2, np.uint8))
        # The loop stands still until both have come: it hears of them twice and takes one.
        deadline = time.monotonic() + 5
        while frames.dropped == 0 and time.monotonic() < deadline:
            pass
        first, _ = await frames.next()
        frames._arrived.set()  # the second word, when it comes after the frame was taken
        asyncio.get_running_loop().call_later(
            0.05, stills.frames.put, np.full((2, 2, 3), 3, np.uint8)
        )
        second, _ = await frames.next()
        stills.frames.put(None)
        await frames.close()
        return int(first[0, 0, 0]), int(second[0, 0, 0])

    assert asyncio.run(body()) == (2, 3)
