"""A camera that looks into the yard of a house: benches, a playground, somebody now and then."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND, to_datetime
from simulators.camera.street import Picture, sky_light
from simulators.camera.view import HEIGHT, WIDTH

NOISE = 6  # grey levels, full width
HORIZON = 150  # row at which the yard ends and the house begins
PATH = ((0, 470), (250, 400), (520, 380), (960, 300))  # pixels of its middle
VISITS_PER_MINUTE = 1.5
COATS = ((60, 60, 150), (140, 80, 40), (50, 110, 60), (40, 40, 45), (150, 150, 160))


@dataclass(slots=True)
class Visitor:
    """Somebody on the path. share: how far along it, 0 to 1; pace: share a second."""

    share: float
    pace: float
    coat: tuple[int, int, int]
    is_cat: bool


class YardCamera:
    """Renders the yard. daylight: 0 night to 1 noon; clouds change it slowly by themselves."""

    frames_per_second = 2.0

    def __init__(self, daylight: Callable[[], float], seed: int = 1) -> None:
        self._daylight = daylight
        random = np.random.default_rng(seed)
        self._yard = _paint(random).astype(np.float32)
        self._lamp = _lamp_light()
        self._noise = random.integers(0, NOISE + 1, (HEIGHT + 32, WIDTH + 32, 3), np.uint8)
        self._offsets = random
        self._random = Random(seed)
        self._visitors: list[Visitor] = []
        self._moved_to: int | None = None

    def render(self, time: int) -> Picture:
        """Move visitors to `time`, nanoseconds UTC, and give the picture, shape (540, 960, 3)."""
        self._move(time)
        daylight = min(1.0, max(0.0, self._daylight()))
        clouds = 0.9 + 0.1 * np.sin(time / SECOND / 47)
        light = sky_light(daylight) * np.float32(clouds)
        glow = np.float32(max(0.0, 1 - 2 * daylight))
        picture = np.clip(self._yard * (light + self._lamp * glow), 0, 255).astype(np.uint8)
        for visitor in sorted(self._visitors, key=lambda item: _on_path(item.share)[1]):
            _draw_visitor(picture, visitor, light + glow * 0.25)
        down, right = self._offsets.integers(0, 32, 2)
        cv2.add(picture, self._noise[down : down + HEIGHT, right : right + WIDTH], picture)
        text = f"CAM YARD  {to_datetime(time):%Y-%m-%d %H:%M:%S} UTC"
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(
                picture, text, (12, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA
            )
        return picture

    def _move(self, time: int) -> None:
        elapsed = min((time - (self._moved_to or time)) / SECOND, 2.0)
        self._moved_to = time
        for visitor in self._visitors:
            visitor.share += visitor.pace * elapsed
        self._visitors = [item for item in self._visitors if 0 <= item.share <= 1]
        if self._random.random() < VISITS_PER_MINUTE / 60 * elapsed and len(self._visitors) < 4:
            forth = self._random.random() < 0.5
            is_cat = self._random.random() < 0.25
            pace = (0.07 if is_cat else 0.045) * self._random.uniform(0.8, 1.2)
            self._visitors.append(
                Visitor(
                    0.0 if forth else 1.0,
                    pace if forth else -pace,
                    self._random.choice(COATS),
                    is_cat,
                )
            )


def _on_path(share: float) -> tuple[float, float]:
    columns, rows = zip(*PATH, strict=True)
    x = share * WIDTH
    return x, float(np.interp(x, columns, rows))


def _draw_visitor(picture: Picture, visitor: Visitor, light: NDArray[np.float32]) -> None:
    x, y = _on_path(visitor.share)
    size = (y - HORIZON) / 320  # nearer ones are lower in the picture and larger

    def ellipse(right: float, up: float, half: tuple[float, float], paint: object) -> None:
        colour = (np.array(paint) * light).tolist()
        centre = (round(x + right * size), round(y - up * size))
        axes = (max(1, round(half[0] * size)), max(1, round(half[1] * size)))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    ellipse(6, 0, (26, 6), (40, 52, 46))
    if visitor.is_cat:
        forth = 1 if visitor.pace > 0 else -1
        ellipse(0, 14, (22, 9), (50, 90, 140))
        ellipse(24 * forth, 22, (8, 8), (50, 90, 140))
        ellipse(-28 * forth, 24, (4, 13), (50, 90, 140))
        return
    for side in (-6, 6):
        ellipse(side, 22, (6, 24), (45, 40, 38))
    ellipse(0, 68, (16, 32), visitor.coat)
    ellipse(0, 110, (11, 13), (120, 150, 190))


def _paint(random: np.random.Generator) -> Picture:
    picture = np.full((HEIGHT, WIDTH, 3), (62, 104, 84), np.uint8)
    picture[:HORIZON] = (120, 140, 158)
    for row in range(2):
        for column in range(17):
            left, top = 14 + column * 56, 8 + row * 68
            cv2.rectangle(picture, (left, top), (left + 30, top + 42), (100, 88, 74), -1)
            cv2.rectangle(picture, (left, top), (left + 30, top + 42), (190, 196, 198), 2)
    for column in (250, 690):
        cv2.rectangle(picture, (column, 84), (column + 46, HORIZON), (52, 60, 82), -1)
        cv2.rectangle(picture, (column - 14, 74), (column + 60, 84), (96, 100, 104), -1)
    cv2.rectangle(picture, (0, HORIZON), (WIDTH, HORIZON + 34), (112, 112, 110), -1)
    cv2.polylines(picture, [np.array(PATH, np.int32)], False, (132, 142, 150), 56, cv2.LINE_AA)
    cv2.ellipse(picture, (690, 440), (170, 62), 0, 0, 360, (120, 168, 190), -1, cv2.LINE_AA)
    for foot in (610, 770):
        cv2.line(
            picture, (foot, 440), (690 + (foot - 690) // 3, 330), (40, 60, 190), 6, cv2.LINE_AA
        )
    cv2.line(picture, (663, 330), (717, 330), (40, 60, 190), 6, cv2.LINE_AA)
    for rope in (680, 700):
        cv2.line(picture, (rope, 330), (rope, 420), (60, 60, 60), 2, cv2.LINE_AA)
    cv2.rectangle(picture, (672, 418), (708, 426), (40, 90, 150), -1)
    for x, y in ((140, 360), (380, 320), (480, 470)):
        cv2.rectangle(picture, (x, y), (x + 90, y + 12), (52, 92, 138), -1)
        cv2.rectangle(picture, (x, y - 22), (x + 90, y - 12), (48, 84, 126), -1)
        for leg in (x + 8, x + 78):
            cv2.rectangle(picture, (leg, y + 12), (leg + 5, y + 26), (48, 48, 50), -1)
    for x, y, size in ((70, 250, 70), (880, 250, 84), (560, 225, 54)):
        cv2.rectangle(picture, (x - 6, y), (x + 6, y + size), (44, 62, 78), -1)
        for _ in range(90):
            offset = random.normal(0, size / 2.4, 2)
            shade = random.uniform(0.6, 1.1)
            colour = tuple(float(part * shade) for part in (46, 98, 62))
            centre = (int(x + offset[0]), int(y + offset[1] * 0.8))
            cv2.circle(picture, centre, size // 6, colour, -1)
    grain = random.normal(0, 4, (HEIGHT, WIDTH, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def _lamp_light() -> NDArray[np.float32]:
    """Give the light of the lamps over the two doors and by the playground."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    light = np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y, reach in ((273, 150, 110), (713, 150, 110), (540, 400, 170)):
        light += 0.4 * np.exp(-((columns - x) ** 2 + 3 * (rows - y) ** 2) / reach**2)
    return light[..., None] * np.array((0.62, 0.86, 1.0), np.float32)
