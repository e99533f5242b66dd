"""Read devices with the real adapters and keep the latest of each signal; nothing is sent on."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import NoReturn

import numpy as np
import structlog

from adapters.contract import DeviceState, Item, OpenAdapter, Point
from adapters.raw import Raw, decoded
from core.clock import Clock
from core.configuration import EdgeConfiguration
from core.errors import ConfigError
from core.quality import BAD, REASON, VERDICT, Reason, quality
from core.readings import Readings
from edge.commissioning.advice import NOTHING_HEARD, QUALITY_HINTS, hint, quality_in_words, reached
from edge.inventory import Inventory
from edge.supervisor import Line, LineState, Supervisor

LOOK_EVERY_S = 0.1
LOST_LINE = quality(BAD, Reason.LOST_LINE)
OUT_OF_RANGE = quality(BAD, Reason.OUT_OF_RANGE)


@dataclass(frozen=True, slots=True)
class Row:
    """The latest of one signal. time: nanoseconds UTC. readings: how many came; where none did,
    value, quality and time say nothing. trouble: what the adapter says of the signal. wire: the
    bytes that the value was read from, where the protocol has such."""

    point: Point
    value: float
    quality: int
    time: int
    readings: int
    trouble: str = ""
    wire: bytes = b""

    @property
    def is_good(self) -> bool:
        return self.readings > 0 and self.quality & VERDICT == 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line or a device, and what to check next."""

    name: str
    error: str
    advice: str


