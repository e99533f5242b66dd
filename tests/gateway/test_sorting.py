"""What dispatchers put together, tell apart and name; and nothing is lost by it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.actor import Actor, Role
from core.errors import DomainError
from gateway.api.case_models import CaseDetail
from gateway.cases import appeals, feedback, pauses, sorting
from gateway.cases.desk import open_desk
from gateway.storage.case_tables import AppealRow, CaseRow
from tests.gateway.hall import LEFT, RIGHT, START, Hall, condition, hall, lost

STRANGE = "Something strange happens again and again"
LIGHT = Actor(id="light", name="Light", role=Role.EXECUTOR, place="town", place_path="town/",
              executor="light")  # fmt: skip


async def sort(
    here: Hall, how: Callable[..., Awaitable[Any]], number: int, *args: Any, **options: Any
) -> Any:
    """Do something with a case as a dispatcher who has just looked at it."""
    actor = options.pop("actor", LEFT)
    async with here.database.transaction() as session:
        row = await session.get(CaseRow, number)
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        version = options.pop("version", row.version if row else 1)
        return await how(desk, actor, number, *args, version=version, **options)


def run(folder: Path, scenario: Callable[[Hall], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with hall(folder) as here:
            return await scenario(here)

    return asyncio.run(whole())


async def two_cases(here: Hall) -> tuple[appeals.Receipt, appeals.Receipt]:
    """File a complaint about a bench and one about a tree, at one house."""
    house = {"latitude": None, "longitude": None, "place": "lesnaya-5", "category": "yard.other"}
    bench = await here.file(**house, description="Сломана скамейка у подъезда")
    return bench, await here.file(**house, description="Спилите сухой тополь")


def test_a_choice_routes_by_what_it_is_and_starts_the_clocks_of_that(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> CaseDetail:
        receipt = await here.file(category="", description=STRANGE)
        here.clock.at = START.replace(minute=20)
        number = await sort(here, sorting.classify, receipt.case, "lift.trapped", note="")
        return await here.detail(LEFT, number)

    case = run(tmp_path, scenario)
    assert (case.state, case.executor, case.category) == ("routed", "lifts", "lift.trapped")
    started = {clock.name: clock.started_at for clock in case.deadlines}
    assert started["release"] == START
    assert case.appeal_list[0].category_by == LEFT.name


def test_what_was_classified_joins_the_case_of_its_trouble(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[int, int]:
        known = await here.file()
        unclear = await here.file(category="", description=STRANGE)
        return known.case, await sort(
            here, sorting.classify, unclear.case, "lighting.dark", note=""
        )

    known, into = run(tmp_path, scenario)
    assert into == known


def test_what_was_filed_long_ago_joins_what_is_of_today(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[int, int]:
        unclear = await here.file(category="", description=STRANGE)
        here.clock.at += timedelta(days=30)
        known = await here.file()
        return known.case, await sort(
            here, sorting.classify, unclear.case, "lighting.dark", note=""
        )

    known, into = run(tmp_path, scenario)
    assert into == known


def test_a_part_is_taken_out_of_the_whole_message_only(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> str:
        whole = await here.file()
        trouble = sorting.Trouble("Стоит лифт в доме.", "lift.stopped")
        (number,) = await sort(here, sorting.take_apart, whole.case, whole.number, [trouble])
        with pytest.raises(DomainError) as refused:
            await sort(here, sorting.take_apart, number, f"{whole.number}/2", [trouble])
        return refused.value.code

    assert run(tmp_path, scenario) == "invalid"


def test_a_clock_that_stood_before_a_merge_stands_when_it_is_undone(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[CaseDetail, CaseDetail]:
        bench, tree = await two_cases(here)
        await sort(here, pauses.pause, tree.case, "resolve", reason="parts", note="")
        here.clock.at = START.replace(minute=10)
        before = await here.detail(LEFT, tree.case)
        await sort(here, sorting.put_together, tree.case, bench.case, note="")
        merged = await here.detail(LEFT, bench.case)
        await sort(here, sorting.tell_apart, bench.case, merged.merges[0].id, note="")
        return before, await here.detail(LEFT, tree.case)

    before, after = run(tmp_path, scenario)
    assert after.deadlines == before.deadlines


def test_a_corrected_category_has_its_own_limits(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> CaseDetail:
        receipt = await here.file(category="yard.other")
        await sort(here, sorting.classify, receipt.case, "water.none", note="")
        return await here.detail(LEFT, receipt.case)

    due = {clock.name: clock.due_at for clock in run(tmp_path, scenario).deadlines}
    assert due["resolve"] == START.replace(hour=16)


@pytest.mark.parametrize(
    ("code", "options", "refusal"),
    [
        ("device.silent", {}, "unknown_category"),
        ("yard.other", {"version": 99}, "case_changed"),
        ("yard.other", {"actor": LIGHT}, "forbidden"),
        ("yard.other", {"actor": RIGHT}, "not_found"),
    ],
)
def test_a_wrong_choice_is_refused(
    tmp_path: Path, code: str, options: dict[str, object], refusal: str
) -> None:
    async def scenario(here: Hall) -> str:
        receipt = await here.file()
        with pytest.raises(DomainError) as refused:
            await sort(here, sorting.classify, receipt.case, code, note="", **options)
        return refused.value.code

    assert run(tmp_path, scenario) == refusal


@pytest.mark.usefixtures("each_store")
def test_a_merge_is_undone_with_all_that_was_its_own(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[CaseDetail, CaseDetail, CaseDetail, CaseDetail]:
        bench, tree = await two_cases(here)
        before = await here.detail(LEFT, tree.case)
        here.clock.at = START.replace(minute=10)
        await sort(here, sorting.put_together, tree.case, bench.case, note="one yard")
        together = await here.detail(LEFT, bench.case)
        here.clock.at = START.replace(minute=30)
        await sort(here, sorting.tell_apart, bench.case, together.merges[0].id, note="")
        return (
            before,
            together,
            await here.detail(LEFT, bench.case),
            await here.detail(LEFT, tree.case),
        )

    before, together, bench, tree = run(tmp_path, scenario)
    assert (together.appeals, bench.appeals, tree.appeals) == (2, 1, 1)
    assert tree.appeal_list == before.appeal_list
    assert tree.deadlines == before.deadlines
    assert (tree.state, tree.executor, tree.opened_at) == ("routed", before.executor, START)
    assert (together.merges[0].case, bench.merges) == (tree.id, [])


def test_an_incident_goes_back_with_its_case(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> tuple[list[int], list[int]]:
        await here.take(condition("lift-1", "stopped"))
        receipt = await here.file(category="yard.other")
        lift = next(row for row in await here.worklist(LEFT) if row.incidents)
        await sort(here, sorting.put_together, lift.id, receipt.case, note="")
        merged = await here.detail(LEFT, receipt.case)
        await here.take(condition("lift-1", "stopped", active=False, after=5))
        await sort(here, sorting.tell_apart, receipt.case, merged.merges[0].id, note="")
        counts = [await here.detail(LEFT, lift.id), await here.detail(LEFT, receipt.case)]
        return [merged.incidents, merged.active_incidents], [
            figure for one in counts for figure in (one.incidents, one.active_incidents)
        ]

    assert run(tmp_path, scenario) == ([1, 1], [1, 0, 0, 0])


def test_a_cabinet_that_took_over_its_lamp_gives_it_back(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> list[str | None]:
        await here.take(lost("lamp-3"))
        await here.take(condition("cabinet-1", "mains_lost", after=30))
        (case,) = await here.worklist(LEFT)
        detail = await here.detail(LEFT, case.id)
        await sort(here, sorting.tell_apart, case.id, detail.merges[0].id, note="")
        return sorted(str(row.asset) for row in await here.worklist(LEFT))

    assert run(tmp_path, scenario) == ["cabinet-1", "lamp-3"]


def test_cases_of_two_municipalities_stay_two(tmp_path: Path) -> None:
    region = Actor(id="r", name="R", role=Role.DISPATCHER, place="town", place_path="town/")

    async def scenario(here: Hall) -> str:
        one = await here.file()
        other = await here.file(place="sadovaya-1")
        with pytest.raises(DomainError) as refused:
            await sort(here, sorting.put_together, one.case, other.case, note="", actor=region)
        return refused.value.code

    assert run(tmp_path, scenario) == "other_municipality"


def test_some_appeals_of_a_case_get_a_case_of_their_own_and_their_old_clock(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall) -> tuple[CaseDetail, CaseDetail]:
        first = await here.file()
        here.clock.at = START.replace(minute=5)
        second = await here.file()
        here.clock.at = START.replace(minute=40)
        fresh = await sort(here, sorting.split, first.case, [second.number], note="")
        return await here.detail(LEFT, first.case), await here.detail(LEFT, fresh)

    old, fresh = run(tmp_path, scenario)
    assert (old.appeals, fresh.appeals, fresh.state) == (1, 1, "routed")
    assert fresh.opened_at == START.replace(minute=5)


def test_nothing_is_split_off_a_case_that_would_be_left_empty(tmp_path: Path) -> None:
    async def scenario(here: Hall) -> None:
        receipt = await here.file()
        await sort(here, sorting.split, receipt.case, [receipt.number], note="")

    with pytest.raises(DomainError, match="nothing would be left"):
        run(tmp_path, scenario)


def test_a_message_of_two_troubles_is_taken_apart_and_the_whole_one_stays(
    tmp_path: Path,
) -> None:
    async def scenario(here: Hall) -> tuple[CaseDetail, CaseDetail, str]:
        whole = await here.file(
            category="lighting.dark", description="1. Не горит фонарь. 2. Стоит лифт в доме.",
            place="lesnaya-5", email="a@b.ru",
        )  # fmt: skip
        trouble = sorting.Trouble("Стоит лифт в доме.", "lift.stopped")
        (number,) = await sort(here, sorting.take_apart, whole.case, whole.number, [trouble])
        async with here.database.reading() as session:
            rules = here.registry.snapshot.deadlines.rules
            part = await feedback.status_of(session, START, f"{whole.number}/2", whole.key, rules)
        return (
            await here.detail(LEFT, whole.case),
            await here.detail(LEFT, number),
            part.state,
        )

    whole, part, state = run(tmp_path, scenario)
    assert whole.appeal_list[0].description == "1. Не горит фонарь. 2. Стоит лифт в доме."
    assert (part.executor, part.appeal_list[0].description) == ("lifts", "Стоит лифт в доме.")
    assert part.appeal_list[0].contact == "a***@b.ru"
    assert state == "open"


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["file", "merge", "separate", "split", "classify"]),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=4,
    max_size=14,
)


@pytest.mark.timeout(600)  # each example has a store of its own
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_is_sorted_no_appeal_and_no_clock_is_lost(
    tmp_path: Path, steps: Sequence[Step]
) -> None:
    async def scenario(here: Hall) -> None:
        filed: dict[str, tuple[str, int]] = {}
        for what, one, other in steps:
            here.clock.at = here.clock.at.replace(minute=(here.clock.at.minute + 1) % 60)
            await do(here, filed, what, one, other)
            await same_appeals_and_true_counts(here, filed)

    run(tmp_path, scenario)


async def do(
    here: Hall, filed: dict[str, tuple[str, int]], what: str, one: int, other: int
) -> None:
    if what == "file":
        receipt = await here.file(category="yard.other", description=f"{'слово' * (one + 1)} там")
        async with here.database.reading() as session:
            row = await session.scalar(select(AppealRow).where(AppealRow.number == receipt.number))
            assert row is not None
            filed[row.number] = (row.description, len(row.clocks))
        return
    cases = await here.worklist(LEFT)
    if not cases:
        return
    case = await here.detail(LEFT, cases[one % len(cases)].id)
    ways: dict[str, tuple[Callable[..., Awaitable[Any]], Any]] = {
        "merge": (sorting.put_together, cases[other % len(cases)].id),
        "separate": (sorting.tell_apart, case.merges[0].id if case.merges else 0),
        "split": (sorting.split, [each.number for each in case.appeal_list[: 1 + other % 2]]),
        "classify": (sorting.classify, ("yard.other", "water.none")[other % 2]),
    }
    how, what_with = ways[what]
    try:
        await sort(here, how, case.id, what_with, note="")
    except DomainError:
        return  # refused: then nothing may have changed, which is looked at


async def same_appeals_and_true_counts(here: Hall, filed: dict[str, tuple[str, int]]) -> None:
    async with here.database.reading() as session:
        rows = (await session.scalars(select(AppealRow))).all()
        cases = {row.id: row for row in await session.scalars(select(CaseRow))}
    mine = [row for row in rows if row.number in filed]
    assert {row.number: (row.description, len(row.clocks)) for row in mine} == filed
    assert all(cases[row.case_id].merged_into is None for row in mine)
    assert all(cases[row.case_id].state != "closed" for row in mine)
    assert {number: case.appeals for number, case in cases.items()} == {
        number: sum(row.case_id == number for row in rows) for number in cases
    }
