"""The clocks of appeals: started by the rules under which each is answered, met with its case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from core.category import category
from core.deadline import Deadline, after
from core.deadline_rule import DeadlineRules, Moment, Regime
from gateway.cases.desk import Desk
from gateway.cases.rows import clock_of, keep_clocks
from gateway.storage.case_tables import AppealClockRow, AppealRow, CaseRow


async def happened_to_case(desk: Desk, case: CaseRow, moment: Moment) -> None:
    """Let every appeal of a case know what happened to it."""
    rows = await desk.session.scalars(select(AppealRow).where(AppealRow.case_id == case.id))
    for row in rows:
        happened(row, (moment,), desk.now, desk.rules)


def happened(row: AppealRow, moments: Sequence[Moment], at: datetime, rules: DeadlineRules) -> None:
    """Start, halt and meet the clocks of one appeal."""
    clocks: Sequence[Deadline] = [clock_of(clock, rules) for clock in row.clocks]
    for moment in moments:
        starting = rules.of_appeal(moment, Regime(row.regime), row.channel)
        clocks = after(clocks, moment, at, category(row.category), starting)
    keep_clocks(clocks, row.clocks, AppealClockRow)
