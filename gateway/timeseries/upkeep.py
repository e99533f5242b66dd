"""Seals days that are over, packs their months, and removes what is older than it is kept for."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from core.clock import SECOND, Clock
from gateway.timeseries.day_files import RAW, day_of, name_of
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import StoreUnavailable
from gateway.timeseries.rollup import LEVELS

log = structlog.get_logger()

EVERY_S = 3600.0
SOON_S = 300.0  # after the disk did not take it
PACK_AFTER = 8  # days after a month's end: what comes live is at most a week late
LATE = 2 * 3600 * SECOND  # for which a day waits after its end; what comes later is merged


@dataclass(slots=True)
class Upkeep:
    """Use: `tasks.start("series upkeep", Upkeep(...).run())`.

    keep: by kind of file, days for which it is kept. problem: why the last
    round ended early; empty when it did not.
    """

    store: DuckDbTimeSeries
    clock: Clock
    keep: Mapping[str, int]
    problem: str = ""

    async def run(self) -> None:
        """Go round for ever. A full disk is told, and tried again."""
        while True:
            try:
                await self.round()
            except StoreUnavailable as error:
                if not self.problem:
                    log.warning("series cannot be sealed; it is tried again", error=str(error))
                self.problem = str(error)
            else:
                self.problem = ""
            await asyncio.sleep(SOON_S if self.problem else EVERY_S)

    async def round(self) -> None:
        """Remove what is too old, which makes room, then seal and pack what is due; say so."""
        today = self._today(self.clock.time_ns())
        await self._remove_old(today)
        sealed = await self.store.due(self._today(self.clock.time_ns() - LATE))
        for day in sealed:
            await self.store.seal(day)
            log.info("day sealed", day=name_of(day))
        if sealed:
            await self._remove_old(today)
        for level, month in self.store.files.to_pack(today - PACK_AFTER):
            await self.store.pack(level, month)
            log.info("month packed", level=level, month=month)

    def _today(self, now: int) -> int:
        """Give the day, but none after the last of which there are readings.

        So a clock that jumps ahead removes nothing.
        """
        return min(day_of(now), self.store.newest_day(default=day_of(now)))

    def figures(self) -> dict[str, int | str]:
        """Give how many days there are of each kind, what they take, and the problem."""
        files = self.store.files
        days = {f"{kind}_days": len(days) for kind, days in files.days.items()}
        return {**days, "bytes": files.bytes(), "problem": self.problem}

    async def _remove_old(self, today: int) -> None:
        for kind, days in self.keep.items():
            old = [
                day
                for day in sorted(self.store.files.days[kind])
                if day < today - days and (kind != RAW or self._is_summed_up(day, today))
            ]
            for day in old:
                await self.store.remove(kind, day)
            if old:
                log.info("old series removed", kind=kind, days=len(old), up_to=name_of(old[-1]))

    def _is_summed_up(self, day: int, today: int) -> bool:
        """Tell whether each roll-up of the day that is still kept is there."""
        return all(
            day in self.store.files.days[level] or day < today - self.keep[level]
            for level in LEVELS
        )
