"""What all devices of one model share: columns of values, faults, and what a tester holds."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.registry import Device

Column: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# The line to a device, not the device, has these.
SILENT = "device_silent"
MALFORMED = "malformed_payload"
SHORT = "short_answer"


@dataclass(frozen=True, slots=True)
class Moment:
    """elapsed: seconds of the town since it started. seconds: how much of it this step covers.
    hour: of the town's shifted day, 0–24. dark: the sun is down."""

    elapsed: float
    seconds: float
    hour: float
    dark: bool
    chance: np.random.Generator


class Family(ABC):
    """All devices of one model, a row each.

    columns: signal key → values in the signal's unit. `step` moves them on; a subclass says how in
    `advance`. What a tester holds wins over what the model says, and the model goes on from there.
    """

    own_faults: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()

    def __init__(self, devices: Sequence[Device], signals: Iterable[str]) -> None:
        self.devices = tuple(device.id for device in devices)
        self.rows = {device.id: row for row, device in enumerate(devices)}
        self.columns: dict[str, Column] = {key: np.zeros(len(devices)) for key in signals}
        self.faults: dict[str, Flags] = {
            name: np.zeros(len(devices), bool)
            for name in (*self.own_faults, SILENT, MALFORMED, SHORT)
        }
        self.held: dict[tuple[str, int], float] = {}

    @abstractmethod
    def advance(self, moment: Moment) -> None:
        """Move every row on by `moment.seconds`."""

    def step(self, moment: Moment) -> None:
        stuck = self.faults.get("meter_stuck")
        if stuck is None or not stuck.any():
            self.advance(moment)
        else:
            before = {key: column[stuck].copy() for key, column in self.columns.items()}
            self.advance(moment)
            for key, column in self.columns.items():
                column[stuck] = before[key]
        self.apply_held()

    def apply_held(self) -> None:
        """Put what a tester holds over what the model says."""
        for (key, row), value in self.held.items():
            self.columns[key][row] = value

    def is_silent(self, row: int) -> bool:
        return bool(self.faults[SILENT][row])

    def write(self, row: int, key: str, value: float) -> bool:
        """Take a command from the wire. False: the device refuses."""
        if key not in self.writable:
            return False
        self.columns[key][row] = value
        return True

    def row_values(self, row: int) -> Mapping[str, float]:
        return {key: float(column[row]) for key, column in self.columns.items()}


def wander(
    column: Column, toward: Column | float, pull: float, noise: float, moment: Moment
) -> None:
    """Move values toward a mean with noise, in place: a process with a memory of 1/pull seconds.

    noise: standard deviation of what is added in a second.
    """
    keep = np.exp(-pull * moment.seconds)
    spread = noise * np.sqrt(moment.seconds)
    column[:] = toward + (column - toward) * keep + moment.chance.normal(0, spread, len(column))


def over_the_day(hour: float, night: float, morning: float, noon: float, evening: float) -> float:
    """Give a load between four points of the day: 3, 8, 14 and 20 o'clock."""
    return float(
        np.interp(hour, [0, 3, 8, 14, 20, 23, 24],
                  [(night + evening) / 2, night, morning, noon, evening, evening * 0.8,
                   (night + evening) / 2])
    )  # fmt: skip
