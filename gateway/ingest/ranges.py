"""Sets of block numbers as closed ranges, as they are recorded and acknowledged."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """Whole numbers in disjoint closed ranges that do not touch; few, whatever their length."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        for first, last in ranges:
            self.add(first, last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._ranges)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._ranges, number, key=_first) - 1
        return place >= 0 and number <= self._ranges[place][1]

    def add(self, first: int, last: int) -> None:
        """Add first … last; nothing where last is before first."""
        if last < first:
            return
        start = bisect_right(self._ranges, first, key=_first)
        if start and self._ranges[start - 1][1] >= first - 1:
            start -= 1
        end = bisect_right(self._ranges, last + 1, key=_first)
        if start < end:
            first = min(first, self._ranges[start][0])
            last = max(last, self._ranges[end - 1][1])
        self._ranges[start:end] = [(first, last)]

    def first_missing(self) -> int:
        """Give the lowest number from 1 on that is not in the set."""
        if self._ranges and self._ranges[0][0] <= 1:
            return self._ranges[0][1] + 1
        return 1

    def copy(self) -> "Ranges":
        return Ranges(self._ranges)


def _first(given: tuple[int, int]) -> int:
    return given[0]
