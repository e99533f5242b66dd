"""Since when a case waits for somebody to acknowledge its alarms, and who is told of that next."""

from collections.abc import Sequence
from datetime import datetime

from core.alarm import Severity
from core.escalation import Escalation, Level, chain_for
from gateway.storage.case_tables import CaseRow


def reckon(rules: Sequence[Escalation], row: CaseRow, now: datetime) -> None:
    """Begin the waiting of a case, go on with it by these rules, or end it."""
    if row.unacknowledged <= 0 or row.closed_at is not None:
        row.waits_since = row.escalates_at = None
        return
    if row.waits_since is None:
        row.waits_since, row.escalated_to = now, ""
    chain = chain_for(rules, row.category, Severity(row.severity))
    row.escalates_at = chain.next_at(row.waits_since, reached(row))


def reached(row: CaseRow) -> Level | None:
    """Give the highest level that was told; None: none yet."""
    return Level(row.escalated_to) if row.escalated_to else None
