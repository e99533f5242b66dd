"""What the edge knows of its link to each device, as signals of the device with the prefix link_.

They are told by exception and by the hour, past quality, presence and alarms: that we know how
often a device was asked does not show that it is there.
"""

import asyncio
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from adapters.contract import Traffic
from core.clock import SECOND, Clock
from core.readings import Readings
from edge.inventory import Inventory
from edge.link_profile import DIAGNOSTICS
from edge.pipeline import Pipeline
from edge.supervisor import Line

EVERY_S = 20.0
AGAIN_S = 3600.0  # after which a value is told though it is the same
CHANGE = 0.25  # of a rate or a time, as a part of what was told last, that is worth telling
GOOD_S = 60.0  # a good reading that is younger speaks for itself
KEYS = [signal.key for signal in DIAGNOSTICS.signals]
COUNTERS = np.array([signal.kind == "counter" for signal in DIAGNOSTICS.signals])
DEADBANDS = np.array([signal.deadband for signal in DIAGNOSTICS.signals])


class Diagnostics:
    """lines: the supervisor's, by endpoint. send: where what is news goes."""

    def __init__(self, lines: Mapping[str, Line], pipeline: Pipeline, clock: Clock) -> None:
        self._lines = lines
        self._pipeline = pipeline
        self._clock = clock

    def install(self, inventory: Inventory) -> None:
        """Speak of these devices from now on."""
        self._devices = list(inventory.diagnosed)
        place = {device: number for number, device in enumerate(self._devices)}
        self._place: Callable[[str], int | None] = place.get
        self._device_of = inventory.device_of
        born = [{each.key for each in of.profile.signals} for of in inventory.diagnosed.values()]
        self._is_born = np.array([[key in keys for key in KEYS] for keys in born], np.bool_)
        # Numbers follow each other by device, and there in the order of the keys.
        self._number = np.zeros(self._is_born.shape, np.uint32)
        self._number[self._is_born] = inventory.signals + np.arange(self._is_born.sum())
        self._told = np.full((len(self._devices), len(KEYS)), np.nan)
        self._told_at = np.full((len(self._devices), len(KEYS)), -np.inf)
        self._looked_at = self._clock.monotonic()
        self._readings = np.zeros(len(self._devices))
        self._requests = np.zeros(len(self._devices))
        self._answers = np.zeros(len(self._devices))
        self._waited = np.zeros(len(self._devices))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self.look()

    def look(self) -> None:
        """Tell what is news."""
        if not self._devices:
            return
        now, time = self._clock.monotonic(), self._clock.time_ns()
        found = self._found(max(now - self._looked_at, 1e-3), time)
        self._looked_at = now
        known = np.isfinite(found) & self._is_born
        change = np.abs(found - self._told)
        enough = np.maximum(np.where(COUNTERS, 0.0, CHANGE * np.abs(self._told)), DEADBANDS)
        is_news = known & (~(change <= enough) | (now - self._told_at >= AGAIN_S))
        if not is_news.any():
            return
        self._told[is_news] = found[is_news]
        self._told_at[is_news] = now
        self._pipeline.tell(Readings.of(self._number[is_news], time, found[is_news], 0, time))

    def _found(self, elapsed_s: float, time: int) -> NDArray[np.float64]:
        """Give the values, float64[devices, signals]; NaN where there is none to tell."""
        tally, traffic = self._pipeline.tally, self._traffic()
        readings = self._by_device(tally.readings)
        good_at = np.zeros(len(self._devices) + 1, np.int64)
        np.maximum.at(good_at, self._device_of, tally.good_at)
        good_at = good_at[1:]
        is_over = (good_at > 0) & (time - good_at >= GOOD_S * SECOND)
        columns = {
            "link_readings": (readings - self._readings) * (60.0 / elapsed_s),
            "link_last_good": np.where(is_over, good_at / SECOND, np.nan),
            "link_bad": self._by_device(tally.bad),
        }
        self._readings = readings
        requests, answers, waited, timeouts, refusals, malformed = traffic.T
        asked = requests > 0
        is_answered = answers > self._answers
        count = np.where(is_answered, answers - self._answers, 1.0)
        mean_ms = 1000.0 * (waited - self._waited) / count
        columns["link_round_trip"] = np.where(is_answered, mean_ms, np.nan)
        per_minute = np.maximum(requests - self._requests, 0.0) * (60.0 / elapsed_s)
        columns["link_requests"] = np.where(asked, per_minute, np.nan)
        for key, counts in (
            ("timeouts", timeouts),
            ("refusals", refusals),
            ("malformed", malformed),
        ):
            columns[f"link_{key}"] = np.where(asked, counts, np.nan)
        self._requests, self._answers, self._waited = requests, answers, waited
        return np.column_stack([columns[key] for key in KEYS])

    def _by_device(self, column: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum a column of signals. The edge itself is the first of the devices, and has no link."""
        sums = np.bincount(self._device_of, column, minlength=len(self._devices) + 1)
        return np.asarray(sums[1:], np.float64)

    def _traffic(self) -> NDArray[np.float64]:
        """Give the totals of each device: float64[devices, 6], in the order of `_row`."""
        total = np.zeros((len(self._devices), 6))
        for line in self._lines.values():
            line.collect()
            for device, each in line.traffic.items():
                if (place := self._place(device)) is not None:
                    total[place] += _row(each)
        return total


def _row(traffic: Traffic) -> tuple[float, ...]:
    return (
        traffic.requests,
        traffic.answers,
        traffic.waited_s,
        traffic.timeouts,
        traffic.refusals,
        traffic.malformed,
    )
