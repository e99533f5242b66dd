"""The street as it is without cars: paint on asphalt, lawns, lamps, and their light."""

from collections.abc import Sequence
from math import cos, radians, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.view import HEIGHT, WIDTH, View

Picture = NDArray[np.uint8]

VIEW = View(height=25.0, down=41.0, field=42.0)

# Metres, x to the right and y away from the camera; cars drive on the right.
ROAD = (-10.5, 3.5)  # the approach is its right half, the oncoming lanes are its left
MEDIAN = -3.5
STOP_LINE = 32.0
CROSS_ROAD = (40.0, 54.0)
FAR_STOP_LINE = 62.0
NEAR, FAR = 8.0, 110.0
LAMPS = ((5.2, 20.0), (5.2, 37.0), (-12.2, 28.0), (-12.2, 57.0), (5.2, 58.0), (24.0, 38.5),
         (-30.0, 38.5))  # fmt: skip
TREES = ((12.0, 27.0, 2.6), (11.0, 62.0, 3.0), (-19.0, 30.0, 3.0), (-21.0, 61.0, 2.4),
         (17.0, 24.0, 2.2))  # fmt: skip

ASPHALT = (98, 96, 94)
LAWN = (58, 96, 78)
PAVEMENT = (138, 142, 146)
KERB = (170, 172, 172)
PAINT = (222, 224, 224)
NIGHT_TINT = (1.12, 0.98, 0.88)  # blue, green, red of moon and sky
LAMP_TINT = (0.62, 0.86, 1.0)  # sodium
NIGHT = 0.13  # of daylight, what is left of it at night through the camera's exposure


class Street:
    """The empty street and how it looks in any light."""

    def __init__(self, seed: int) -> None:
        self._albedo = _paint(np.random.default_rng(seed)).astype(np.float32)
        self._lamps = _lamp_light()
        self._lit: tuple[float, Picture] | None = None

    def lit(self, daylight: float) -> Picture:
        """Give the street in this light, 0 night to 1 noon. The picture must not be written to."""
        step = round(daylight * 128) / 128
        if self._lit is None or self._lit[0] != step:
            light = sky_light(step) + self._lamps * np.float32(max(0.0, 1 - 2 * step))
            self._lit = (step, np.clip(self._albedo * light, 0, 255).astype(np.uint8))
        return self._lit[1]


def sky_light(daylight: float) -> NDArray[np.float32]:
    """Give how much of its colour a surface shows under the sky: blue, green, red."""
    strength = NIGHT + (1 - NIGHT) * daylight
    tint = np.array(NIGHT_TINT) * (1 - daylight) + daylight
    return (strength * tint).astype(np.float32)


def rectangle(
    left: float, right: float, near: float, far: float, up: float = 0.0
) -> list[tuple[float, float, float]]:
    """Give the corners of a rectangle on the ground: near left, near right, far right, far left."""
    return [(left, near, up), (right, near, up), (right, far, up), (left, far, up)]


def fill(
    picture: Picture, corners: Sequence[tuple[float, float, float]], colour: Sequence[float]
) -> None:
    """Fill a convex polygon, given in metres, with soft edges."""
    pixels = np.round(VIEW.project(corners) * 16).astype(np.int32)
    cv2.fillConvexPoly(picture, pixels, tuple(colour), cv2.LINE_AA, 4)


def _paint(random: np.random.Generator) -> Picture:
    picture = np.full((HEIGHT, WIDTH, 3), LAWN, np.uint8)
    left, right = ROAD
    for near, far in ((NEAR, CROSS_ROAD[0]), (CROSS_ROAD[1], FAR)):
        fill(picture, rectangle(right + 1.2, right + 4.2, near, far), PAVEMENT)
        fill(picture, rectangle(left - 4.2, left - 1.2, near, far), PAVEMENT)
        fill(picture, rectangle(left - 0.25, right + 0.25, near, far), KERB)
    for start, end in ((-70, left), (right, 70)):
        fill(picture, rectangle(start, end, CROSS_ROAD[0] - 4.5, CROSS_ROAD[0] - 1.5), PAVEMENT)
        fill(picture, rectangle(start, end, CROSS_ROAD[1] + 1.5, CROSS_ROAD[1] + 4.5), PAVEMENT)
        fill(picture, rectangle(start, end, CROSS_ROAD[0] - 0.25, CROSS_ROAD[1] + 0.25), KERB)
    fill(picture, rectangle(left, right, NEAR, FAR), ASPHALT)
    fill(picture, rectangle(-70, 70, *CROSS_ROAD), ASPHALT)
    _grain(picture, random)
    _mark(picture)
    for x, y, size in TREES:
        _tree(picture, x, y, size, random)
    return cv2.GaussianBlur(picture, (3, 3), 0.6).astype(np.uint8)


