"""Which devices answer, and which signals have gone silent."""

import numpy as np
from numpy.typing import NDArray

from edge.inventory import Inventory


class Presence:
    """When every signal was last heard, and which devices are lost. Moments are monotonic seconds.

    A device is silent when nothing at all has come from it for the shortest `silent_after_s` of
    its signals; a signal alone after its own. Devices are positions in `inventory.devices`.
    """

    def __init__(self, inventory: Inventory, lost: set[str], now: float) -> None:
        """lost: devices that were lost before a restart."""
        self._devices = [each.device.id for each in inventory.devices.values()]
        self._position = {device: place for place, device in enumerate(self._devices)}
        self._first = np.array([each.first for each in inventory.devices.values()], np.intp)
        self._stop = np.append(self._first[1:], inventory.signals)
        self._device_of = inventory.device_of
        self._limit = inventory.column("silent_after_s")
        # The edge reports on itself; while it runs, it is there.
        self._limit[inventory.devices[inventory.health.id].numbers] = np.inf
        self._is_measured = inventory.is_measured
        self._limit[~self._is_measured] = np.inf
        self._device_limit = np.minimum.reduceat(self._limit, self._first)
        self._heard = np.full(inventory.signals, now)
        self._stale = np.zeros(inventory.signals, np.bool_)
        self.lost = np.array([device in lost for device in self._devices], np.bool_)

    def device(self, position: int) -> str:
        return self._devices[position]

    def limit_s(self, position: int) -> float:
        """Give after how many seconds without a word this device is silent."""
        return float(self._device_limit[position])

    def lose(self, device: str) -> bool:
        """Take a device as lost; tell whether it was not before."""
        position = self._position[device]
        was_lost = bool(self.lost[position])
        self.lost[position] = True
        self._stale[self._first[position] : self._stop[position]] = True
        return not was_lost

    def hear(self, signal: NDArray[np.uint32], now: float) -> None:
        """Note that signals have answered, with a value or with an error of their own."""
        self._heard[signal] = now
        self._stale[signal] = False

    def back(self, signal: NDArray[np.uint32]) -> NDArray[np.intp]:
        """Give the lost devices that these signals belong to; they are not lost any more."""
        if not self.lost.any():
            return np.empty(0, np.intp)
        devices = np.unique(self._device_of[signal])
        back: NDArray[np.intp] = devices[self.lost[devices]]
        self.lost[back] = False
        return back

    def silent(self, now: float) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
        """Give devices that have gone silent and signals that are stale now, each once."""
        quiet = now - self._heard
        devices = np.flatnonzero(
            (np.minimum.reduceat(quiet, self._first) >= self._device_limit) & ~self.lost
        )
        self.lost[devices] = True
        stale = (quiet >= self._limit) | (self.lost[self._device_of] & self._is_measured)
        signals = np.flatnonzero(stale & ~self._stale).astype(np.uint32)
        self._stale[signals] = True
        return devices, signals
