"""How well troubles are dealt with: for those who work here, and a league table for everybody."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import CurrentActor, Reading, TheClock, TheRegistry
from gateway.api.service_models import League, ServiceFiguresOut
from gateway.cases import service_figures
from gateway.cases.service_figures import By
from gateway.sheets.service_figures import headings, rows
from gateway.sheets.table_file import as_csv

router = APIRouter(tags=["figures"])

USUAL = timedelta(days=30)  # the period, where none is named
RECKONED_EVERY = timedelta(minutes=5)  # the league table, however many ask for it


async def reckoned(
    *,
    session: Reading,
    clock: TheClock,
    registry: TheRegistry,
    actor: CurrentActor,
    by: By = "municipality",
    since: datetime | None = None,
    until: datetime | None = None,
) -> ServiceFiguresOut:
    end = until or clock.now()
    return await service_figures.figures(
        session, registry, actor, by=by, since=since or end - USUAL, until=end
    )


Reckoned = Annotated[ServiceFiguresOut, Depends(reckoned)]


@router.get("/service-figures")
async def figures_of_service(figures: Reckoned) -> ServiceFiguresOut:
    """Give the figures of a period, by default of the last thirty days."""
    return figures


@router.get("/service-figures.csv", responses={200: {"content": {"text/csv": {}}}})
async def figures_of_service_table(
    figures: Reckoned, language: Literal["en", "ru"] = "en"
) -> Response:
    """Give the same as a table for a spreadsheet."""
    return Response(
        as_csv(headings(figures, language), rows(figures, language)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="service-figures.csv"'},
    )


@router.get("/public/league")
async def league_of_municipalities(
    request: Request, session: Reading, clock: TheClock, registry: TheRegistry
) -> League:
    """Compare the municipalities by the last thirty days; reckoned every five minutes."""
    now = clock.now()
    known: League | None = getattr(request.app.state, "league", None)
    if known is None or not known.until <= now < known.until + RECKONED_EVERY:
        known = await service_figures.league_table(session, registry, now - USUAL, now)
        request.app.state.league = known
    return known
