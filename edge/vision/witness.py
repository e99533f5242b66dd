"""The red-light witness: a camera saw a car pass, a controller says what its head showed.

Neither is enough alone. A crossing is decided on the controller's own telemetry, once that covers
the whole passage with a tolerance on both sides; near a change of the head, or where telemetry is
missing, nothing is decided and nobody accused.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from importlib import import_module
from typing import Any

import numpy as np
import structlog

from adapters.camera.findings import CROSSING
from adapters.contract import Event
from core.clock import SECOND, to_datetime
from core.quality import is_good
from core.readings import Readings
from edge.inventory import Inventory

RED_LIGHT = "red_light"
TOLERANCE = 300_000_000  # ns: the delay of the picture and of polling together
LONGEST_GAP = 2 * SECOND  # between two readings of the head; across more it is not known
PATIENCE = 10 * SECOND  # for the reading that ends the judgement
MOST_PENDING = 64

log = structlog.get_logger()


class Verdict(Enum):
    RED = "red"
    NOT_RED = "not red"
    UNDECIDED = "undecided"


@dataclass(slots=True)
class WatchedHead:
    """The head that a camera's cars must obey. number: of its signal; red: codes that forbid."""

    number: int
    red: frozenset[float]
    controller: str
    signal: str
    shown: deque[tuple[int, float | None]] = field(default_factory=lambda: deque(maxlen=4096))

    def verdict(self, began: int, ended: int) -> Verdict | None:
        """Judge a passage, nanoseconds UTC; None while the readings do not reach its end."""
        if not began:
            return Verdict.UNDECIDED
        start, end = began - TOLERANCE, ended + TOLERANCE
        if not self.shown or self.shown[-1][0] < end:
            return None
        before = [row for row in self.shown if row[0] <= start][-1:]
        within = [row for row in self.shown if start < row[0] < end]
        after = next(row for row in self.shown if row[0] >= end)
        rows = [*before, *within, after]
        gaps = np.diff([time for time, _ in rows])
        if not before or any(code is None for _, code in rows) or np.any(gaps > LONGEST_GAP):
            log.info("head not read well enough to judge a crossing", controller=self.controller)
            return Verdict.UNDECIDED
        are_red = [code in self.red for _, code in rows]
        if all(are_red):
            return Verdict.RED
        return Verdict.UNDECIDED if any(are_red) else Verdict.NOT_RED


class Witness:
    """Holds crossings back until the head is known, and lets through those on red."""

    def __init__(self, heads: dict[str, WatchedHead]) -> None:
        self._heads = heads
        self._numbers = np.array([head.number for head in heads.values()], np.uint32)
        self._pending: deque[tuple[Event, int]] = deque(maxlen=MOST_PENDING)

    @classmethod
    def of(cls, inventory: Inventory) -> "Witness":
        """Watch for every camera whose options name a head that this edge reads too."""
        heads = {}
        for installed in inventory.devices.values():
            camera, options = installed.device.id, installed.device.options
            if "controller" not in options:
                continue
            try:
                heads[camera] = _head(options, inventory)
            except (KeyError, TypeError, ValueError) as error:
                log.error("camera has no head to witness", camera=camera, missing=str(error))  # noqa: TRY400 - the key says all
        return cls(heads)

    def note(self, readings: Readings) -> None:
        """Take what the heads show; readings of anything else are passed over."""
        if not self._heads:
            return
        rows = np.flatnonzero(np.isin(readings.signal, self._numbers))
        good = is_good(readings.quality)
        for row in rows.tolist():
            code = float(readings.value[row]) if good[row] else None
            for head in self._heads.values():
                if head.number == readings.signal[row]:
                    head.shown.append((int(readings.time[row]), code))

    def take(self, event: Event, now: int) -> bool:
        """Hold a crossing back; tell whether it was one. now: nanoseconds UTC."""
        if event.condition != CROSSING:
            return False
        if event.device in self._heads:
            self._pending.append((event, now))
        return True

    def decided(self, now: int) -> Iterable[Event]:
        """Give the crossings that were on red, with the head written into their stills."""
        waiting = list(self._pending)
        self._pending.clear()
        for event, since in waiting:
            head = self._heads[event.device]
            verdict = head.verdict(event.began, event.time)
            if verdict is Verdict.RED:
                yield _finding(event, head)
            elif verdict is None and now - since < PATIENCE:
                self._pending.append((event, since))


def _head(options: Mapping[str, Any], inventory: Inventory) -> WatchedHead:
    controller, signal = str(options["controller"]), str(options["signal"])
    number = inventory.point(controller, signal).number
    return WatchedHead(number, frozenset(map(float, options["red"])), controller, signal)


def _finding(event: Event, head: WatchedHead) -> Event:
    began, ended = to_datetime(event.began), to_datetime(event.time)
    caption = (
        f"RED  {head.controller} {head.signal}, tolerance {TOLERANCE / SECOND:g} s",
        f"over the line {began:%Y-%m-%d %H:%M:%S}.{began.microsecond // 100_000}"
        f" - {ended:%H:%M:%S}.{ended.microsecond // 100_000} UTC",
    )
    # An edge without a camera need not load OpenCV.
    still = import_module("adapters.camera.still").with_caption(event.still, caption)
    return replace(event, condition=RED_LIGHT, still=still, began=0)
