"""The permanent numbers of all series, in memory: some fifteen million in a region.

The signals of a device mostly got their numbers together, one after another: a *run* of keys, of
which no more than the first number is needed. The keys are the same for all devices of a model.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

Keys = tuple[str, ...]  # of signals
Run = tuple[Keys, int]  # and the number of the first
DeviceRun = tuple[str, Keys, int]


class SeriesBook:
    """name: gives one text for all that are alike."""

    def __init__(self, name: Callable[[str], str]) -> None:
        self._name = name
        self.highest = 0
        self._keys: dict[Keys, Keys] = {}  # one of each for all devices
        self._runs: dict[str, Run] = {}  # the first of a device
        self._more: dict[str, list[Run]] = {}  # of those that have any

    def of(self, device: str) -> Mapping[str, int]:
        """Give the numbers of a device's series by signal key."""
        return {
            key: number
            for keys, first in self._of(device)
            for number, key in enumerate(keys, first)
        }

    def first_of(self, device: str, keys: Keys) -> int | None:
        """Give the number of the first of these keys, where they are a run of the device."""
        run = self._runs.get(device)
        if run is not None and run[0] == keys:
            return run[1]
        return next((first for its, first in self._more.get(device, ()) if its == keys), None)

    def runs(self) -> Iterator[DeviceRun]:
        """Give everything that was learnt."""
        for device in self._runs:
            for keys, first in self._of(device):
                yield device, keys, first

    def learn(self, runs: Iterable[DeviceRun]) -> None:
        """Take keys that got numbers together."""
        for told, keys, first in runs:
            device, run = self._name(told), (self._keys.setdefault(keys, keys), first)
            self.highest = max(self.highest, first + len(keys) - 1)
            if self._runs.setdefault(device, run) != run and run not in self._of(device):
                self._more.setdefault(device, []).append(run)

    def _of(self, device: str) -> tuple[Run, ...]:
        run = self._runs.get(device)
        return () if run is None else (run, *self._more.get(device, ()))
