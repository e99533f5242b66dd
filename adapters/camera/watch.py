"""What the frames of one camera are turned into: readings, stills, cars over the line."""

from collections import deque
from collections.abc import Sequence
from math import nan

import numpy as np

from adapters.camera import still
from adapters.camera.approach import Approach, Frame, Passage
from adapters.camera.findings import CROSSING
from adapters.camera.options import CameraDeviceOptions
from adapters.contract import Event, Item, Point
from adapters.options import checked_options
from adapters.wire import STILL
from core.clock import SECOND
from core.errors import Permanent
from core.quality import GOOD, UNCERTAIN, Reason, quality
from core.readings import Readings

MINUTE = 60 * SECOND


class Watch:
    """Looks at each frame of a camera in turn. points: all of one device."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points
        self._device = points[0].device
        name = f"device {self._device.id}: options"
        options = checked_options(name, self._device.options, CameraDeviceOptions)
        counted = [point.signal.camera for point in points if point.signal.camera]
        if options.approach is None and any(each.measure == "cars" for each in counted):
            raise Permanent(f"{name}.approach is wanted to count cars, and is not there")
        self._approach = Approach(options.approach) if options.approach else None
        self._is_witness = bool(options.controller)
        self._due = {point.number: 0 for point in points}
        self._still_due = 0
        self._passed: deque[int] = deque(maxlen=1000)
        self._frames: deque[int] = deque(maxlen=256)
        self._since = 0

    def look(self, frame: Frame, time: int) -> list[Item]:
        """Take a frame of `time`, nanoseconds UTC; give what is to be told after it."""
        self._since = self._since or time
        self._frames.append(time)
        found: list[Item] = []
        for passage in self._approach.look(frame, time) if self._approach else ():
            self._passed.append(passage.ended)
            if self._is_witness:
                found.append(self._crossing(frame, passage))
        readings = self._readings(frame, time)
        if readings is not None:
            found.append(readings)
        if time >= self._still_due:
            self._still_due = time + MINUTE
            found.append(
                Event(self._device.id, STILL, True, time, still=still.latest(frame), transient=True)
            )
        return found

    def _crossing(self, frame: Frame, passage: Passage) -> Event:
        assert self._approach is not None  # noqa: S101 - it has given the passage
        picture = still.over_the_line(frame, self._approach.line, passage.box)
        return Event(
            self._device.id,
            CROSSING,
            True,
            passage.ended,
            still=picture,
            transient=True,
            began=passage.began,
        )

    def _readings(self, frame: Frame, time: int) -> Readings | None:
        due = [point for point in self._points if time >= self._due[point.number]]
        if not due:
            return None
        for point in due:
            self._due[point.number] = time + round(point.signal.poll_s * SECOND)
        measured = [self._measure(point, frame, time) for point in due]
        return Readings.of(
            [point.number for point in due],
            time,
            [value for value, _ in measured],
            [code for _, code in measured],
            time,
        )

    def _measure(self, point: Point, frame: Frame, time: int) -> tuple[float, int]:
        """Give the value and its quality."""
        match point.signal.camera and point.signal.camera.measure:
            case "brightness":
                return round(float(np.mean(frame[::8, ::8])) / 2.55, 1), GOOD
            case "frame_rate":
                elapsed = (time - self._frames[0]) / SECOND
                if elapsed < 1:
                    return nan, quality(UNCERTAIN, Reason.ESTIMATED)
                return round((len(self._frames) - 1) / elapsed, 1), GOOD
            case _:
                while self._passed and time - self._passed[0] > MINUTE:
                    self._passed.popleft()
                # A camera that has just been opened has not seen a whole minute.
                whole = time - self._since >= MINUTE
                return float(len(self._passed)), (
                    GOOD if whole else quality(UNCERTAIN, Reason.ESTIMATED)
                )
