"""Traffic controllers: two directions that take turns by a signal plan."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.registry import Device
from simulators.world.family import Family, Moment

NORMAL, FLASHING, OFF = range(3)
DARK, RED, RED_AMBER, GREEN, AMBER, FLASHING_AMBER = range(6)
AMBER_SECONDS, ALL_RED_SECONDS, RED_AMBER_SECONDS = 3, 2, 1

# By plan: green of the street along the river (heads 1 and 3), green across (2 and 4), seconds.
PLANS = {1: (22, 16), 2: (34, 18), 3: (16, 34), 4: (12, 12)}

ALONG, ACROSS = 1, 2  # of a priority call
ALONG_PHASE, ACROSS_PHASE = 1, 3
LONGEST_CALL_SECONDS = 120
ORDERS = {"plan": (*PLANS,), "flash": (0, 1), "priority": (0, ALONG, ACROSS)}


def stages(plan: int) -> list[tuple[int, int, int, int]]:
    """Give the stages of a plan: seconds, phase, colour along, colour across."""
    along, across = PLANS.get(plan, PLANS[1])
    return [
        (along, 1, GREEN, RED),
        (AMBER_SECONDS, 2, AMBER, RED),
        (ALL_RED_SECONDS, 2, RED, RED),
        (RED_AMBER_SECONDS, 2, RED, RED_AMBER),
        (across, 3, RED, GREEN),
        (AMBER_SECONDS, 4, RED, AMBER),
        (ALL_RED_SECONDS, 4, RED, RED),
        (RED_AMBER_SECONDS, 4, RED_AMBER, RED),
    ]


class TrafficControllers(Family):
    """conflict: the monitor saw two greens at once and put the crossing to flashing amber.

    A priority call holds its green once the cycle has come to it, and ends by itself.
    """

    own_faults = ("conflict",)
    writable = ("plan", "flash", "priority")

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator
    ) -> None:
        super().__init__(devices, signals)
        self.columns["plan"][:] = 1
        self._second = chance.uniform(0, 60, len(devices))
        self._called_for = np.zeros(len(devices))  # seconds

    def write(self, row: int, key: str, value: float) -> bool:
        return value in ORDERS.get(key, ()) and super().write(row, key, value)

    def advance(self, moment: Moment) -> None:
        columns = self.columns
        columns["conflict"][:] = self.faults["conflict"]
        is_flashing = self.faults["conflict"] | (columns["flash"] > 0)
        columns["mode"][:] = np.where(is_flashing, FLASHING, NORMAL)
        self.apply_held()
        priority = columns["priority"]
        self._called_for = np.where(priority > 0, self._called_for + moment.seconds, 0)
        priority[self._called_for > LONGEST_CALL_SECONDS] = 0
        green_of = np.where(priority == ALONG, ALONG_PHASE, ACROSS_PHASE)
        is_held = (priority > 0) & (columns["phase"] == green_of)
        self._second += np.where(is_held, 0, moment.seconds)
        for row in range(len(self.devices)):
            self._show(row)

    def _show(self, row: int) -> None:
        columns = self.columns
        if columns["mode"][row] != NORMAL:
            colour = FLASHING_AMBER if columns["mode"][row] == FLASHING else DARK
            phase, along, across = 0, colour, colour
        else:
            plan = stages(int(columns["plan"][row]))
            self._second[row] %= sum(seconds for seconds, *_ in plan)
            left = self._second[row]
            for seconds, phase, along, across in plan:  # noqa: B007 - the stage found stays
                if left < seconds:
                    break
                left -= seconds
        columns["cycle_second"][row] = int(self._second[row])
        columns["phase"][row] = phase
        for head, colour in ((1, along), (2, across), (3, along), (4, across)):
            columns[f"head_{head}"][row] = colour
