"""Cars as boxes with light: bodies, glass, shadows, lamps and the beams before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.street import VIEW, Picture, sky_light
from simulators.camera.traffic import Car, Lane
from simulators.camera.view import HEIGHT, WIDTH

# Corners of a box: rear left, rear right, front right, front left; first the floor, then the top.
FACES = {
    "rear": (0, 1, 5, 4),
    "front": (2, 3, 7, 6),
    "left": (3, 0, 4, 7),
    "right": (1, 2, 6, 5),
    "top": (4, 5, 6, 7),
}
SHADE = {"rear": 0.78, "front": 0.82, "left": 0.66, "right": 0.9, "top": 1.0}
GLASS = (52, 46, 40)
SHADOW = 0.55  # of the light that the sky alone gives
LIGHTS_BELOW = 0.45  # daylight at which head lights go on
# Reach before the bumper, half the width there, and strength of the light on the ground.
BEAM = ((14.0, 2.4, 22), (10.0, 1.9, 40), (6.5, 1.4, 62))


@dataclass(frozen=True, slots=True)
class PlacedCar:
    """A car and where its two boxes are. corners: metres, shape (16, 3); body first, then cabin.
    pixels: the same in the picture, shape (16, 2)."""

    car: Car
    along: tuple[float, float]
    corners: NDArray[np.float64]
    pixels: NDArray[np.float64]


def place(lanes: Sequence[Lane]) -> list[PlacedCar]:
    """Give every car that is in the picture, the farthest first."""
    placed = []
    for lane in lanes:
        for car in lane.cars:
            corners = _corners(car, lane)
            if corners[:, 1].min() < 6 or corners[:, 1].max() > 100:
                continue
            pixels = VIEW.project(corners)
            if pixels[:, 0].max() > -60 and pixels[:, 0].min() < WIDTH + 60:
                placed.append(PlacedCar(car, lane.along, corners, pixels))
    placed.sort(key=lambda item: -float(item.corners[:, 1].mean()))
    return placed


def _corners(car: Car, lane: Lane) -> NDArray[np.float64]:
    is_long = car.length > 5.5
    cabin = (0.0, 1.0) if is_long else (0.12, 0.72)
    boxes = (
        (0.0, car.length, car.width / 2, 0.25, car.body),
        (cabin[0] * car.length, cabin[1] * car.length, car.width / 2 * 0.92, car.body, car.height),
    )
    ahead = np.array(lane.along)
    right = np.array((ahead[1], -ahead[0]))
    rear = np.array(lane.place(car.front - car.length))
    rows = []
    for back, forth, half, floor, top in boxes:
        for up in (floor, top):
            for distance, side in ((back, -half), (back, half), (forth, half), (forth, -half)):
                x, y = rear + ahead * distance + right * side
                rows.append((x, y, up))
    return np.array(rows)


def draw_shadows(picture: Picture, cars: Sequence[PlacedCar], daylight: float) -> None:
    """Darken the ground where the sun does not reach; a low sun throws long and pale shadows."""
    if daylight < 0.15:
        return
    reach = 0.55 / (0.35 + 0.65 * daylight)
    keep = 1 - (1 - SHADOW) * daylight
    for item in cars:
        ground = item.corners.copy()
        ground[:, 0] += ground[:, 2] * reach
        ground[:, 1] += ground[:, 2] * reach * 0.4
        ground[:, 2] = 0
        outline = cv2.convexHull(np.round(VIEW.project(ground)).astype(np.int32))
        left, top, width, height = cv2.boundingRect(outline)
        left, right = max(left, 0), min(left + width, WIDTH)
        top, bottom = max(top, 0), min(top + height, HEIGHT)
        if right <= left or bottom <= top:
            continue
        part = picture[top:bottom, left:right]
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, outline - (left, top), 255)
        cv2.copyTo(cv2.convertScaleAbs(part, alpha=keep), mask, part)


def draw_beams(picture: Picture, cars: Sequence[PlacedCar], daylight: float) -> None:
    """Add the light of low beams to what lies before the cars."""
    strength = (1 - daylight / LIGHTS_BELOW) ** 2
    layer = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
    for reach, half, light in BEAM:
        for item in cars:
            ahead, right = np.array(item.along), np.array((item.along[1], -item.along[0]))
            middle = item.corners[2:4, :2].mean(axis=0)
            ends = (
                middle - right * 0.7, middle + right * 0.7,
                middle + ahead * reach + right * half, middle + ahead * reach - right * half,
            )  # fmt: skip
            ground = [(x, max(y, 6.0), 0.0) for x, y in ends]
            pixels = np.round(VIEW.project(ground) * 8).astype(np.int32)
            cv2.fillConvexPoly(layer, pixels, light * strength, cv2.LINE_AA, 4)
    layer = cv2.resize(cv2.GaussianBlur(layer, (11, 11), 3), (WIDTH, HEIGHT)).astype(np.uint8)
    warm = cv2.merge([cv2.convertScaleAbs(layer, alpha=0.85), layer, layer])
    cv2.add(picture, warm, picture)


def draw_cars(picture: Picture, cars: Sequence[PlacedCar], daylight: float) -> None:
    """Draw the bodies, the farthest first, with the lamps that show to the camera."""
    light = sky_light(daylight) + 0.16 * max(0.0, 1 - 2 * daylight)
    lights_on = daylight < LIGHTS_BELOW
    for item in cars:
        paint = np.array(item.car.colour) * light
        glass = np.array(GLASS) * light
        _box(picture, item.pixels[:8], paint, paint)
        _box(picture, item.pixels[8:], glass if item.car.length < 9 else paint, paint)
        if _is_seen(item.pixels[list(FACES["rear"])]):
            if lights_on or item.car.braking:
                _lamps(picture, item.pixels[[0, 4, 1, 5]], _TAIL[item.car.braking])
        elif lights_on and _is_seen(item.pixels[list(FACES["front"])]):
            _lamps(picture, item.pixels[[3, 7, 2, 6]], _HEAD)


def _box(
    picture: Picture,
    pixels: NDArray[np.float64],
    sides: NDArray[np.float64],
    top: NDArray[np.float64],
) -> None:
    scaled = np.round(pixels * 16).astype(np.int32)
    for name, corners in FACES.items():
        indices = list(corners)
        if _is_seen(pixels[indices]):
            colour = (top if name == "top" else sides) * SHADE[name]
            cv2.fillConvexPoly(picture, scaled[indices], tuple(colour.tolist()), cv2.LINE_AA, 4)


def _is_seen(face: NDArray[np.float64]) -> bool:
    """Tell whether a face turns to the camera: its corners then go round against the clock."""
    points = [*face.tolist(), face[0].tolist()]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points))
    return bool(area < 0)


def _glow(colour: tuple[int, int, int], core: float, size: int) -> Picture:
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    distance = np.hypot(x, y)
    halo = 0.35 * np.clip(1 - distance / size, 0, 1) ** 2
    strength = np.clip(np.maximum(core + 1 - distance, 0), 0, 1) + halo
    sprite: Picture = np.clip(strength[..., None] * np.array(colour), 0, 255).astype(np.uint8)
    return sprite


_TAIL = {False: _glow((30, 20, 170), 2.0, 7), True: _glow((60, 50, 255), 2.6, 10)}
_HEAD = _glow((225, 245, 255), 2.6, 14)


def _lamps(picture: Picture, ends: NDArray[np.float64], sprite: Picture) -> None:
    """Add two lamps. ends: bottom and top of the left edge of the face, then of the right one."""
    size = sprite.shape[0] // 2
    left, right = ends[0] * 0.35 + ends[1] * 0.65, ends[2] * 0.35 + ends[3] * 0.65
    for centre in (left * 0.88 + right * 0.12, left * 0.12 + right * 0.88):
        x, y = round(float(centre[0])), round(float(centre[1]))
        if size <= x < WIDTH - size and size <= y < HEIGHT - size:
            part = picture[y - size : y + size + 1, x - size : x + size + 1]
            cv2.add(part, sprite, part)
