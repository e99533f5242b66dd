"""What hangs on a case: an appeal joins none of another municipality, and nobody is shown what
lies outside of their territory."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import update

from core.actor import Actor
from core.errors import NotVisible
from gateway.api.case_models import CaseDetail, CaseRow
from gateway.cases import appeals
from gateway.storage.case_tables import AppealRow, EvidenceRow, IncidentRow
from tests.gateway.hall import JPEG, LEFT, RIGHT, condition, hall


@pytest.mark.parametrize("complaint_first", [True, False])
def test_a_complaint_never_joins_a_case_of_another_municipality(
    tmp_path: Path, complaint_first: bool
) -> None:
    async def scenario() -> tuple[appeals.Receipt, Sequence[CaseRow], Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            if not complaint_first:
                await here.take(condition("cabinet-1", "mains_lost"))
            receipt = await here.file(place="sadovaya-1")  # the position is beside the lamps
            if complaint_first:
                await here.take(condition("cabinet-1", "mains_lost"))
            return receipt, await here.worklist(LEFT), await here.worklist(RIGHT)

    receipt, (left,), (right,) = asyncio.run(scenario())
    assert (receipt.joined, left.appeals, right.appeals) == (False, 0, 1)


@pytest.mark.parametrize(
    ("home", "away", "place"), [(LEFT, RIGHT, "lesnaya-5"), (RIGHT, LEFT, "sadovaya-1")]
)
def test_an_appeal_from_elsewhere_is_not_shown_with_its_photos(
    tmp_path: Path, home: Actor, away: Actor, place: str
) -> None:
    async def scenario() -> tuple[CaseDetail, CaseDetail]:
        async with hall(tmp_path) as here:
            await here.file(place=place, photos=[JPEG])
            (case,) = await here.worklist(home)
            before = await here.detail(home, case.id)
            async with here.database.transaction() as session:
                for kind in (AppealRow, EvidenceRow):
                    await session.execute(update(kind).values(place_path=away.place_path))
            with pytest.raises(NotVisible):
                await here.detail(away, case.id)
            return before, await here.detail(home, case.id)

    before, after = asyncio.run(scenario())
    assert (len(before.appeal_list), len(before.evidence)) == (1, 1)
    assert (after.appeal_list, after.evidence) == ([], [])


def test_an_incident_from_elsewhere_that_was_folded_is_not_shown(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.take(condition("cabinet-1", "mains_lost"))
            await here.take(condition("lamp-1", "lamp_silent"))
            async with here.database.transaction() as session:
                elsewhere = update(IncidentRow).values(place_path=RIGHT.place_path)
                await session.execute(elsewhere.where(IncidentRow.asset == "lamp-1"))
            (case,) = await here.worklist(LEFT)
            return await here.detail(LEFT, case.id)

    assert [one.asset for one in asyncio.run(scenario()).incident_list] == ["cabinet-1"]
