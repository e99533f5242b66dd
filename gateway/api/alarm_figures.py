"""Figures of the alarms of a console, and whether more comes than a person can read."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from gateway.api.alarm_figure_models import AlarmFigures, FloodOut
from gateway.api.dependencies import CurrentActor, Reading, TheClock, TheRegistry
from gateway.api.incidents import watches
from gateway.cases import alarm_figures
from gateway.sheets.alarm_figures import headings, rows
from gateway.sheets.table_file import as_csv

router = APIRouter(tags=["incidents"], dependencies=[watches])

USUAL = timedelta(days=7)  # the period, where none is named


async def reckoned(
    *,
    session: Reading,
    clock: TheClock,
    registry: TheRegistry,
    actor: CurrentActor,
    place: Annotated[str, Query(description="whose console; none: one's own territory")] = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> AlarmFigures:
    end = until or clock.now()
    return await alarm_figures.alarm_figures(
        session,
        registry,
        actor,
        place=place or actor.place,
        since=since or end - USUAL,
        until=end,
    )


Reckoned = Annotated[AlarmFigures, Depends(reckoned)]


@router.get("/alarm-figures")
async def figures_of_alarms(figures: Reckoned) -> AlarmFigures:
    """Give the figures of a period, by default of the last seven days, beside their targets."""
    return figures


@router.get("/alarm-figures.csv", responses={200: {"content": {"text/csv": {}}}})
async def figures_of_alarms_table(
    figures: Reckoned, language: Literal["en", "ru"] = "en"
) -> Response:
    """Give the same as a table for a spreadsheet."""
    return Response(
        as_csv(headings(language), rows(figures, language)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="alarm-figures.csv"'},
    )


@router.get("/flood")
async def flood(session: Reading, clock: TheClock, actor: CurrentActor) -> FloodOut:
    """Tell whether one's own console is flooded now, and by what."""
    return await alarm_figures.flood_now(session, actor, clock.now())
