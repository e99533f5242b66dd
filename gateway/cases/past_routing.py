"""What another routing table would have done with the cases of a time that is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.alarm import Severity
from core.errors import DomainError
from core.route import Trouble
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow

MOST_CASES = 200_000
AT_ONCE = 10_000  # rows
SHOWN = 200  # cases


@dataclass(frozen=True, slots=True)
class Past:
    """Cases in the order in which they were opened, as troubles, with who had each at last."""

    numbers: Sequence[int]
    troubles: Sequence[Trouble]
    executors: Sequence[str | None]


async def past_cases(
    session: AsyncSession, registry: RegistrySnapshot, since: datetime, until: datetime
) -> Past:
    """Give the cases opened in [since, until). DomainError where there are too many."""
    found = await session.stream(
        select(
            CaseRow.id, CaseRow.category, CaseRow.place_path, CaseRow.asset, CaseRow.severity,
            CaseRow.opened_at, CaseRow.executor,
        )
        .where(CaseRow.opened_at >= since, CaseRow.opened_at < until)
        .order_by(CaseRow.id)
        .limit(MOST_CASES + 1)
    )  # fmt: skip
    numbers: list[int] = []
    troubles: list[Trouble] = []
    executors: list[str | None] = []
    async for some in found.partitions(AT_ONCE):
        for number, code, place_path, asset, severity, opened_at, executor in some:
            known = registry.assets.get(asset) if asset else None
            numbers.append(number)
            executors.append(executor)
            troubles.append(
                Trouble(
                    code=code,
                    place_path=place_path,
                    owner=known.owner if known else "",
                    severity=Severity(severity),
                    at=opened_at,
                )
            )
    if len(numbers) > MOST_CASES:
        raise DomainError(
            "too_much", f"There are more than {MOST_CASES} cases in it. Choose a shorter time."
        )
    return Past(numbers, troubles, executors)


async def cases_of(session: AsyncSession, numbers: Sequence[int]) -> Sequence[CaseRow]:
    """Give these cases, in the order of their numbers."""
    rows = await session.scalars(
        select(CaseRow).where(CaseRow.id.in_(numbers)).order_by(CaseRow.id)
    )
    return rows.all()
