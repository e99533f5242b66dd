"""What the edge knows of itself, as readings of the device `<edge>-health`."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from core.clock import SECOND, Clock
from core.readings import Readings
from edge.inventory import Inventory
from edge.losses import Totals
from edge.pipeline import Pipeline
from edge.spool import Spool
from edge.supervisor import Line, LineState

EVERY_S = 2.0
PAGE = os.sysconf("SC_PAGE_SIZE")


class Health:
    """lines: the supervisor's, by endpoint. certificate_days: for which it is good, if any."""

    def __init__(
        self,
        inventory: Inventory,
        lines: Mapping[str, Line],
        pipeline: Pipeline,
        spool: Spool,
        clock: Clock,
        *,
        losses: Callable[[], Totals] = Totals,
        certificate_days: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.inventory = inventory
        self._lines = lines
        self._pipeline = pipeline
        self._spool = spool
        self._clock = clock
        self._losses = losses
        self._certificate_days = certificate_days
        self._gateway: tuple[int, float] | None = None  # its time, and when it was heard
        self._looked_at = clock.monotonic()
        self._points = 0
        self._messages_dropped = 0
        self._cpu = 0.0

    def hear_gateway_time(self, gateway: int) -> None:
        """Compare clocks. An Ack is a few milliseconds old, which does not matter here."""
        self._gateway = (gateway, self._clock.monotonic())

    def gateway_time(self) -> int:
        """Give the gateway's time in nanoseconds UTC; the edge's own until it was heard.

        It is counted on by the monotonic clock, so that setting the edge's does not move it.
        """
        if self._gateway is None:
            return self._clock.time_ns()
        time, heard_at = self._gateway
        return time + int((self._clock.monotonic() - heard_at) * SECOND)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self._pipeline.put_now(self._look())

    def _look(self) -> Readings:
        now, at = self._clock.monotonic(), self._clock.time_ns()
        elapsed = max(now - self._looked_at, 1e-3)
        spool, points, cpu = self._spool.state(), self._pipeline.points, time.process_time()
        dropped = sum(line.dropped for line in self._lines.values())
        values: dict[str, float] = {
            "spool_rows": spool.rows,
            "spool_bytes": spool.bytes,
            "spool_full": spool.full,
            "spool_age": spool.age_s,
            "dropped": spool.dropped,
            # With a new configuration the lines count from zero again.
            "messages_dropped": max(dropped - self._messages_dropped, 0) / elapsed,
            "lost_readings": (lost := self._losses()).readings,
            "lost_events": lost.events,
            "losses_untold": lost.untold,
            "points": (points - self._points) / elapsed,
            "cpu": 100.0 * (cpu - self._cpu) / elapsed,
            "memory": resident_bytes(),
            "devices_lost": self._pipeline.devices_lost,
            "lines_lost": sum(
                line.state in {LineState.LOST, LineState.REFUSED} for line in self._lines.values()
            ),
        }
        if (days := self._certificate_days()) is not None:
            values["certificate_days"] = days
        if self._gateway is not None:
            values["clock_offset"] = (at - self.gateway_time()) / SECOND
        self._looked_at, self._points, self._cpu = now, points, cpu
        self._messages_dropped = dropped
        device = self.inventory.health.id
        numbers = [self.inventory.point(device, key).number for key in values]
        return Readings.of(numbers, at, np.array(list(values.values())), 0, at)


def resident_bytes() -> int:
    """Give the memory that this process holds (Linux, proc(5): statm, second field)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
