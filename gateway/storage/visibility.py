"""What an actor may see, as a condition of a query. Every query has it.

Things are seen by territory: everything at and below the actor's place. Of work (cases and what
hangs on them) an executor sees besides only what is routed to their organisation, as
`core.actor.Actor.can_see_work` has it for what is in memory.
"""

from typing import TypeGuard

from sqlalchemy import ColumnElement, and_, or_, select

from core.actor import Actor
from gateway.storage.case_tables import (
    AppealRow,
    CaseRow,
    CommandRow,
    EvidenceRow,
    IncidentRow,
    SuppressionRow,
)
from gateway.storage.commissioning_tables import SignOffRow
from gateway.storage.metering_tables import MeterReadingRow
from gateway.storage.outbox import WORK
from gateway.storage.planned_tables import PlannedWorkRow
from gateway.storage.still_tables import StillRow
from gateway.storage.tables import Base, EdgeRow, OutboxRow, ReplacementRow

Thing = (
    type[EdgeRow]
    | type[StillRow]
    | type[ReplacementRow]
    | type[SignOffRow]
    | type[MeterReadingRow]
    | type[SuppressionRow]
)
OfExecutor = type[CaseRow] | type[PlannedWorkRow]
OfCase = type[IncidentRow] | type[AppealRow] | type[EvidenceRow] | type[CommandRow]


def visible_to(
    actor: Actor, table: Thing | OfCase | OfExecutor | type[OutboxRow]
) -> ColumnElement[bool]:
    """Give the condition under which the actor may see a row of this table.

    Of the outbox an executor also gets the rows by which work leaves them: see `live.change`.
    """
    within = table.place_path.startswith(actor.place_path, autoescape=True)
    if not actor.sees_only_own_work:
        return within
    if issubclass(table, OutboxRow):
        ours = or_(
            OutboxRow.topic.not_in(WORK),
            OutboxRow.executor == actor.executor,
            OutboxRow.former_executor == actor.executor,
        )
        return and_(within, ours)
    if _has_executor(table):
        return and_(within, table.executor == actor.executor)
    if _hangs_on_a_case(table):
        cases = select(CaseRow.id).where(CaseRow.executor == actor.executor)
        return and_(within, table.case_id.in_(cases))
    return within


def _hangs_on_a_case(table: type[Base]) -> TypeGuard[OfCase]:
    return issubclass(table, (IncidentRow, AppealRow, EvidenceRow, CommandRow))


def _has_executor(table: type[Base]) -> TypeGuard[OfExecutor]:
    return issubclass(table, (CaseRow, PlannedWorkRow))
