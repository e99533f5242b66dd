"""The one way to a device's signals: checked, in turn at the device, and read back.

Commands of the gateway and programs of the edge go the same way, so that neither overtakes the
other half-way.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from adapters.contract import Point, Writable
from core.errors import Permanent
from edge.interlocks import wrong_value
from edge.inventory import Inventory
from edge.supervisor import Line

WRITE_TIMEOUT_S = 15.0

Interlock: TypeAlias = Callable[[Point, float], str]
"""Why a point must not get this value just now; empty where it may."""


class Refused(Exception):
    """Carry the reason for people: what is wrong, and what to do."""


class Writer:
    """lines: the supervisor's, by endpoint."""

    def __init__(
        self,
        inventory: Inventory,
        lines: Mapping[str, Line],
        interlocks: Sequence[Interlock] = (),
    ) -> None:
        self.inventory = inventory
        self._lines = lines
        self._interlocks = interlocks
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}  # by line and unit

    def checked(self, device: str, signal: str, value: float) -> Point:
        """Find a point that may get this value. Refused where it may not."""
        try:
            point = self.inventory.point(device, signal)
        except KeyError:
            raise Refused(f"This edge has no {device}.{signal}. Check its configuration.") from None
        if wrong := wrong_value(point.name, point.signal, value):
            raise Refused(wrong)
        for interlock in self._interlocks:
            if reason := interlock(point, value):
                raise Refused(reason)
        return point

    @asynccontextmanager
    async def turn(self, point: Point) -> AsyncIterator[None]:
        """Wait until nobody else writes to the unit of a point, and keep others waiting.

        Writes to several units of a line go on beside each other; the adapter sends them in their
        order, and while one is read back the next is sent.
        """
        unit = point.device.endpoint, point.device.unit
        async with self._turns.setdefault(unit, asyncio.Lock()):
            yield

    async def write(self, point: Point, value: float) -> float:
        """Set a point within a turn of its unit, and give what the device then reports.

        Refused where nothing was sent or the device refuses. Retryable or TimeoutError where
        nobody knows what became of it.
        """
        line = self._lines.get(point.device.endpoint)
        connection = None if line is None else line.connection
        if connection is None:
            raise Refused(f"The line to {point.device.id} is lost; nothing was sent.")
        if not isinstance(connection, Writable):
            raise Refused(f"{point.device.id} cannot be written to over its protocol.")
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                return await connection.write(point, value)
        except Permanent as error:
            raise Refused(f"The device refused: {error}.") from error
