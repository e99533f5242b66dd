"""Pictures over HTTP as cameras serve them: MJPEG (multipart/x-mixed-replace) and single JPEGs.

`/NAME.mjpeg` and `/NAME.jpg` for each camera. A picture is rendered and encoded once for all who
watch, and only while somebody watches.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND, Clock, to_datetime

BOUNDARY = "kvartal-frame"
JPEG_QUALITY = 80
REQUEST_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 5.0
MOST_CLIENTS = 16


class Camera(Protocol):
    """Something that gives a picture of a moment, nanoseconds UTC; asked in rising order."""

    @property
    def frames_per_second(self) -> float: ...

    def render(self, time: int) -> NDArray[np.uint8]: ...


class Feed:
    """The latest picture of one camera, kept fresh while somebody waits for it.

    painter: the thread that renders. One for all cameras: every other thread that ever renders
    keeps some 20 MB of buffers for itself.
    """

    def __init__(self, camera: Camera, clock: Clock, painter: Executor) -> None:
        self._camera = camera
        self._clock = clock
        self._painter = painter
        self._watched = asyncio.Event()
        self._fresh = asyncio.Condition()
        self._number = 0
        self._frame = b""
        self._time = 0
        self._watchers = 0

    async def run(self) -> None:
        """Render for ever, at the camera's pace, whenever there are watchers."""
        loop = asyncio.get_running_loop()
        period = 1 / self._camera.frames_per_second
        due = self._clock.monotonic()
        while True:
            await self._watched.wait()
            due = max(due + period, self._clock.monotonic())
            self._time = self._clock.time_ns()
            self._frame = await loop.run_in_executor(self._painter, self._picture, self._time)
            async with self._fresh:
                self._number += 1
                self._fresh.notify_all()
            await asyncio.sleep(max(0.0, due - self._clock.monotonic()))

    def _picture(self, time: int) -> bytes:
        options = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
        _, encoded = cv2.imencode(".jpg", self._camera.render(time), options)
        return encoded.tobytes()

    async def frames(self) -> AsyncGenerator[tuple[int, bytes], None]:
        """Give (time, JPEG) of each new picture; a slow reader gets the latest and misses some."""
        self._watchers += 1
        self._watched.set()
        seen = self._number
        try:
            while True:
                async with self._fresh:
                    await self._fresh.wait_for(lambda last=seen: self._number > last)  # type: ignore[misc]
                    seen, time, frame = self._number, self._time, self._frame
                yield time, frame
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._watched.clear()


class CameraServer:
    """Answers GET /NAME.mjpeg and /NAME.jpg. port: the one that is bound."""

    def __init__(self, cameras: Mapping[str, Camera], clock: Clock) -> None:
        self._painter = ThreadPoolExecutor(1, thread_name_prefix="painter")
        self.feeds = {name: Feed(camera, clock, self._painter) for name, camera in cameras.items()}
        self.port = 0
        self._clients: set[asyncio.Task[None]] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it goes; one that does not read for a while is dropped."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - called by a running loop only
        self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away or was too slow; both are its own affair
        except asyncio.CancelledError:
            pass  # the server closes; asyncio would log a cancelled client as an error
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
        method, path = (*head.split(b"\r\n", 1)[0].decode("latin-1").split(" "), "", "")[:2]
        name, _, kind = path.partition("?")[0].strip("/").partition(".")
        feed = self.feeds.get(name)
        if method != "GET" or feed is None or kind not in {"mjpeg", "jpg"}:
            await _send(writer, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        elif len(self._clients) > MOST_CLIENTS:
            await _send(writer, b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        elif kind == "jpg":
            await _send_still(writer, feed)
        else:
            await _send_stream(writer, feed)

    async def close(self) -> None:
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._painter.shutdown(wait=False)


@asynccontextmanager
async def serve_cameras(
    cameras: Mapping[str, Camera], host: str, port: int, clock: Clock
) -> AsyncIterator[CameraServer]:
    """Serve cameras by name until the block ends. port 0 takes a free one."""
    served = CameraServer(cameras, clock)
    server = await asyncio.start_server(served.answer, host, port)
    served.port = server.sockets[0].getsockname()[1]
    feeds = [asyncio.create_task(feed.run()) for feed in served.feeds.values()]
    try:
        yield served
    finally:
        server.close()
        for feed in feeds:
            feed.cancel()
        await asyncio.gather(*feeds, return_exceptions=True)
        await served.close()


async def _send_still(writer: asyncio.StreamWriter, feed: Feed) -> None:
    frames = feed.frames()
    time, frame = await anext(frames)
    await frames.aclose()
    await _send(
        writer,
        b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\n"
        + _part_head(time, frame)
        + frame,
    )


async def _send_stream(writer: asyncio.StreamWriter, feed: Feed) -> None:
    await _send(
        writer,
        b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\n"
        b"Content-Type: multipart/x-mixed-replace; boundary=" + BOUNDARY.encode() + b"\r\n\r\n",
    )
    frames = feed.frames()
    try:
        async for time, frame in frames:
            head = f"--{BOUNDARY}\r\n".encode() + _part_head(time, frame)
            await _send(writer, head + frame + b"\r\n")
    finally:
        await frames.aclose()


def _part_head(time: int, frame: bytes) -> bytes:
    return (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n"
        f"X-Timestamp: {time / SECOND:.3f}\r\nDate: {to_datetime(time):%a, %d %b %Y %H:%M:%S} GMT"
        "\r\n\r\n"
    ).encode()


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await writer.drain()
