"""Lifts: a car that answers calls, opens its doors, and sometimes stops between floors."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.registry import Device
from simulators.world.family import Family, Moment, over_the_day

IDLE, MOVING, DOORS_OPEN, STOPPED, TRAPPED, OUT_OF_SERVICE = range(6)
SECONDS_A_FLOOR = 2.5
DOORS_OPEN_SECONDS = 6.0
TEST_CALL_EVERY = 71.0  # hours; a lift must call within 72 (EN 81-28)
MISSED = 73.0
PASSENGER = 75.0  # kg, EN 81-20, 5.4.2.3


class Lifts(Family):
    """lift_stopped: the car stands empty. lift_trapped: it stands with a passenger in it.
    test_call_missed: its alarm device has not called for three days."""

    own_faults = ("lift_trapped", "lift_stopped", "test_call_missed")
    writable = ("out_of_service",)

    def __init__(
        self, devices: Sequence[Device], signals: Iterable[str], chance: np.random.Generator,
        now: float,
    ) -> None:  # fmt: skip
        super().__init__(devices, signals)
        count = len(devices)
        self._floors = np.array([int(str(device.options.get("floors", 9))) for device in devices])
        self._position = chance.integers(1, self._floors + 1).astype(float)
        self._target = self._position.copy()
        self._doors_left = np.zeros(count)
        self._state = np.full(count, IDLE)
        self._called = np.linspace(0, TEST_CALL_EVERY, count, endpoint=False)  # hours ago
        self.columns["trips"][:] = chance.integers(20, 40, count) * (now // 3600 - 480_000)
        self.columns["floor"][:] = self._position

    def write(self, row: int, key: str, value: float) -> bool:
        return value in {0.0, 1.0} and super().write(row, key, value)

    def advance(self, moment: Moment) -> None:
        load, trips, chance = self.columns["load"], self.columns["trips"], moment.chance
        state = self._state
        stays = self._stand(moment)

        called = (state == IDLE) & ~stays
        often = over_the_day(moment.hour, 0.001, 0.02, 0.008, 0.016)
        called &= chance.random(len(state)) < often * moment.seconds
        self._send(called, moment)

        going = (state == MOVING) & ~stays
        step = moment.seconds / SECONDS_A_FLOOR
        way = self._target - self._position
        self._position[going] += np.clip(way, -step, step)[going]
        arrived = going & (np.abs(self._target - self._position) < 1e-6)
        state[arrived] = DOORS_OPEN
        self._doors_left[arrived] = DOORS_OPEN_SECONDS
        trips[arrived] += 1

        open_ = (state == DOORS_OPEN) & ~stays & ~arrived
        self._doors_left[open_] -= moment.seconds
        closing = open_ & (self._doors_left <= 0)
        rides_on = closing & (load == 0) & (chance.random(len(state)) < 0.8)
        load[closing] = 0
        load[rides_on] = PASSENGER * chance.integers(1, 4, rides_on.sum())
        state[closing] = IDLE
        self._send(rides_on, moment)

        self._call(moment)
        self.columns["state"][:] = state
        self.columns["floor"][:] = np.round(self._position)
        self.columns["door"][:] = state == DOORS_OPEN

    def _call(self, moment: Moment) -> None:
        """Let alarm devices try their link in time, but for those that have missed it."""
        missed, called = self.faults["test_call_missed"], self._called
        called += moment.seconds / 3600
        called[~missed & (called >= TEST_CALL_EVERY)] = 0
        called[missed] = np.maximum(called[missed], MISSED)
        self.columns["test_call_age"][:] = np.floor(called)

    def _stand(self, moment: Moment) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Stop the cars that have a fault or are taken out, and let go those that had."""
        state, load = self._state, self.columns["load"]
        trapped = self.faults["lift_trapped"]
        stopped = self.faults["lift_stopped"] & ~trapped
        taken_out = (self.columns["out_of_service"] > 0) & ~trapped & ~stopped
        let_go = (state >= STOPPED) & ~trapped & ~stopped & ~taken_out
        state[let_go] = IDLE
        load[let_go] = 0
        newly = trapped & (state != TRAPPED)
        load[newly] = np.maximum(load[newly], PASSENGER)
        self._position[newly] = np.minimum(self._position[newly] + 0.4, self._floors[newly])
        state[trapped], state[stopped], state[taken_out] = TRAPPED, STOPPED, OUT_OF_SERVICE
        load[stopped | taken_out] = 0
        return np.asarray(trapped | stopped | taken_out)

    def _send(self, rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]", moment: Moment) -> None:
        """Start these cars toward another floor; the ground floor is one way in two."""
        floors = self._floors[rows]
        anywhere = moment.chance.integers(1, floors + 1)
        target = np.where(moment.chance.random(len(floors)) < 0.5, 1, anywhere).astype(float)
        here = np.round(self._position[rows])
        self._target[rows] = np.where(target == here, np.where(here > 1, 1, floors), target)
        self._state[rows] = MOVING
