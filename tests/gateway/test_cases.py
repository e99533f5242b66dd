"""A case is worked on by people: step by step, on proof, and by those whose it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.wire import DeviceChange
from core.actor import Role
from core.case import Verb
from core.clock import to_nanoseconds
from core.errors import DomainError, NotVisible
from gateway.api.case_models import CaseDetail, CaseRow
from tests.gateway.hall import LEFT, RIGHT, START, condition, hall, lost

pytestmark = pytest.mark.usefixtures("each_store")


def test_a_device_that_answers_again_closes_its_untouched_case(tmp_path: Path) -> None:
    back = DeviceChange(device="lift-1-device", online=True, time=to_nanoseconds(START) + 9)

    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(lost("lift-1"))
            await here.take(back)
            return await here.worklist(LEFT, "all")

    (case,) = asyncio.run(scenario())
    assert (case.state, case.active_incidents) == ("closed", 0)


def test_a_lift_that_runs_again_still_waits_for_a_person(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=1))
            return await here.worklist(LEFT)

    (case,) = asyncio.run(scenario())
    assert case.state == "routed"


def test_a_dispatcher_finds_nothing_of_the_other_bank(tmp_path: Path) -> None:
    async def scenario() -> tuple[Sequence[CaseRow], Sequence[CaseRow]]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-2", "stopped"))
            right = await here.worklist(RIGHT)
            with pytest.raises(NotVisible):
                await here.detail(LEFT, right[0].id)
            return await here.worklist(LEFT), right

    left, right = asyncio.run(scenario())
    assert (len(left), len(right)) == (0, 1)


def test_a_case_with_an_active_incident_is_not_closed_and_says_why(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            case = await here.act(LEFT, case, Verb.RESOLVE)
            with pytest.raises(DomainError, match="Not back to normal yet: stopped") as refusal:
                await here.act(LEFT, case, Verb.CLOSE)
            return refusal.value.code

    assert asyncio.run(scenario()) == "proof_missing"


def test_a_case_closes_once_telemetry_shows_the_return_to_normal(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            case = await here.act(LEFT, case, Verb.RESOLVE)
            case = await here.act(LEFT, case, Verb.CLOSE)
            return await here.detail(LEFT, case.id)

    detail = asyncio.run(scenario())
    assert (detail.state, detail.missing_proof) == ("closed", [])
    assert [(piece.kind, piece.grade) for piece in detail.evidence] == [("telemetry", "A")]
    (proof,) = detail.evidence
    assert proof.text["en"] == "stopped: back to normal, 0 V"
    assert proof.at == START + timedelta(seconds=60)


def test_a_closed_case_does_not_take_the_next_failure(tmp_path: Path) -> None:
    async def scenario() -> Sequence[CaseRow]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            (case,) = await here.worklist(LEFT)
            for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
                case = await here.act(LEFT, case, verb)
            await here.take(condition("lift-1", "stopped", after=90))
            return await here.worklist(LEFT, "all")

    assert sorted(case.state for case in asyncio.run(scenario())) == ["closed", "routed"]


def test_a_failure_that_comes_again_reopens_what_was_reported_done(tmp_path: Path) -> None:
    async def scenario() -> CaseRow:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            await here.take(condition("lift-1", "stopped", active=False, after=60))
            (case,) = await here.worklist(LEFT)
            case = await here.act(LEFT, case, Verb.ACCEPT)
            await here.act(LEFT, case, Verb.RESOLVE)
            await here.take(condition("lift-1", "stopped", after=90))
            (case,) = await here.worklist(LEFT)
            return case

    assert asyncio.run(scenario()).state == "accepted"


def test_a_trapped_passenger_makes_a_stopped_lift_critical(tmp_path: Path) -> None:
    async def scenario() -> CaseRow:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"), condition("lift-1", "trapped", after=2))
            (case,) = await here.worklist(LEFT)
            return case

    case = asyncio.run(scenario())
    assert (case.category, case.priority, case.due_name) == (
        "lift.trapped",
        "critical",
        "emergency",
    )


def test_a_step_on_an_old_version_is_refused(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            await here.act(LEFT, case, Verb.ACCEPT)
            with pytest.raises(DomainError) as refusal:
                await here.act(LEFT, case, Verb.RESOLVE)
            return refusal.value.code

    assert asyncio.run(scenario()) == "case_changed"


def test_an_executor_finds_only_what_was_routed_to_them(tmp_path: Path) -> None:
    light = replace(LEFT, role=Role.EXECUTOR, executor="light")
    lifts = replace(LEFT, role=Role.EXECUTOR, executor="lifts")

    async def scenario() -> tuple[str, str]:
        async with hall(tmp_path) as here:
            await here.take(condition("lift-1", "stopped"))
            (case,) = await here.worklist(LEFT)
            with pytest.raises(NotVisible) as refusal:
                await here.act(light, case, Verb.ACCEPT)
            accepted = await here.act(lifts, case, Verb.ACCEPT)
            return refusal.value.code, accepted.state

    assert asyncio.run(scenario()) == ("not_found", "accepted")
