"""Street lighting: cabinets with a twilight relay, and the lamps that they feed."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.registry import Device
from simulators.world.family import Family, Flags, Moment, wander


class Cabinets(Family):
    """cabinet_power_lost: no mains; the contactor falls off and stays off until it is commanded or
    the relay's next dusk. A tester holds `mode` at 0: neither orders nor the relay move it then."""

    own_faults = ("cabinet_power_lost",)
    writable = ("contactor",)

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator
    ) -> None:
        super().__init__(devices, signals)
        self._delay = chance.uniform(0, 8, len(devices))  # no two relays see the dusk alike
        self._dark_for = np.zeros(len(devices))
        self._relay: Flags = np.zeros(len(devices), bool)
        self.lamp_power = np.zeros(len(devices))
        self.columns["mains"][:] = 1
        self.columns["mode"][:] = 1
        self.columns["voltage"][:] = 231

    def write(self, row: int, key: str, value: float) -> bool:
        columns = self.columns
        if value not in {0.0, 1.0} or (value == 1.0 and not columns["mains"][row]):
            return False
        if not columns["mode"][row]:
            return False
        return super().write(row, key, value)

    def advance(self, moment: Moment) -> None:
        columns = self.columns
        columns["mains"][:] = ~self.faults["cabinet_power_lost"]
        self.apply_held()
        mains = columns["mains"] > 0
        self._dark_for += moment.seconds if moment.dark else 0.0
        if not moment.dark:
            self._dark_for[:] = 0
        relay = np.asarray(moment.dark & (self._dark_for > self._delay))
        turned = (relay != self._relay) & (columns["mode"] > 0)
        self._relay = relay
        columns["twilight"][:] = relay
        contactor = columns["contactor"]
        contactor[turned] = relay[turned]
        contactor[~mains] = 0
        self.apply_held()
        wander(columns["voltage"], 231.0, 0.2, 0.15, moment)
        columns["voltage"][~mains] = 0
        columns["voltage"][mains & (columns["voltage"] < 180)] = 231
        columns["power"][:] = np.where(mains, 14 + self.lamp_power * contactor, 0)


class Lamps(Family):
    """Lit at its level while the cabinet's contactor is closed, unless the lamp is switched off by
    itself. Without the cabinet's mains its controller has no power either, and is silent."""

    writable = ("on", "level")

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator,
        *, cabinets: Cabinets, fed_by: Sequence[int],
    ) -> None:  # fmt: skip
        super().__init__(devices, signals)
        self._cabinets = cabinets
        self._fed_by: NDArray[np.int64] = np.array(fed_by, np.int64)
        self._switched_off: Flags = np.zeros(len(devices), bool)
        self._level = np.full(len(devices), 100.0)  # percent, when it burns
        self._watts = chance.normal(92, 3, len(devices)).round(1)
        self.columns["burning_hours"][:] = chance.uniform(300, 9000, len(devices)).round(1)

    def write(self, row: int, key: str, value: float) -> bool:
        if key == "level" and 0.0 <= value <= 100.0:
            self._level[row] = value
            self.columns["level"][row] = value * self.columns["on"][row]
            return True
        if key != "on" or value not in {0.0, 1.0}:
            return False
        self._switched_off[row] = value == 0.0
        self.columns["on"][row] = value * self._fed()[row]
        return True

    def _fed(self) -> NDArray[np.float64]:
        return self._cabinets.columns["contactor"][self._fed_by]

    def is_silent(self, row: int) -> bool:
        return super().is_silent(row) or not self._cabinets.columns["mains"][self._fed_by[row]]

    def advance(self, moment: Moment) -> None:
        columns = self.columns
        columns["on"][:] = self._fed() * ~self._switched_off
        self.apply_held()
        columns["level"][:] = self._level * columns["on"]
        columns["power"][:] = 0.8 + self._watts * columns["level"] / 100
        columns["burning_hours"] += columns["on"] * moment.seconds / 3600
        self._cabinets.lamp_power[:] = np.bincount(
            self._fed_by, weights=columns["power"], minlength=len(self._cabinets.devices)
        )
