"""Cameras: what they show is rendered elsewhere; here is only what a tester can ask of them."""

from collections.abc import Sequence

import numpy as np

from core.registry import Device
from simulators.world.family import Family, Moment


class Cameras(Family):
    """red_light: the next car that can do so drives over the line on red."""

    def __init__(self, devices: Sequence[Device]) -> None:
        super().__init__(devices, ())
        self.faults = {"red_light": np.zeros(len(devices), bool)}

    def is_silent(self, row: int) -> bool:
        return False

    def advance(self, moment: Moment) -> None:
        """Do nothing: a camera keeps no values."""
