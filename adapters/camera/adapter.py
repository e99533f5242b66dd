"""Cameras over HTTP (MJPEG) and RTSP, read with OpenCV's FFmpeg in a thread of their own.

One endpoint is one camera with one device. The time of a frame is that at which it arrived: OpenCV
does not hand on what the camera wrote beside it.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import cv2
import numpy as np

from adapters.camera.approach import Frame
from adapters.camera.options import CameraOptions
from adapters.camera.watch import Watch
from adapters.contract import Item, Point
from adapters.options import read_options
from core.clock import Clock
from core.errors import Permanent, Retryable
from core.registry import Endpoint

SCHEMES = ("http", "https", "rtsp", "rtsps")
OPEN_TIMEOUT_MS = 5_000  # OpenCV's own is 30 s
READ_TIMEOUT_MS = 3_000
FRAME_TIMEOUT_S = 4.0  # a little later than OpenCV gives up by itself


class Frames:
    """Reads a stream in a thread and keeps the latest frame only; what was not taken is dropped.

    dropped: frames that nobody took in time.
    """

    def __init__(self, capture: cv2.VideoCapture, clock: Clock) -> None:
        self.dropped = 0
        self._capture = capture
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._lock = threading.Lock()
        self._latest: tuple[Frame, int] | None = None
        self._is_over = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while not self._stop.is_set() and self._capture.grab():
                time = self._clock.time_ns()
                read, frame = self._capture.retrieve()
                if not read:
                    break
                with self._lock:
                    self.dropped += self._latest is not None
                    self._latest = (np.asarray(frame, np.uint8), time)
                self._loop.call_soon_threadsafe(self._arrived.set)
        finally:
            self._capture.release()
            self._is_over = True
            if not self._stop.is_set():
                self._loop.call_soon_threadsafe(self._arrived.set)

    async def next(self) -> tuple[Frame, int]:
        """Wait for a frame that was not given yet. Retryable when there will be none."""
        try:
            async with asyncio.timeout(FRAME_TIMEOUT_S):
                while True:
                    await self._arrived.wait()
                    self._arrived.clear()
                    with self._lock:
                        latest, self._latest = self._latest, None
                    if latest is not None or self._is_over:
                        break
                    # This frame was given already, with the call that told of the one before.
        except TimeoutError as error:
            raise Retryable(f"no frame for {FRAME_TIMEOUT_S:g} s") from error
        if self._is_over:
            self._arrived.set()
        if latest is None:
            raise Retryable("the stream has ended")
        return latest

    async def close(self) -> None:
        """End the thread; it may be inside a read, which has a timeout of its own."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join)


class CameraConnection:
    """One open stream and what is seen in it."""

    def __init__(self, frames: Frames, watch: Watch) -> None:
        self.frames = frames
        self._watch = watch

    async def stream(self) -> AsyncIterator[Item]:
        while True:
            frame, time = await self.frames.next()
            for item in await asyncio.to_thread(self._watch.look, frame, time):
                yield item


@asynccontextmanager
async def open_camera(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[CameraConnection]:
    """Open a camera's stream; see adapters.contract."""
    if urlsplit(endpoint.address).scheme not in SCHEMES:
        raise Permanent(
            f"{endpoint.id}: address {endpoint.address!r}, wanted one of {', '.join(SCHEMES)}"
        )
    read_options(endpoint, CameraOptions)
    devices = {point.device.id for point in points}
    if len(devices) != 1:
        raise Permanent(f"{endpoint.id}: wanted one device on a camera, found {len(devices)}")
    watch = Watch(points)
    capture = await asyncio.to_thread(_open, endpoint.address)
    if not capture.isOpened():
        raise Retryable(f"{endpoint.id}: {endpoint.address} gives no stream")
    frames = Frames(capture, clock)
    try:
        yield CameraConnection(frames, watch)
    finally:
        await frames.close()


def _open(address: str) -> cv2.VideoCapture:
    # Both write to stderr past every log; what matters is raised. -8 is AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2.VideoCapture(
        address,
        cv2.CAP_FFMPEG,
        (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS,
            # Decoding by several threads would hold frames back.
            cv2.CAP_PROP_N_THREADS, 1,
        ),
    )  # fmt: skip
