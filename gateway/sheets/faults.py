"""Faults in a sheet or in what it names, gathered so that all are told at once."""

from collections.abc import Sequence

from core.errors import DomainError


class BrokenSheet(DomainError):
    """Refuse a sheet; `faults` has a line for each, with its place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("invalid", f"{len(faults)} mistakes; nothing was taken")
        self.faults = faults


class Faults:
    """source: of the sheet, as its lines are told."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.found: list[str] = []

    def add(self, where: str, text: str) -> None:
        """Note what is wrong. where: row and column, or an entry of a house type."""
        line = f"{self._source}:{where}: {text}"
        if line not in self.found:
            self.found.append(line)

    def raise_any(self) -> None:
        if self.found:
            raise BrokenSheet(self.found)