class Probe:
    """One look at the devices of an inventory. opener: protocol → open function."""

    def __init__(
        self, inventory: Inventory, clock: Clock, opener: Callable[[str], OpenAdapter]
    ) -> None:
        self._clock = clock
        self._inventory = inventory
        self._supervisor = Supervisor(self._put, clock, opener)
        self._points = [
            point
            for endpoint in inventory.configuration.endpoints
            for point in inventory.points(endpoint)
        ]
        count = inventory.signals
        self._values = np.full(count, np.nan)
        self._codes = np.zeros(count, np.uint8)
        self._times = np.zeros(count, np.int64)
        self._counts = np.zeros(count, np.int64)
        self._minimum = inventory.column("minimum", -np.inf)
        self._maximum = inventory.column("maximum", np.inf)
        self._wire: dict[int, bytes] = {}  # of each signal that is read in bytes
        self._lost: dict[str, str] = {}  # reason by device
        self._troubles: dict[str, str] = {}  # what the adapters log, by signal or topic
        self._advice: dict[tuple[str, str], str] = {}  # by endpoint and error

    async def run(self, until: Callable[[], bool], timeout_s: float) -> None:
        """Read until a claim is true or the time is over. timeout_s: infinite where it may be."""
        reading = asyncio.create_task(self._supervisor.run(self._inventory))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(None if timeout_s == np.inf else timeout_s):
                    while not until() and not reading.done():
                        await self._seek_advice()
                        await asyncio.sleep(LOOK_EVERY_S)
            await self._seek_advice()
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        if not reading.cancelled():
            reading.result()

    def hear(self, _logger: object, _method: str, event: structlog.typing.EventDict) -> NoReturn:
        """Take a line of the log; as a processor of structlog, and the last one."""
        match event.get("event"):
            case "trouble begins":
                self._troubles[str(event["at"])] = str(event["error"])
            case "trouble is over":
                self._troubles.pop(str(event["at"]), None)
        raise structlog.DropEvent

    @property
    def is_decided(self) -> bool:
        """Tell whether every signal was read, or it is known that it cannot be."""
        return all(
            self._counts[point.number] or point.device.id in self._lost for point in self._points
        ) and all(line.state is not LineState.OPENING for line in self._lines)

    @property
    def is_good(self) -> bool:
        """Tell whether the latest of every signal is good."""
        return bool(self._points) and all(row.is_good for row in self.rows())

    def rows(self) -> list[Row]:
        return [
            Row(
                point,
                float(self._values[point.number]),
                int(self._codes[point.number]),
                int(self._times[point.number]),
                int(self._counts[point.number]),
                self._trouble(point),
                self._wire.get(point.number, b""),
            )
            for point in self._points
        ]

    def problems(self) -> list[Problem]:
        """Give what is wrong, lines first, then their devices."""
        found = []
        told = set()
        for line in self._lines:
            if line.error:
                told |= set(line.devices)
                found.append(self._line_problem(line))
        rows = [row for row in self.rows() if row.point.device.id not in told]
        explained = {row.point.device.id for row in rows if row.trouble}
        for device, reason in self._lost.items():
            if device not in told | explained:
                protocol = self._inventory.devices[device].profile.protocol
                found.append(Problem(device, reason, hint(protocol, reason)))
        return [*found, *filter(None, map(self._row_problem, rows))]

    def _row_problem(self, row: Row) -> Problem | None:
        """Give what is wrong with one signal of a device that is there."""
        name, protocol = row.point.name, row.point.profile.protocol
        if row.trouble:
            return Problem(name, row.trouble, hint(protocol, row.trouble))
        if row.point.device.id in self._lost or row.is_good:
            return None
        if not row.readings:
            return Problem(name, "nothing yet", NOTHING_HEARD.get(protocol, ""))
        advice = QUALITY_HINTS.get(Reason(row.quality & REASON), "")
        return Problem(name, quality_in_words(row.quality), advice) if advice else None

    @property
    def _lines(self) -> Sequence[Line]:
        return list(self._supervisor.lines.values())

    def _line_problem(self, line: Line) -> Problem:
        error = line.error
        advice = self._advice.get((line.endpoint.id, error), "")
        advice = advice or hint(line.endpoint.protocol, error)
        name = line.endpoint.id
        return Problem(name, error.removeprefix(f"{name}: "), advice)

    async def _seek_advice(self) -> None:
        """Find out once for each error of a line that never came up whether its host is there."""
        for line in self._lines:
            known = (line.endpoint.id, line.error)
            if line.error and not line.opened and known not in self._advice:
                self._advice[known] = await reached(line.endpoint)

    def _trouble(self, point: Point) -> str:
        """Give what an adapter says of a signal: by its name, or by the first of its group."""
        if self._codes[point.number] & VERDICT == 0:
            return ""
        for name, error in self._troubles.items():
            if name == point.name or name.startswith(f"{point.name} and "):
                return error
        return ""

    async def _put(self, item: Item) -> None:
        if isinstance(item, Raw):
            is_read = item.code == 0
            pieces = item.layout.pieces(item.payload) if is_read else [b""] * len(item)
            self._wire.update(zip(item.signal.tolist(), pieces, strict=True))
            self._take(decoded([item]))
        elif isinstance(item, Readings):
            self._take(item)
        elif isinstance(item, DeviceState):
            self._change(item)

    def _take(self, readings: Readings) -> None:
        signal, codes = readings.signal, readings.quality.copy()
        with np.errstate(invalid="ignore"):
            outside = ~(
                (readings.value >= self._minimum[signal])
                & (readings.value <= self._maximum[signal])
            )
        codes[outside & ((codes & VERDICT) == 0)] = OUT_OF_RANGE
        self._values[signal] = readings.value
        self._codes[signal] = codes
        self._times[signal] = readings.time
        answered = signal[codes != LOST_LINE]
        np.add.at(self._counts, answered, 1)

    def _change(self, state: DeviceState) -> None:
        if state.online:
            self._lost.pop(state.device, None)
            return
        self._lost[state.device] = state.reason
        numbers = self._inventory.devices[state.device].numbers
        # A reading that was bad before says more than that the device is lost.
        numbers = numbers[(self._codes[numbers] & VERDICT) != BAD]
        self._values[numbers] = np.nan
        self._codes[numbers] = LOST_LINE
        self._times[numbers] = state.time


def chosen(
    configuration: EdgeConfiguration,
    devices: Sequence[str] = (),
    endpoint: str = "",
) -> EdgeConfiguration:
    """Leave only what is asked for; ConfigError for a device or an endpoint that is not there.

    The edge gets a name of its own, for a broker throws out whoever has the name of another.
    """
    known = [each.id for each in configuration.devices]
    for name in devices:
        if name not in known:
            raise ConfigError(f"there is no device {name}{_near(name, known)}")
    lines = [each.id for each in configuration.endpoints]
    if endpoint and endpoint not in lines:
        raise ConfigError(f"there is no endpoint {endpoint}{_near(endpoint, lines)}")
    edge = f"probe-{secrets.token_hex(4)}"
    left = tuple(
        each
        for each in configuration.devices
        if (not devices or each.id in devices) and (not endpoint or each.endpoint == endpoint)
    )
    if not left:
        raise ConfigError("there is no device to probe")
    used = {each.endpoint for each in left}
    return replace(
        configuration,
        edge=edge,
        endpoints=tuple(
            replace(each, edge=edge) for each in configuration.endpoints if each.id in used
        ),
        devices=left,
        overrides=(),
        programs=(),  # a probe only reads
    )


def _near(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known) or 'none'}"