def _grain(picture: Picture, random: np.random.Generator) -> None:
    fine = random.normal(0, 4.5, (HEIGHT, WIDTH, 1)).astype(np.float32)
    patches = random.normal(0, 1, (9, 16)).astype(np.float32)
    coarse = cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None] * 4
    picture[:] = np.clip(picture + fine + coarse, 0, 255).astype(np.uint8)


def _mark(picture: Picture) -> None:
    left, right = ROAD
    for edge in (MEDIAN - 0.15, MEDIAN + 0.15):
        fill(picture, rectangle(edge - 0.06, edge + 0.06, NEAR, STOP_LINE), PAINT)
        fill(picture, rectangle(edge - 0.06, edge + 0.06, FAR_STOP_LINE, FAR), PAINT)
    for x in (0.0, -7.0):
        fill(picture, rectangle(x - 0.06, x + 0.06, STOP_LINE - 14, STOP_LINE), PAINT)
        for near in range(int(FAR_STOP_LINE) + 2, int(FAR), 6):
            fill(picture, rectangle(x - 0.06, x + 0.06, near, near + 3), PAINT)
    for start, end in ((-70, int(left) - 4), (int(right) + 4, 70)):
        for x in range(start, end, 6):
            for y in (43.5, 46.9, 47.1, 50.5):
                fill(
                    picture, rectangle(x, x + (6 if 46 < y < 48 else 3), y - 0.06, y + 0.06), PAINT
                )
    fill(picture, rectangle(MEDIAN + 0.2, right - 0.1, STOP_LINE - 0.4, STOP_LINE), PAINT)
    fill(picture, rectangle(left + 0.1, MEDIAN - 0.2, FAR_STOP_LINE, FAR_STOP_LINE + 0.4), PAINT)
    for edge in (STOP_LINE + 2, FAR_STOP_LINE - 5.5):
        for stripe in np.arange(left + 0.3, right - 0.4, 1.0):
            fill(picture, rectangle(stripe, stripe + 0.5, edge, edge + 3.5), PAINT)


def _tree(picture: Picture, x: float, y: float, size: float, random: np.random.Generator) -> None:
    for _ in range(60):
        offset = random.normal(0, size / 2.6, 3)
        centre = VIEW.project((x + offset[0], y + offset[1], 4 + offset[2]))
        shade = random.uniform(0.55, 1.1) + offset[2] * 0.06
        colour = tuple(float(part * shade) for part in (42, 92, 58))
        cv2.circle(picture, (int(centre[0]), int(centre[1])), int(6 * size / 2), colour, -1)


def _lamp_light() -> NDArray[np.float32]:
    """Give the light of the street lamps on the ground, shape (HEIGHT, WIDTH, 3)."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    down = radians(VIEW.down)
    focal = HEIGHT / 2 / tan(radians(VIEW.field) / 2)
    slope = (rows - HEIGHT / 2) / focal
    y = VIEW.height * (cos(down) - slope * sin(down)) / (slope * cos(down) + sin(down))
    x = (columns - WIDTH / 2) / focal * (y * cos(down) + VIEW.height * sin(down))
    light = np.zeros((HEIGHT, WIDTH), np.float32)
    for lamp_x, lamp_y in LAMPS:
        light += 0.34 * np.exp(-((x - lamp_x) ** 2 + (y - lamp_y) ** 2) / 130).astype(np.float32)
    return light[..., None] * np.array(LAMP_TINT, np.float32)
