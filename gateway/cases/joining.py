"""Which open case an appeal is about: by what incidents affect, else by what others have said.

Never one of another municipality: those who answer this appeal could not see it. And never by words
alone: without a spot or a house nothing is joined.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from sqlalchemy import func, or_, select

from core.category import CATEGORIES, Category
from core.position import Position, distance_m
from gateway.cases.affected import NEAR_M
from gateway.cases.cells import cells_around
from gateway.cases.desk import Desk
from gateway.cases.planned import answering, under_way
from gateway.language.duplicates import ENOUGH, SOON, likeness
from gateway.registry.nearby import nearby
from gateway.registry.snapshot import INDOORS, RegistrySnapshot
from gateway.storage.case_tables import AppealRow, CaseRow
from gateway.storage.planned_tables import PlannedWorkRow

BACK_FOR = timedelta(days=1)  # so long after all is back to normal, complaints are of what was
MOST_COMPARED = 20  # appeals of a case whose words are looked at


@dataclass(frozen=True, slots=True)
class Matter:
    """What an appeal is about, and where. spot: None where only a street or a town is known."""

    category: Category
    place: str
    path: str
    spot: Position | None
    text: str


class Known(NamedTuple):
    """What of an open case says whether it may be meant."""

    category: str
    group: str
    opened_at: datetime
    place_path: str
    cell: int | None
    latitude: float | None
    longitude: float | None


class OpenCases:
    """The open cases that some matters may be about, found with a few queries for all of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._by_asset: defaultdict[str, list[CaseRow]] = defaultdict(list)
        self._by_cell: defaultdict[int, list[CaseRow]] = defaultdict(list)
        self._by_path: defaultdict[str, list[CaseRow]] = defaultdict(list)
        self._texts: defaultdict[int, list[str]] = defaultdict(list)
        self._works: Sequence[PlannedWorkRow] = ()

    @classmethod
    async def load(cls, desk: Desk, matters: Sequence[Matter]) -> "OpenCases":
        """Take what may be asked for on the desk."""
        known = cls(desk)
        known._works = await under_way(desk.session, desk.now)
        assets = {asset for matter in matters for asset in known._touching(matter)}
        groups = {matter.category.group for matter in matters}
        of_assets = CaseRow.asset.in_(assets) & CaseRow.group.in_(groups)
        wordy = await known._complained_of(matters)
        rows = await desk.session.scalars(
            select(CaseRow).where(
                CaseRow.open_key.is_not(None), or_(of_assets, CaseRow.id.in_(wordy))
            )
        )
        for row in rows:
            desk.take(row)
            known._enter(row)
        unlike = [case for case, is_shared in wordy.items() if not is_shared]
        if unlike:
            await known._read(unlike)
        return known

    async def _complained_of(self, matters: Sequence[Matter]) -> dict[int, bool]:
        """Give the cases without an asset that some matter is of by category, place and time; and
        whether all who are there have the like of it."""
        near: defaultdict[tuple[str, int | None], list[Matter]] = defaultdict(list)
        at: defaultdict[tuple[str, str], list[Matter]] = defaultdict(list)
        for matter in matters:
            at[matter.category.code, matter.path].append(matter)
            for cell in cells_around(matter.spot) if matter.spot else ():
                near[matter.category.code, cell].append(matter)
        # Of the many that are near only the columns are read by which most are left out.
        found = await self._desk.session.execute(
            select(
                CaseRow.id, CaseRow.category, CaseRow.group, CaseRow.opened_at, CaseRow.place_path,
                CaseRow.cell, CaseRow.latitude, CaseRow.longitude,
            ).where(
                CaseRow.open_key.is_not(None),
                CaseRow.asset.is_(None),
                CaseRow.category.in_({code for code, _ in at}),
                or_(
                    CaseRow.cell.in_({cell for _, cell in near}),
                    CaseRow.place_path.in_({path for _, path in at}),
                ),
            )
        )  # fmt: skip
        candidates: dict[int, bool] = {}
        for row in found:
            there = Known(*row[1:])
            asked = chain(
                near.get((there.category, there.cell), ()),
                at.get((there.category, there.place_path), ()),
            )
            if any(self._is_of(there, matter) for matter in asked):
                candidates[row[0]] = CATEGORIES[there.category].is_shared
        return candidates

    async def _read(self, cases: Sequence[int]) -> None:
        """Read the newest of what was said in these cases."""
        newest = func.row_number().over(
            partition_by=AppealRow.case_id, order_by=AppealRow.id.desc()
        )
        said = (
            select(AppealRow.case_id, AppealRow.description, newest.label("place"))
            .where(AppealRow.case_id.in_(cases))
            .subquery()
        )
        found = await self._desk.session.execute(
            select(said.c.case_id, said.c.description)
            .where(said.c.place <= MOST_COMPARED)
            .order_by(said.c.place)
        )
        for case, text in found:
            self._texts[case].append(text)

    def about(self, matter: Matter, but: CaseRow | None = None) -> CaseRow | None:
        """Give the open case of the same trouble. but: one that is not meant."""
        found = chain(self._of_incidents(matter), self._of_appeals(matter))
        return next((row for row in found if row is not but), None)

    def noticed(self, matter: Matter) -> Iterator[CaseRow]:
        """Give the open cases that may be the same, whatever was said of them."""
        yield from self._of_incidents(matter)
        yield from (row for row in self._around(matter) if self._is_of(row, matter))

    def chosen(self, number: int | None, matter: Matter) -> CaseRow | None:
        """Give the case that a sender means, if it may be the same."""
        return next((row for row in self.noticed(matter) if row.id == number), None)

    def works(self, matter: Matter) -> PlannedWorkRow | None:
        """Give the planned works that are why."""
        if not self._works:
            return None
        touched = set(self._touching(matter))
        found = answering(self._works, self._desk.now, matter.category.group, touched)
        is_theirs = found and self._desk.has_same_home(found.place_path, matter.path)
        return found if is_theirs else None

    def add(self, row: CaseRow, matter: Matter) -> None:
        """Take that a case is now about this matter, too."""
        if not any(row is other for other in self._by_path[row.place_path]):
            self._enter(row)
        self._texts[id(row)].append(matter.text)

    def _enter(self, row: CaseRow) -> None:
        if row.asset is not None:
            self._by_asset[row.asset].append(row)
            return
        self._by_path[row.place_path].append(row)
        if row.cell is not None:
            self._by_cell[row.cell].append(row)

    def _of_incidents(self, matter: Matter) -> Iterator[CaseRow]:
        now = self._desk.now
        for asset in self._touching(matter):
            for row in self._by_asset.get(asset, ()):
                is_on = row.active_incidents or (
                    row.proved_at is None or row.proved_at >= now - BACK_FOR
                )
                if is_on and self._fits(row, matter):
                    yield row

    def _touching(self, matter: Matter) -> Iterable[str]:
        """Give the assets whose trouble is noticed there: those here, and all that feeds them."""
        registry = self._desk.registry
        here = list(nearby(registry).assets.within(matter.spot, NEAR_M)) if matter.spot else []
        for house in _houses(registry, matter.path):
            here += [asset.id for asset in registry.assets_at(house)]
        found = dict.fromkeys(here)
        for asset in here:
            found |= dict.fromkeys(sorted(registry.feeds.upstream(asset, self._desk.now)))
        return found

    def _of_appeals(self, matter: Matter) -> Iterator[CaseRow]:
        for row in self._around(matter):
            if self._is_of(row, matter) and (
                matter.category.is_shared or self._reads_alike(row, matter)
            ):
                yield row

    def _around(self, matter: Matter) -> list[CaseRow]:
        """Give the cases in the cells around and in the house."""
        cells = cells_around(matter.spot) if matter.spot else ()
        rows = [row for cell in cells for row in self._by_cell.get(cell, ())]
        if _houses(self._desk.registry, matter.path):
            rows += self._by_path.get(matter.path, ())
        return rows

    def _is_of(self, row: CaseRow | Known, matter: Matter) -> bool:
        """Tell whether category, place and time are those of the matter."""
        return (
            row.category == matter.category.code
            and row.opened_at >= self._desk.now - SOON
            and self._fits(row, matter)
            and _is_near(row, matter)
        )

    def _fits(self, row: CaseRow | Known, matter: Matter) -> bool:
        return row.group == matter.category.group and self._desk.has_same_home(
            row.place_path, matter.path
        )

    def _reads_alike(self, row: CaseRow, matter: Matter) -> bool:
        """Tell whether somebody has said the like of it there."""
        said = [*self._texts.get(id(row), ()), *self._texts.get(row.id, ())]
        return any(score >= ENOUGH for score in likeness(matter.text, said[:MOST_COMPARED]))


def matter_of(
    registry: RegistrySnapshot, category: Category, place: str, position: Position | None, text: str
) -> Matter:
    """Give what is looked for. position: as the applicant gave it."""
    spot = position or registry.spot_of_place(place)
    return Matter(category, place, registry.path_of(place), spot, text)


def _houses(registry: RegistrySnapshot, path: str) -> list[str]:
    """Give the house in a path, and what is in it."""
    places = (registry.places.get(identifier) for identifier in path.split("/"))
    return [node.place.id for node in places if node is not None and node.place.kind in INDOORS]


def _is_near(row: CaseRow | Known, matter: Matter) -> bool:
    if matter.spot is None or row.cell is None or row.latitude is None or row.longitude is None:
        return row.place_path == matter.path
    return distance_m(matter.spot, (row.latitude, row.longitude)) <= NEAR_M
