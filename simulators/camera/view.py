"""Where a point of the street is in the picture: a pinhole camera on a roof."""

from dataclasses import dataclass
from math import cos, radians, sin, tan

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 960, 540


@dataclass(frozen=True, slots=True)
class View:
    """height: of the lens above the ground, metres. down: how far it looks below the horizon.
    field: vertical field of view; degrees."""

    height: float
    down: float
    field: float

    def project(self, points: ArrayLike) -> NDArray[np.float64]:
        """Turn ground coordinates into pixels.

        points: metres, shape (…, 3): to the right, away from the camera, up. All must lie before
        the lens. Returns shape (…, 2).
        """
        x, y, z = np.moveaxis(np.asarray(points, np.float64), -1, 0)
        down = radians(self.down)
        drop = self.height - z
        depth = y * cos(down) + drop * sin(down)
        focal = HEIGHT / 2 / tan(radians(self.field) / 2)
        return np.stack(
            [
                WIDTH / 2 + focal * x / depth,
                HEIGHT / 2 + focal * (drop * cos(down) - y * sin(down)) / depth,
            ],
            axis=-1,
        )
