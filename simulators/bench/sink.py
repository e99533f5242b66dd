"""Stands where the gateway is, and does no more than acknowledge: what an edge alone can send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from core.quality import is_good


class Sink:
    """What one edge has sent. changes: of devices, with the moment at which they came.

    Where the values of a signal are counts (mod 65536) that grow by one, `missing` is how many
    were skipped, and `newest` is the time of the newest good one, nanoseconds UTC; only the signals
    in `watched` are looked at.
    """

    def __init__(self, link: MqttLink, edge: str) -> None:
        self.points = 0
        self.changes: list[tuple[str, bool, float]] = []
        self.missing = 0
        self.newest = 0
        self.watched: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._last: NDArray[np.float64] = np.zeros(0)
        self._link = link
        self._edge = edge
        self._clock = SystemClock()

    def watch(self, signals: NDArray[np.intp]) -> None:
        """Look at these signals from now on."""
        self.watched = np.zeros(int(signals.max()) + 1, np.bool_)
        self.watched[signals] = True
        self._last = np.full(len(self.watched), np.nan)
        self.missing = 0

    async def run(self) -> None:
        async for batch in self._link.messages():
            acknowledged: dict[tuple[str, wire.Stream], list[int]] = {}
            for topic, payload in batch:
                kind = topic.rpartition("/")[2]
                if kind == "telemetry":
                    block = wire.decode(payload, wire.TelemetryBlock)
                    self.take(block)
                    acknowledged.setdefault((block.epoch, "telemetry"), []).append(block.seq)
                elif kind == "events":
                    events = wire.decode(payload, wire.EventBlock)
                    now = self._clock.monotonic()
                    self.changes += [
                        (each.device, each.online, now)
                        for each in events.events
                        if isinstance(each, wire.DeviceChange)
                    ]
                    acknowledged.setdefault((events.epoch, "events"), []).append(events.seq)
            for (epoch, stream), numbers in acknowledged.items():
                ack = wire.Ack(
                    epoch=epoch,
                    stream=stream,
                    ranges=[(number, number) for number in numbers],
                    time=self._clock.time_ns(),
                )
                self._link.publish(wire.down(self._edge, "ack"), wire.encode(ack))

    def take(self, block: wire.TelemetryBlock) -> None:
        """Count the points of a block, and the counts that are missing in it."""
        readings = wire.readings(block)
        self.points += len(readings)
        rows = np.flatnonzero(is_good(readings.quality) & (readings.signal < len(self.watched)))
        rows = rows[self.watched[readings.signal[rows]]]
        if not len(rows):
            return
        self.newest = max(self.newest, int(readings.time[rows].max()))
        signal = readings.signal
        rows = rows[np.argsort(signal[rows], kind="stable")]
        number, count = signal[rows], readings.value[rows]
        is_first = np.append(True, number[1:] != number[:-1])
        before = np.append(np.nan, count[:-1])
        before[is_first] = self._last[number[is_first]]
        steps = (count - before) % 65_536
        self.missing += int(np.nansum(np.maximum(steps - 1, 0)))
        is_last = np.append(is_first[1:], True)
        self._last[number[is_last]] = count[is_last]


@asynccontextmanager
async def listening(url: str, edge: str, password: str) -> AsyncIterator[Sink]:
    """Acknowledge what an edge sends, as long as the context lasts."""
    async with MqttLink(
        url, "bench-sink", "gateway", password, subscriptions=[wire.up(edge, "#")]
    ) as link:
        sink = Sink(link, edge)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(sink.run())
            yield sink
            task.cancel()
