"""The permanent numbers of all series, in memory: some fifteen million in a region.

The signals of a device mostly got their numbers together, one after another. Then the device needs
no more than the first of them: the keys are the same for all devices of its model.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

Keys = tuple[str, ...]


class SeriesBook:
    """highest: number that was ever learnt. name: gives one text for all that are alike."""

    def __init__(self, name: Callable[[str], str]) -> None:
        self._name = name
        self.highest = 0
        self._keys: dict[Keys, Keys] = {}  # one of each for all devices
        self._runs: dict[str, tuple[Keys, int]] = {}  # of a device: its keys, its first number
        self._others: dict[str, dict[str, int]] = {}

    def of(self, device: str) -> Mapping[str, int]:
        """Give the numbers of a device's series by signal key."""
        if device in self._others:
            return self._others[device]
        if device not in self._runs:
            return {}
        keys, first = self._runs[device]
        return dict(zip(keys, range(first, first + len(keys)), strict=True))

    def learn(self, rows: Iterable[Sequence[object]]) -> None:
        """Take device, signal key and number of series, by ascending number."""
        for device, its in groupby(rows, lambda row: row[0]):
            new = {str(signal): int(str(number)) for _, signal, number in its}
            self.highest = max(self.highest, *new.values())
            self._take(self._name(str(device)), {**self.of(str(device)), **new})

    def _take(self, device: str, numbers: dict[str, int]) -> None:
        keys, first = tuple(numbers), next(iter(numbers.values()))
        if [*numbers.values()] == [*range(first, first + len(keys))]:
            self._runs[device] = (self._keys.setdefault(keys, keys), first)
            self._others.pop(device, None)
        else:
            self._runs.pop(device, None)
            self._others[device] = numbers
