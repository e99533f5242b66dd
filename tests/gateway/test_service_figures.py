"""How well troubles were dealt with, from what happened in a town."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from core.actor import Actor
from core.errors import DomainError
from gateway.api.service_models import League, ServiceFiguresOut
from gateway.cases import deadline_watch, service_figures
from gateway.cases.service_figures import FEWEST, By
from gateway.sheets.service_figures import headings, rows
from tests.gateway.hall import LEFT, RIGHT, START, Hall, condition, hall

pytestmark = pytest.mark.usefixtures("each_store")

DAY = timedelta(days=1)
T = TypeVar("T")


def run(folder: Path, scenario: Callable[[Hall], Awaitable[T]]) -> T:
    async def in_hall() -> T:
        async with hall(folder) as here:
            return await scenario(here)

    return asyncio.run(in_hall())


async def figures(
    here: Hall, actor: Actor = LEFT, by: By = "municipality", days: int = 7
) -> ServiceFiguresOut:
    until = here.clock.now() + timedelta(seconds=1)
    async with here.database.reading() as session:
        return await service_figures.figures(
            session, here.registry.snapshot, actor, by=by, since=until - days * DAY, until=until
        )


async def league(here: Hall) -> League:
    until = here.clock.now() + timedelta(seconds=1)
    async with here.database.reading() as session:
        return await service_figures.league_table(
            session, here.registry.snapshot, until - 30 * DAY, until
        )


async def mended(here: Hall, asset: str, hours: float) -> None:
    """Let a lift stop, and run again after some hours; its case is closed then."""
    since = (here.clock.now() - START).total_seconds()
    await here.take(condition(asset, "stopped", after=since))
    here.clock.at += timedelta(hours=hours)
    await here.take(condition(asset, "stopped", active=False, after=since + hours * 3600))
    await here.close_all(LEFT if asset == "lift-1" else RIGHT)


def test_what_was_done_is_counted_where_one_can_see_it(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await mended(here, "lift-1", hours=2)
        await mended(here, "lift-2", hours=4)
        await here.file()
        here.clock.at += timedelta(minutes=1)
        await here.file(description="No light at all")
        (mine,) = (await figures(here)).lines
        assert (mine.key, mine.opened, mine.closed, mine.open_at_end) == ("left-bank", 2, 1, 1)
        assert (mine.hours, mine.on_time, mine.reopened) == (2.0, 1.0, 0.0)
        assert (mine.appeals, mine.joined) == (2, 1)
        kinds = {line.key: line for line in (await figures(here, by="kind")).lines}
        assert (kinds["lift"].closed, kinds["lighting"].appeals) == (1, 2)
        executors = (await figures(here, RIGHT, "executor")).lines
        assert [line.closed for line in executors] == [1]

    run(tmp_path, scenario)


def test_a_passed_deadline_is_named_and_what_it_was_of_is_not_in_time(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        await here.take(condition("lift-1", "stopped"))
        here.clock.at += 10 * DAY
        while await deadline_watch.tell(here.database, here.clock, here.registry):
            pass
        at = (here.clock.now() - START).total_seconds()
        await here.take(condition("lift-1", "stopped", active=False, after=at))
        await here.close_all(LEFT)
        found = await figures(here, days=20)
        (mine,) = found.lines
        assert mine.on_time == 0.0
        assert mine.breaches
        assert set(mine.breaches) == set(found.clocks)
        table = list(rows(found, "en"))
        assert [len(row) for row in table] == [len(headings(found, "en"))]
        assert table[0][:6] == ["left-bank", "1", "1", "0", "0", "0.0"]

    run(tmp_path, scenario)


def test_the_league_compares_who_has_closed_enough(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        for _ in range(FEWEST):
            await mended(here, "lift-1", hours=1)
        await mended(here, "lift-2", hours=1)
        found = await league(here)
        assert [(line.place, line.name["en"], line.closed) for line in found.lines] == [
            (1, "left-bank", FEWEST)
        ]

    run(tmp_path, scenario)


@pytest.mark.parametrize("days", [-1, 500])
def test_a_period_without_sense_is_refused(tmp_path: Path, days: int) -> None:
    async def scenario(here: Hall) -> None:
        with pytest.raises(DomainError):
            await figures(here, days=days)

    run(tmp_path, scenario)
