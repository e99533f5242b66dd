"""Electricity, water and heat meters."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.registry import Device
from simulators.world.family import Column, Family, Moment, over_the_day, wander
from simulators.world.heat import HeatPoints

INSTALLED_AT = 1_767_225_600.0  # 2026-01-01 UTC: the counters began to count
HOT = 0.6  # of what is taken cold


class ElectricityMeters(Family):
    """A flat each. voltage: the neutral is broken, the flat gets too much."""

    own_faults = ("meter_stuck", "voltage")

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator,
        now: float,
    ) -> None:  # fmt: skip
        super().__init__(devices, signals)
        count = len(devices)
        self._appetite = chance.lognormal(0.0, 0.45, count)
        self._appliance = np.zeros(count)  # watts of what is switched on just now
        self.columns["voltage_l1"][:] = chance.normal(229, 2, count)
        self.columns["frequency"][:] = 50.0
        self.columns["power"][:] = 200 * self._appetite
        # At a rate above any mean, so that a restarted town does not count backwards.
        self.columns["energy"][:] = (2200 + 500 * self._appetite) * (now - INSTALLED_AT) / 3600

    def advance(self, moment: Moment) -> None:
        columns, count = self.columns, len(self.devices)
        switched = moment.chance.random(count) < 0.004 * moment.seconds
        self._appliance[switched] = np.where(
            moment.chance.random(switched.sum()) < 0.6,
            0.0,
            moment.chance.choice([60.0, 150.0, 800.0, 2000.0], switched.sum()),
        )
        base = over_the_day(moment.hour, 90, 230, 180, 420) * self._appetite
        columns["power"][:] = base + self._appliance + moment.chance.normal(0, 3, count)
        high = np.where(self.faults["voltage"], 262.0, 229.0)
        wander(columns["voltage_l1"], high, 0.2, 0.35, moment)
        columns["current_l1"][:] = columns["power"] / columns["voltage_l1"] / 0.95  # power factor
        columns["frequency"][:] = 50 + 0.012 * np.sin(moment.elapsed / 17.0)
        columns["energy"] += columns["power"] * moment.seconds / 3600


class WaterMeters(Family):
    """A flat each, and the two mains of a house: the cold one sees what its flats take and what is
    lost on the way, the option `lost` in m3/h; the hot one goes along."""

    own_faults = ("meter_stuck",)

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator,
        now: float,
    ) -> None:  # fmt: skip
        super().__init__(devices, signals)
        count = len(devices)
        self._left = np.zeros(count)  # seconds until the tap is closed
        self._tap = np.zeros(count)  # m3/h
        houses = [device.unit.rpartition("-")[0] for device in devices]
        number = {house: at for at, house in enumerate(dict.fromkeys(houses))}
        self._house: NDArray[np.int64] = np.array([number[house] for house in houses], np.int64)
        self._main = np.array([device.unit.endswith(("-cold", "-hot")) for device in devices])
        self._share = np.where([each.unit.endswith("-hot") for each in devices], HOT, 1.0)
        self._lost = np.array([float(str(each.options.get("lost", 0.0))) for each in devices])
        self.columns["battery"][:] = chance.uniform(45, 99, count).round()
        rate = np.where(self._main, 5.0, 0.3) * chance.uniform(0.8, 1.2, count)
        self.columns["volume"][:] = rate * (now - INSTALLED_AT) / 3600

    def advance(self, moment: Moment) -> None:
        count = len(self.devices)
        self._left -= moment.seconds
        often = over_the_day(moment.hour, 0.0003, 0.0035, 0.0012, 0.003)
        opened = (self._left <= 0) & (moment.chance.random(count) < often * moment.seconds)
        self._left[opened] = moment.chance.uniform(15, 150, opened.sum())
        self._tap[opened] = moment.chance.uniform(0.2, 0.9, opened.sum()).round(2)
        flow = np.where(self._left > 0, self._tap, 0.0)
        flow[self._main] = 0
        of_house = np.bincount(self._house, weights=flow)
        flow[self._main] = np.minimum(
            (of_house[self._house] * self._share + self._lost)[self._main], 5.0
        )
        self.apply_held()
        leaking = self.columns["leak"] > 0
        flow[leaking] = np.maximum(flow[leaking], 0.35)
        self.columns["flow"][:] = flow
        self.columns["volume"] += flow * moment.seconds / 3600


class HeatMeters(Family):
    """At a house's inlet: what its heat point sends, a little colder and a little later."""

    own_faults = ("meter_stuck",)

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator,
        now: float, *, points: HeatPoints, fed_by: Sequence[int],
    ) -> None:  # fmt: skip
        super().__init__(devices, signals)
        count = len(devices)
        self._points = points
        self._fed_by: NDArray[np.int64] = np.array(fed_by, np.int64)
        self._loss = chance.uniform(0.8, 3.5, count)
        self._usual = chance.uniform(5.5, 9.0, count)  # m3/h
        self.columns["flow"][:] = self._usual
        self.columns["supply_temperature"][:] = self._sent()
        self.columns["return_temperature"][:] = self._sent() * 0.7
        self.columns["energy"][:] = self._usual * 30 * (now - INSTALLED_AT) / 3600

    def _sent(self) -> Column:
        return self._points.columns["supply_temperature"][self._fed_by] - self._loss

    def advance(self, moment: Moment) -> None:
        columns = self.columns
        wander(columns["supply_temperature"], self._sent(), 1 / 12, 0.02, moment)
        wander(columns["return_temperature"], columns["supply_temperature"] * 0.7, 1 / 40, 0.02,
               moment)  # fmt: skip
        wander(columns["flow"], self._usual, 0.1, 0.02, moment)
        drop = columns["supply_temperature"] - columns["return_temperature"]
        # 1.163 kWh warms a cubic metre of water by a degree.
        columns["energy"] += columns["flow"] * drop * 1.163 * moment.seconds / 3600
