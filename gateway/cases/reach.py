"""The open cases that news may touch, found without looking at the others."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice, zip_longest
from typing import TypeVar

from sqlalchemy import and_, or_
from sqlalchemy.sql import ColumnElement

from core.registry import Asset
from gateway.cases.affected import Area
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow

AT_ONCE = 2000  # values in one query: stores take some ten thousand
HOUSES_AT_ONCE = 100  # each is compared with every complaint

Value = TypeVar("Value")

IS_COMPLAINT = and_(CaseRow.asset.is_(None), CaseRow.closed_at.is_(None), CaseRow.appeals > 0)


class Reach:
    """Collects what news is about.

    keys: of cases that may be open, about what is no asset: a device, a line, an edge.
    """

    def __init__(self, registry: RegistrySnapshot, at: datetime) -> None:
        self._registry = registry
        self._at = at
        self._assets: set[str] = set()
        self._areas: dict[str, Area] = {}
        self.keys: set[str] = set()

    def add(self, asset: Asset) -> None:
        """Take that there is news of an asset: of what it feeds, what feeds it, and what is said
        of it by those who live there."""
        if asset.id in self._areas:
            return
        area = self._areas[asset.id] = Area(self._registry, asset, self._at)
        upstream = self._registry.feeds.upstream(asset.id, self._at)
        self._assets |= {asset.id} | area.downstream | upstream

    def queries(self) -> Iterator[ColumnElement[bool]]:
        """Give what to look for, in as few queries as stores can take."""
        areas = self._areas.values()
        cells = {cell for area in areas for cell in area.cells}
        houses = {house for area in areas for house in area.houses}
        for assets, keys in zip_longest(portions(self._assets), portions(self.keys), fillvalue=()):
            yield or_(CaseRow.asset.in_(assets), CaseRow.open_key.in_(keys))
        for some in portions(cells):
            yield and_(IS_COMPLAINT, CaseRow.cell.in_(some))
        for near in portions(houses, HOUSES_AT_ONCE):
            yield and_(
                IS_COMPLAINT,
                or_(*(CaseRow.place_path.startswith(house, autoescape=True) for house in near)),
            )


def portions(values: set[Value], size: int = AT_ONCE) -> Iterator[tuple[Value, ...]]:
    """Give the values in portions."""
    left = iter(values)
    while some := tuple(islice(left, size)):
        yield some
