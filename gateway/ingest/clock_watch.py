"""Watches whose clocks are wrong: devices whose readings had to be put in quarantine.

A device is wrong as long as one of its signals is: others of the same device may have the time of
their edge. Where the edge's own clock is off no device is to blame; that the edge tells by itself.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from core.clock import Clock
from core.quality import REASON, Reason, is_bad
from core.readings import Readings
from gateway.cases.facts import Fact
from gateway.cases.incidents import Intake
from gateway.cases.meaning import CLOCK_WRONG
from gateway.ingest.latest import is_believed
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import IncidentRow
from gateway.storage.database import Database
from gateway.storage.failures import patiently

LOOK_EVERY_S = 1.0
NO_TIME_OF_ITS_OWN = (Reason.ARCHIVE, Reason.CLOCK_UNSYNCHRONISED)


class Births(Protocol):
    """What is known of the series of an edge."""

    def devices_of_edge(self, edge: str) -> Sequence[str]:
        """Give the devices that this edge was the last to be born with."""
        ...

    def series_of(self, device: str) -> Mapping[str, int]:
        """Give the numbers of the device's series by signal key."""
        ...


class ClockWatch:
    """right_for_s: seconds for which a clock must be right before its alarm is cleared."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        *,
        births: Births,
        intake: Intake,
        right_for_s: float,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._births = births
        self._intake = intake
        self._right_for_s = right_for_s
        self._device: dict[int, str] = {}  # of each series that is or was wrong
        self._right_since: dict[int, float | None] = {}  # of each of them; monotonic
        self._told: set[str] = set()
        self._unheard: dict[str, frozenset[int]] = {}  # told before the start, with their series

    def note(self, edge: str, readings: Readings, off: NDArray[np.bool_], now: int) -> None:
        """Take readings by series. off: bool[n], whose time cannot be right. now: ns UTC."""
        if not is_believed(readings.read_at, now):
            return
        if off.any():
            self._doubt(edge, set(readings.signal[off].tolist()))
        if self._right_since or self._unheard:
            told = ~(off | is_bad(readings.quality))
            told &= ~np.isin(readings.quality & REASON, NO_TIME_OF_ITS_OWN)
            self._trust(set(readings.signal[told].tolist()))

    async def run(self) -> None:
        """Look for ever."""
        await patiently(self._load)
        while True:
            await patiently(self._look)
            await asyncio.sleep(LOOK_EVERY_S)

    def _doubt(self, edge: str, series: set[int]) -> None:
        if unknown := series - self._device.keys():
            for device in self._births.devices_of_edge(edge):
                for number in unknown.intersection(self._births.series_of(device).values()):
                    self._device[number] = device
        self._right_since |= dict.fromkeys(series & self._device.keys())

    def _trust(self, series: set[int]) -> None:
        now = self._clock.monotonic()
        for device, its in list(self._unheard.items()):
            if heard := series & its:
                # Which of its signals was wrong is forgotten; any that is will soon say so.
                del self._unheard[device]
                number = heard.pop()
                self._device[number] = device
                self._right_since.setdefault(number, now)
        for number in series & self._right_since.keys():
            if self._right_since[number] is None:
                self._right_since[number] = now

    async def _load(self) -> None:
        query = select(IncidentRow.device).where(
            IncidentRow.condition == CLOCK_WRONG, IncidentRow.cleared_at.is_(None)
        )
        async with self._database.reading() as session:
            self._told = set(await session.scalars(query))
        wrong = set(self._device.values())
        self._unheard = {
            device: frozenset(self._births.series_of(device).values())
            for device in self._told - wrong
        }

    async def _look(self) -> None:
        if not (self._right_since or self._told):
            return
        now = self._clock.monotonic()
        for number, since in list(self._right_since.items()):
            if since is not None and now - since >= self._right_for_s:
                del self._right_since[number], self._device[number]
        known = self._registry.snapshot.devices.keys()
        wrong = (set(self._device.values()) | self._unheard.keys()) & known
        await self._tell(wrong - self._told, is_wrong=True)
        await self._tell(self._told - wrong, is_wrong=False)
        self._told = wrong

    async def _tell(self, devices: Collection[str], *, is_wrong: bool) -> None:
        for edge, its in self._by_edge(devices).items():
            facts = [
                Fact(device=each, condition=CLOCK_WRONG, active=is_wrong, at=self._clock.now())
                for each in its
            ]
            async with self._database.transaction() as session:
                await self._intake.take_own(session, edge, facts)

    def _by_edge(self, devices: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Sort devices by their edge; one that left the registry has none."""
        registry, found = self._registry.snapshot, dict[str, list[str]]()
        for device in sorted(devices):
            edge = registry.edge_of(device) if device in registry.devices else ""
            found.setdefault(edge, []).append(device)
        return found
