"""Heat points: pumps and a heat exchanger that warm every house of a bank."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.registry import Device
from simulators.world.family import Family, Moment, over_the_day, wander

STOPPED, RUNNING, FAULT = 0.0, 1.0, 2.0


class HeatPoints(Family):
    """heating_drop: pump 1 trips, pump 2 does not start, and what is sent cools down."""

    own_faults = ("heating_drop",)
    writable = ("setpoint",)

    def __init__(self, devices: Sequence[Device], signals: Iterable[str]) -> None:
        super().__init__(devices, signals)
        for key, value in (
            ("setpoint", 68.0), ("supply_temperature", 68.0), ("return_temperature", 47.0),
            ("outdoor_temperature", -4.0), ("pressure", 5.2), ("pump_1", RUNNING),
        ):  # fmt: skip
            self.columns[key][:] = value

    def write(self, row: int, key: str, value: float) -> bool:
        return 20 <= value <= 95 and super().write(row, key, value)

    def advance(self, moment: Moment) -> None:
        columns = self.columns
        down = self.faults["heating_drop"]
        columns["pump_1"][:] = np.where(down, FAULT, RUNNING)
        columns["pump_2"][:] = STOPPED
        self.apply_held()
        pumping = (columns["pump_1"] == RUNNING) | (columns["pump_2"] == RUNNING)
        outdoor = over_the_day(moment.hour, -7, -5, -1, -4)
        wander(columns["outdoor_temperature"], outdoor, 0.01, 0.01, moment)
        wander(
            columns["supply_temperature"], np.where(pumping, columns["setpoint"], 28.0), 1 / 28,
            0.03, moment,
        )  # fmt: skip
        wander(
            columns["return_temperature"], columns["supply_temperature"] * 0.69, 1 / 60, 0.02,
            moment,
        )  # fmt: skip
        wander(columns["pressure"], np.where(pumping, 5.2, 3.1), 1 / 10, 0.004, moment)
