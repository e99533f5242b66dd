"""Tells the gateway what the spool had to let go of, so that it shows as a gap.

As soon as the gateway is heard, each signal gets two bad readings, with the times of the first and
the last that were lost.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import structlog

from adapters import wire
from core.clock import Clock, to_datetime
from core.quality import BAD, Reason, quality
from core.readings import Readings
from edge.inventory import Inventory
from edge.loss_book import Lost
from edge.pipeline import Pipeline
from edge.spool import Spool

TELL_EVERY_S = 10.0
DROPPED = quality(BAD, Reason.DROPPED)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Totals:
    """Since the spool was made; untold: readings of which the gateway does not know yet."""

    readings: int = 0
    events: int = 0
    untold: int = 0


class Losses:
    """inventory, is_heard: those of the moment."""

    def __init__(
        self,
        spool: Spool,
        pipeline: Pipeline,
        clock: Clock,
        *,
        inventory: Callable[[], Inventory],
        is_heard: Callable[[], bool],
    ) -> None:
        self.totals = Totals()
        self._spool = spool
        self._pipeline = pipeline
        self._clock = clock
        self._inventory = inventory
        self._is_heard = is_heard

    async def run(self) -> None:
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Learn what was lost, and tell it if somebody listens."""
        self.totals = await self._spool.ask(_totals)
        if not self.totals.untold or not self._is_heard():
            return
        lost, births = await self._spool.ask(_untold)
        # From here on nothing is awaited: the numbers in force stay the same.
        inventory = self._inventory()
        now = inventory.birth(self._spool.epoch, self._clock.time_ns())
        present = {each.numbering: _translation(each, now) for each in (*births, now)}
        told = [
            (number, each)
            for each in lost
            if (number := present.get(each.numbering, {}).get(each.signal)) is not None
        ]
        if told:
            self._pipeline.tell(_marks(told, self._clock.time_ns()))
        self._spool.ask(lambda connection: _forget(connection, lost))
        log.warning(
            "readings are lost, their times are told",
            readings=sum(each.readings for each in lost),
            signals=len(lost),
            unknown=len(lost) - len(told),
            began=to_datetime(min(each.first for each in lost)),
            ended=to_datetime(max(each.last for each in lost)),
        )


def _totals(connection: sqlite3.Connection) -> Totals:
    kept = dict(
        connection.execute(
            "SELECT key, value FROM meta WHERE key IN ('lost_readings', 'lost_events')"
        ).fetchall()
    )
    (untold,) = connection.execute("SELECT coalesce(sum(readings), 0) FROM losses").fetchone()
    return Totals(kept.get("lost_readings", 0), kept.get("lost_events", 0), untold)


def _untold(connection: sqlite3.Connection) -> tuple[list[Lost], list[wire.Birth]]:
    rows = connection.execute("SELECT numbering, signal, first, last, readings FROM losses")
    lost = [Lost(*row) for row in rows]
    births = connection.execute(
        "SELECT payload FROM births WHERE numbering IN (SELECT numbering FROM losses)"
    )
    return lost, [wire.decode(payload, wire.Birth) for (payload,) in births]


def _forget(connection: sqlite3.Connection, told: Sequence[Lost]) -> None:
    """Let go of what was told; what has become more since is told again."""
    connection.executemany(
        "DELETE FROM losses WHERE numbering = ? AND signal = ? AND first = ? AND last = ? "
        "AND readings = ?",
        map(astuple, told),
    )


def _translation(then: wire.Birth, now: wire.Birth) -> Mapping[int, int]:
    """Give the present number of each number that a birth gave to what is still read."""
    present = {meaning: number for number, meaning in _meanings(now).items()}
    return {
        number: present[meaning]
        for number, meaning in _meanings(then).items()
        if meaning in present
    }


def _meanings(birth: wire.Birth) -> Mapping[int, tuple[str, str]]:
    """Give device and key by number."""
    keys = {each.profile: [signal.key for signal in each.signals] for each in birth.profiles}
    return {
        number: (each.device, key)
        for each in birth.devices
        for number, key in enumerate(keys[each.profile], each.first)
    }


def _marks(told: Sequence[tuple[int, Lost]], now: int) -> Readings:
    """Give the first and the last moment of each gap as bad readings. now: nanoseconds UTC."""
    numbers = [number for number, _ in told]
    times = [each.first for _, each in told] + [each.last for _, each in told]
    return Readings.of(numbers * 2, times, np.nan, DROPPED, now)
