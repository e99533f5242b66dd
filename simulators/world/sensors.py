"""Basement gas sensors and outdoor air sensors."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.registry import Device
from simulators.world.family import Family, Moment, over_the_day, wander


class GasSensors(Family):
    """gas: methane gathers in the basement until it is aired."""

    own_faults = ("gas",)

    def advance(self, moment: Moment) -> None:
        methane = self.columns["methane"]
        wander(methane, np.where(self.faults["gas"], 26.0, 0.8), 1 / 15, 0.05, moment)
        np.clip(methane, 0, 100, out=methane)
        self.apply_held()
        # The detector's own first threshold is 10 % of the lower explosive limit.
        self.columns["alarm"][:] = methane > 10


class AirSensors(Family):
    def __init__(self, devices: Sequence[Device], signals: Iterable[str]) -> None:
        super().__init__(devices, signals)
        for key, value in (
            ("pm25", 14.0), ("pm10", 25.0), ("co2", 430.0), ("temperature", -4.0),
            ("humidity", 78.0),
        ):  # fmt: skip
            self.columns[key][:] = value

    def advance(self, moment: Moment) -> None:
        columns = self.columns
        traffic = over_the_day(moment.hour, 0.4, 1.3, 1.0, 1.4)
        wander(columns["pm25"], 14 * traffic, 0.01, 0.15, moment)
        wander(columns["co2"], 415 + 30 * traffic, 0.02, 0.8, moment)
        wander(columns["temperature"], over_the_day(moment.hour, -7, -5, -1, -4), 0.01, 0.01,
               moment)  # fmt: skip
        wander(columns["humidity"], 78.0, 0.01, 0.1, moment)
        np.clip(columns["pm25"], 1, None, out=columns["pm25"])
        columns["pm10"][:] = columns["pm25"] * 1.8
