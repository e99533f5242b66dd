"""What a gateway owes to people and devices, kept beside it, and held against what it has stored.

It knows nothing of the gateway's rules of work. It writes down what was promised: every appeal with
its words and its author, every clock with its start, every pause, every active alarm, and which
merges, splits and separations moved appeals; whatever else an appeal did on its own is a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway.storage.case_tables import (
    AppealRow,
    BreachRow,
    CaseRow,
    IncidentRow,
    MergeRow,
)
from gateway.storage.database import Database
from gateway.storage.delivery_tables import AnswerRow

WORKING = {"new": "route", "routed": "resolve", "accepted": "resolve", "resolved": "verify"}
ANSWERS = ("portal_answer", "legal_answer")  # clocks that only an answer that was sent meets


@dataclass
class Said:
    """An appeal as it was filed. answered: its case was closed once."""

    description: str
    email: str
    filed_at: datetime
    case: int
    answered: bool = False


@dataclass
class Ledger:
    appeals: dict[str, Said] = field(default_factory=dict)
    active: set[tuple[str, str]] = field(default_factory=set)  # devices and their conditions
    paused: dict[int, datetime] = field(default_factory=dict)  # the clock of the work, by case
    stood: dict[int, timedelta] = field(default_factory=dict)
    clocks: dict[tuple[str, int, int], tuple[str, datetime]] = field(default_factory=dict)
    merges: dict[int, list[str]] = field(default_factory=dict)  # appeals that each moved
    breaches: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def filed(self, number: str, said: Said) -> None:
        self.appeals.setdefault(number, said)

    def closed(self, case: int, at: datetime) -> None:
        """Take that a person has closed a case: who complained is answered."""
        self.halted(case, at)
        for said in self.appeals.values():
            said.answered |= said.case == case

    def halted(self, case: int, at: datetime) -> None:
        """Take that the work is reported done, or goes on: its clock stands no more."""
        if (since := self.paused.pop(case, None)) is not None:
            self.stood[case] = self.stood.get(case, timedelta()) + (at - since)

    def moved(self, numbers: Sequence[str], case: int) -> None:
        for number in numbers:
            self.appeals[number].case = case

    def on(self, case: int) -> list[str]:
        """Give the appeals of a case."""
        return [number for number, said in self.appeals.items() if said.case == case]

    async def take_merges(self, database: Database) -> None:
        """Take which cases have taken over others, by hand or by what they explain."""
        async with database.reading() as session:
            found = select(MergeRow).where(MergeRow.id.not_in(self.merges)).order_by(MergeRow.id)
            for merge in await session.scalars(found):
                self.merges[merge.id] = self.on(merge.case_id)
                self.moved(self.merges[merge.id], merge.into_id)

    def separated(self, merge: int, victim: int, into: int) -> None:
        """Take that a case has again what it brought, as far as that is still there."""
        still = [number for number in self.merges[merge] if self.appeals[number].case == into]
        self.moved(still, victim)

    async def check(self, database: Database) -> None:
        """Hold everything against the store."""
        async with database.reading() as session:
            appeals = (await session.scalars(select(AppealRow))).all()
            cases = {row.id: row for row in await session.scalars(select(CaseRow))}
            incidents = (
                await session.scalars(select(IncidentRow).options(selectinload(IncidentRow.case)))
            ).all()
            breaches = (await session.scalars(select(BreachRow))).all()
            answers = await session.scalars(select(AnswerRow).where(AnswerRow.kind == "final"))
            finals = [(row.appeal_id, row.state) for row in answers]
        self._check_appeals(appeals, cases)
        self._check_answers(appeals, finals)
        self._check_clocks(appeals, cases)
        self._check_pauses(cases)
        self._check_alarms(incidents)
        self._check_breaches(breaches)
        self._check_counts(appeals, incidents, cases)

    def _check_appeals(self, rows: Sequence[AppealRow], cases: dict[int, CaseRow]) -> None:
        found = {
            row.number: Said(
                row.description,
                row.email,
                row.filed_at,
                row.case_id,
                self.appeals[row.number].answered if row.number in self.appeals else False,
            )
            for row in rows
        }
        odd = {
            number: (self.appeals.get(number), found.get(number))
            for number in self.appeals.keys() | found
            if self.appeals.get(number) != found.get(number)
        }
        assert not odd, "appeals are not what was filed, or not where they were put"
        for row in rows:
            case = cases[row.case_id]
            assert case.merged_into is None, f"{row.number} hangs on a case that is gone"
            assert case.state != "closed" or self.appeals[row.number].answered, (
                f"{row.number} is closed and was never answered"
            )

    def _check_answers(
        self, appeals: Sequence[AppealRow], finals: Sequence[tuple[int, str]]
    ) -> None:
        """See that who was to be answered is owed it, on a running clock, until it is sent."""
        for row in appeals:
            states = {state for appeal, state in finals if appeal == row.id}
            assert bool(states) == self.appeals[row.number].answered, f"owed to {row.number}"
            clocks = [clock for clock in row.clocks if clock.name in ANSWERS]
            assert clocks, f"{row.number} has no clock for its answer"
            is_met = all(clock.met_at is not None for clock in clocks)
            assert is_met == ("sent" in states), f"the answer of {row.number} is {states}"

    def _check_clocks(self, appeals: Sequence[AppealRow], cases: dict[int, CaseRow]) -> None:
        found = {
            (kind, row.id, clock.position): (clock.name, clock.started_at)
            for kind, rows in (("case", list(cases.values())), ("appeal", list(appeals)))
            for row in rows
            for clock in row.clocks
        }
        gone = {key: was for key, was in self.clocks.items() if found.get(key) != was}
        assert not gone, "clocks that are lost or were started anew"
        self.clocks = found
        for row in cases.values():
            if row.merged_into is not None or row.state not in WORKING:
                continue
            ticking = [clock.name for clock in row.clocks if not (clock.met_at or clock.halted_at)]
            assert WORKING[row.state] in ticking, f"case {row.id} is {row.state}, with {ticking}"

    def _check_pauses(self, cases: dict[int, CaseRow]) -> None:
        for row in cases.values():
            clock = next((each for each in row.clocks if each.name == "resolve"), None)
            if clock is None or row.merged_into is not None:
                continue
            assert clock.paused_at == self.paused.get(row.id), f"the pause of case {row.id}"
            assert clock.paused_for == self.stood.get(row.id, timedelta()), f"case {row.id} stood"

    def _check_alarms(self, rows: Sequence[IncidentRow]) -> None:
        active = [(row.device, row.condition) for row in rows if row.cleared_at is None]
        assert sorted(active) == sorted(self.active)
        assert all(row.case is not None and row.case.merged_into is None for row in rows)

    def _check_breaches(self, rows: Sequence[BreachRow]) -> None:
        found = {row.id: (row.case_id, row.appeal_id, row.position, row.due_at) for row in rows}
        assert self.breaches.items() <= found.items(), "breaches that are forgotten"
        self.breaches = dict(found)
        told = {breach[:3] for breach in found.values()}
        assert len(told) == len(found), "a breach was told twice"

    def _check_counts(
        self,
        appeals: Sequence[AppealRow],
        incidents: Sequence[IncidentRow],
        cases: dict[int, CaseRow],
    ) -> None:
        for row in cases.values():
            mine = [each for each in incidents if each.case_id == row.id]
            counted = (
                sum(each.case_id == row.id for each in appeals),
                len(mine),
                sum(each.cleared_at is None for each in mine),
                sum(each.acknowledged_at is None for each in mine),
            )
            kept = (row.appeals, row.incidents, row.active_incidents, row.unacknowledged)
            assert kept == counted, f"the counts of case {row.id}"
