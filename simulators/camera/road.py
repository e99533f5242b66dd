"""A camera on a roof that looks along a street over a stop line with a signal head."""

from collections.abc import Callable

import cv2
import numpy as np

from core.clock import SECOND, to_datetime
from simulators.camera import street
from simulators.camera.cars import (
    LIGHTS_BELOW,
    draw_beams,
    draw_cars,
    draw_shadows,
    place,
)
from simulators.camera.street import Picture, Street
from simulators.camera.traffic import STEP_S, Head, Lane, Traffic
from simulators.camera.view import HEIGHT, WIDTH

STEP = int(STEP_S * SECOND)
LONGEST_GAP = 2 * SECOND  # what nobody watched for longer than that did not happen
NOISE = 5  # grey levels, full width
HEAD_AT = (5.0, 33.0)  # metres: beside the road, behind the line
LAMP_COLOURS: tuple[tuple[Head, tuple[int, int, int]], ...] = (
    ("red", (40, 40, 255)), ("yellow", (40, 200, 255)), ("green", (120, 255, 60)),
)  # fmt: skip


class RoadCamera:
    """Renders the junction. The cars move when somebody looks.

    head: what the signal head shows to the approach now. cross_head: the same for the crossing
    street. daylight: 0 night to 1 noon. cars_per_minute: on each lane. runners_per_hour: how often
    a car goes over the line on red by itself, beside those that `traffic.provoke` asks for.
    """

    frames_per_second = 10.0

    def __init__(
        self,
        head: Callable[[], Head],
        daylight: Callable[[], float],
        *,
        cross_head: Callable[[], Head] = lambda: "red",
        cars_per_minute: float = 9.0,
        runners_per_hour: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.traffic = Traffic(_lanes(head, cross_head, cars_per_minute), seed, runners_per_hour)
        self._head = head
        self._daylight = daylight
        self._street = Street(seed)
        random = np.random.default_rng(seed)
        self._random = random
        self._noise = random.integers(0, NOISE + 1, (HEIGHT + 64, WIDTH + 64, 3), np.uint8)
        self._moved_to: int | None = None

    def render(self, time: int) -> Picture:
        """Move the cars to `time`, nanoseconds UTC, and give the picture, shape (540, 960, 3)."""
        self._move(time)
        daylight = min(1.0, max(0.0, self._daylight()))
        picture = self._street.lit(daylight).copy()
        cars = place(self.traffic.lanes)
        draw_shadows(picture, cars, daylight)
        if daylight < LIGHTS_BELOW:
            draw_beams(picture, cars, daylight)
        draw_cars(picture, cars, daylight)
        _draw_head(picture, self._head())
        down, right = self._random.integers(0, 64, 2)
        cv2.add(picture, self._noise[down : down + HEIGHT, right : right + WIDTH], picture)
        _stamp(picture, time)
        return picture

    def _move(self, time: int) -> None:
        if self._moved_to is None or time - self._moved_to > LONGEST_GAP:
            self._moved_to = time - STEP
        while self._moved_to + STEP <= time:
            self._moved_to += STEP
            self.traffic.step(self._moved_to)


def calibration() -> dict[str, object]:
    """Give what the edge must know of this view, for the options of the camera's device.

    corners: pixels of a rectangle on the approach, near left first and then round; its width and
    length and the distance of the stop line from its near edge are metres.
    """
    near, far = 14.5, street.STOP_LINE + 6.5
    corners = street.VIEW.project(street.rectangle(street.MEDIAN, street.ROAD[1], near, far))
    return {
        "corners": [[round(x, 1), round(y, 1)] for x, y in corners.tolist()],
        "width_m": street.ROAD[1] - street.MEDIAN,
        "length_m": far - near,
        "line_m": street.STOP_LINE - near,
        "lanes": 2,
    }


def _lanes(head: Callable[[], Head], cross_head: Callable[[], Head], rate: float) -> list[Lane]:
    away, toward = (0.0, 1.0), (0.0, -1.0)
    stop, far = street.STOP_LINE, 150.0
    lanes = [
        Lane("right", -60, 120, stop, (1.75, 0), away, rate, head),
        Lane("left", -60, 120, stop, (-1.75, 0), away, rate * 0.8, head),
    ]
    for name, x, share in (("oncoming right", -8.75, 0.9), ("oncoming left", -5.25, 0.7)):
        line = far - street.FAR_STOP_LINE - 0.4
        lanes.append(Lane(name, 0, 160, line, (x, far), toward, rate * share, head))
    for name, y, x, along in (
        ("cross right", 41.75, -80.0, (1.0, 0.0)), ("cross left", 52.25, 80.0, (-1.0, 0.0)),
    ):  # fmt: skip
        line = 80.0 - 12.0
        lanes.append(Lane(name, 0, 170, line, (x, y), along, rate * 0.8, cross_head))
    return lanes


def _draw_head(picture: Picture, head: Head) -> None:
    x, y = HEAD_AT
    foot, top = street.VIEW.project([(x, y, 0.0), (x, y, 5.2)]).round().astype(int)
    cv2.line(picture, foot.tolist(), top.tolist(), (60, 60, 60), 3, cv2.LINE_AA)
    left, upper = int(top[0]) - 7, int(top[1]) - 34
    cv2.rectangle(picture, (left, upper), (left + 14, upper + 38), (22, 22, 22), -1)
    for row, (name, colour) in enumerate(LAMP_COLOURS):
        shown = colour if name == head else tuple(part // 7 for part in colour)
        cv2.circle(picture, (left + 7, upper + 7 + 12 * row), 5, shown, -1, cv2.LINE_AA)


def _stamp(picture: Picture, time: int) -> None:
    text = f"CAM ROAD  {to_datetime(time):%Y-%m-%d %H:%M:%S}.{time // 100_000_000 % 10} UTC"
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(
            picture, text, (12, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA
        )
