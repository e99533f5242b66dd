"""What one transaction has changed in cases and incidents, published once, at its end."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.cases.rows import show_case, show_incident
from gateway.storage import outbox
from gateway.storage.case_tables import (
    AppealRow,
    CaseRow,
    EvidenceRow,
    IncidentRow,
    TimelineRow,
)

Part = TypeVar("Part", IncidentRow, AppealRow, EvidenceRow)


class Changes:
    """Collects while the transaction works. A new row has no number: the object is its key."""

    def __init__(self) -> None:
        self._said: list[tuple[CaseRow, dict[str, Any]]] = []
        self._cases: dict[int, CaseRow] = {}
        self._incidents: dict[int, IncidentRow] = {}
        self._taken: dict[int, str | None] = {}  # case or incident → executor who had it before

    @property
    def cases(self) -> Collection[CaseRow]:
        """The cases that have changed."""
        return self._cases.values()

    def case(self, row: CaseRow) -> None:
        """Take that a case has changed."""
        self._cases[id(row)] = row

    def incident(self, row: IncidentRow) -> None:
        """Take that an incident has changed."""
        self._incidents[id(row)] = row

    def said(self, row: CaseRow, line: dict[str, Any]) -> None:
        """Take a line of a case's timeline."""
        self._said.append((row, line))

    def goes_from(self, row: CaseRow | IncidentRow, executor: str | None) -> None:
        """Take that somebody else has it now; to who had it before, it is gone."""
        self._taken[id(row)] = executor

    async def publish(self, session: AsyncSession, now: datetime) -> None:
        """Write the timelines, and put each changed incident and case into the outbox."""
        await session.flush()
        await self._take_along(session, [row for row in self.cases if id(row) in self._taken])
        if self._said:
            await session.execute(
                insert(TimelineRow), [said | {"case_id": row.id} for row, said in self._said]
            )
            self._said.clear()
        changes = [
            outbox.Change(
                topic="incident",
                place_path=row.place_path,
                body=show_incident(row).model_dump(mode="json"),
                executor=row.case.executor if row.case else None,
                former_executor=self._taken.get(id(row)),
            )
            for row in self._incidents.values()
        ]
        changes += [
            outbox.Change(
                topic="case",
                place_path=row.place_path,
                body=show_case(row, now).model_dump(mode="json"),
                executor=row.executor,
                former_executor=self._taken.get(id(row)),
            )
            for row in self.cases
        ]
        if changes:
            await outbox.publish(session, *changes)

    async def _take_along(self, session: AsyncSession, given: Sequence[CaseRow]) -> None:
        """Show the incidents of cases that have another executor now to that one."""
        cases = {row.id: row for row in given}
        for incident in await hanging(session, IncidentRow, cases) if cases else ():
            incident.case = cases[incident.case_id or 0]
            self._taken.setdefault(id(incident), self._taken[id(incident.case)])
            self.incident(incident)


async def hanging(session: AsyncSession, kind: type[Part], cases: Iterable[int]) -> Sequence[Part]:
    """Give what hangs on cases of these numbers."""
    return (await session.scalars(select(kind).where(kind.case_id.in_(cases)))).all()
