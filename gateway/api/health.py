"""For whoever watches the process: it lives, it can work."""

from fastapi import APIRouter, Response
from sqlalchemy import text

from gateway.api.dependencies import GatewayParts

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer as long as the process turns its loop."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(parts: GatewayParts, response: Response) -> dict[str, object]:
    """Answer 200 when the process can do what its roles ask, 503 with what is missing otherwise.

    Tells which store of cases it is, and how the store of readings is.
    """
    async with parts.database.reading() as session:
        await session.execute(text("SELECT 1"))
    duties = parts.duties
    if not duties.can_work:
        response.status_code = 503
    return {
        "status": "ready" if duties.can_work else "not ready",
        "roles": duties.roles,
        "stands_by": duties.stands_by,
        "missing": duties.missing(),
        "warnings": duties.warnings(),
        "store": parts.database.name,
        "series": {"store": parts.settings.series_store, **parts.series.figures()},
    }
