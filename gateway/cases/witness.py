"""Asks the devices of an asset whether its trouble is over, at one moment."""

import asyncio
from datetime import datetime, timedelta

import structlog

from core.clock import to_nanoseconds
from core.proof import NOTHING, Judged, ProofRule, Sign, Track, covering, judge
from core.quality import is_good
from core.registry import Device
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow
from gateway.timeseries.port import StoreUnavailable

log = structlog.get_logger()

BEFORE = timedelta(hours=1)  # a value that stands since is reported at least that often
MOST_POINTS = 2000  # a signal; thinned out, the lowest and the highest of each stretch stay
TIMEOUT_S = 5.0  # without an answer by then nothing is known


class Witness:
    """now: the moment that everything is judged at."""

    def __init__(
        self,
        registry: RegistrySnapshot,
        directory: Directory,
        history: History,
        now: datetime,
    ) -> None:
        self.registry = registry
        self.now = now
        self._directory = directory
        self._history = history

    def rule_of(self, case: CaseRow) -> ProofRule:
        """Give what proves this kind of trouble."""
        return covering(self.registry.proofs, case.category)

    async def signs_of(self, case: CaseRow) -> tuple[Judged, ...]:
        """Give what the devices of the case's asset show, of what its rule asks for."""
        if case.asset is None:
            return ()
        devices = self.registry.devices_of(case.asset, self.now)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return tuple(
                    [
                        await self._judged(sign, device)
                        for sign in self.rule_of(case).signs
                        for device in devices
                        if sign.signal in self._directory.series_of(device.id)
                    ]
                )
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("devices cannot be asked for proof", case=case.id, error=str(error))
            return ()

    async def _judged(self, sign: Sign, device: Device) -> Judged:
        born = {each.key: each for each in self._directory.signals_of(device.id)}
        wanted = {sign.signal, *(each.signal for each in sign.when)}
        tracks = {key: await self._track(device.id, key, sign.held_for) for key in wanted}
        signal = born.get(sign.signal)
        return judge(
            sign,
            tracks,
            to_nanoseconds(self.now),
            rated=_rated(device, sign.signal) or (signal.rated if signal else None),
            unit=signal.unit if signal and signal.unit != "1" else "",
        )

    async def _track(self, device: str, key: str, held_for: timedelta) -> Track:
        number = self._directory.series_of(device).get(key)
        if number is None:
            return NOTHING
        start = to_nanoseconds(self.now - held_for - BEFORE)
        end = to_nanoseconds(self.now) + 1
        block, _ = await self._history.range(number, start, end, MOST_POINTS)
        good = is_good(block.quality)
        return Track(block.time[good], block.value[good])


def _rated(device: Device, signal: str) -> float | None:
    """Give what the registry says of this very device, where it differs from its model."""
    found = device.options.get(f"rated_{signal}")
    return float(found) if isinstance(found, int | float) and found > 0 else None
