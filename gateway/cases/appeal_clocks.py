"""The clocks of appeals: started by the rules under which each is answered, met with its case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from core.category import category
from core.deadline import Deadline, after
from core.deadline_rule import DeadlineRules, Moment, Regime
from core.errors import DomainError
from gateway.cases.desk import Desk
from gateway.cases.rows import clock_of, keep_clock, keep_clocks
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


def extend_answer(row: AppealRow, rules: DeadlineRules) -> None:
    """Move the end of the answer on, once, by what its rule allows. DomainError says why not."""
    clock = _of_answer(row, rules)
    if clock is None or not rules.rule(clock.name).extension:
        raise DomainError(
            "clock_not_extendable", f"The answer to {row.number} cannot be extended by its rules."
        )
    keep_clock(clock_of(clock, rules).extend(), clock)


def due_if_extended(row: AppealRow, at: datetime, rules: DeadlineRules) -> datetime | None:
    """Give when the answer would be due after an extension; None where there can be none."""
    clock = _of_answer(row, rules)
    try:
        return clock_of(clock, rules).extend().due_at(at) if clock else None
    except DomainError:
        return None


def _of_answer(row: AppealRow, rules: DeadlineRules) -> AppealClockRow | None:
    """Give the clock of the final answer: the one that nothing but an answer meets."""
    found = [each for each in row.clocks if rules.rule(each.name).met_by == {Moment.ANSWERED}]
    return found[-1] if found else None
