"""What is shown of a contested routing."""

from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor, Role
from core.contest import CONTESTABLE
from gateway.api.case_models import ContestOut
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow, ContestRow


async def show_contest(
    session: AsyncSession, registry: RegistrySnapshot, row: CaseRow
) -> ContestOut | None:
    """Give what was contested, if anything was."""
    kept = await session.get(ContestRow, row.id)
    if kept is None:
        return None
    return ContestOut(
        at=kept.at,
        by=kept.by,
        reason=kept.reason,
        executor_name=registry.executor_name(kept.executor),
        proposed=kept.proposed,
        proposed_name=registry.executor_name(kept.proposed) if kept.proposed else {},
        granted=kept.granted,
    )


def may_contest(actor: Actor, row: CaseRow, contested: ContestOut | None) -> bool:
    """Tell whether the actor may contest the routing now."""
    ours = actor.role is not Role.EXECUTOR or actor.executor == row.executor
    return contested is None and ours and row.state in CONTESTABLE and row.merged_into is None
