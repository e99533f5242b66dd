"""For whoever watches the process: it lives, it can work."""

from fastapi import APIRouter
from sqlalchemy import text

from gateway.api.dependencies import GatewayParts

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer as long as the process turns its loop."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(parts: GatewayParts) -> dict[str, object]:
    """Answer 200 when the store of cases answers, 503 while it is away.

    Tells which one it is, and how the store of readings is.
    """
    async with parts.database.reading() as session:
        await session.execute(text("SELECT 1"))
    series = {"store": parts.settings.series_store, **parts.series.figures()}
    return {"status": "ready", "store": parts.database.name, "series": series}
