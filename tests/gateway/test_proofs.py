"""A case closes by itself on what its devices show, and against that only by a person's word."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.wire import SignalBirth
from core.actor import Role
from core.case import Verb
from core.clock import to_nanoseconds
from core.errors import ConfigError, DomainError
from core.readings import Readings
from gateway.api.case_models import CaseDetail, CaseRow
from gateway.cases.brought import attach_act
from gateway.cases.desk import open_desk
from gateway.cases.proofs import Verification
from gateway.proof.rules_file import load_proofs
from gateway.timeseries.duckdb import DuckDbTimeSeries
from tests.gateway.hall import JPEG, LEFT, START, Births, Hall, condition, hall, name

pytestmark = pytest.mark.usefixtures("each_store")

SERIES = {"state": 1, "out_of_service": 2}
IDLE, STOPPED, IN_SERVICE = 0.0, 3.0, 0.0


class Lifts(Births):
    """Lifts that tell their state, and whether they are out of service."""

    def signals_of(self, _device: str) -> list[SignalBirth]:
        return [SignalBirth(key=key, name=name(key), kind="state") for key in SERIES]

    def series_of(self, device: str) -> Mapping[str, int]:
        return SERIES if device == "lift-1-device" else {}


class Stopped:
    """A lift that stopped at START, ran again a minute later, and was reported repaired."""

    def __init__(self, here: Hall, store: DuckDbTimeSeries) -> None:
        self.here = here
        self._store = store
        self._verification = Verification(
            here.database, here.clock, here.registry, directory=here.directory, history=store
        )

    async def read(self, after: timedelta, **values: float) -> None:
        at = to_nanoseconds(START + after)
        numbers = [SERIES[key] for key in values]
        await self._store.append(
            [Readings.of(numbers, [at] * len(values), [*values.values()], [0] * len(values), at)],
            [],
        )

    async def look(self, after: timedelta) -> CaseRow:
        self.here.clock.at = START + after
        await self._verification.look()
        (case,) = await self.here.worklist(LEFT, "all")
        return case


@asynccontextmanager
async def stopped(folder: Path) -> AsyncIterator[Stopped]:
    async with hall(folder) as here, DuckDbTimeSeries(folder, here.clock) as store:
        here.directory, here.history = Lifts(), store
        lift = Stopped(here, store)
        await lift.read(timedelta(), state=STOPPED, out_of_service=IN_SERVICE)
        await here.take(condition("lift-1", "stopped"))
        await lift.read(timedelta(minutes=1), state=IDLE)
        here.clock.at += timedelta(minutes=1)
        await here.take(condition("lift-1", "stopped", active=False, after=60))
        (case,) = await here.worklist(LEFT)
        case = await here.act(LEFT, case, Verb.ACCEPT)
        await here.act(LEFT, case, Verb.RESOLVE)
        yield lift


def test_a_lift_in_service_for_half_an_hour_closes_its_case(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, CaseDetail]:
        async with stopped(tmp_path) as lift:
            early = await lift.look(timedelta(minutes=30))
            late = await lift.look(timedelta(minutes=31))
            return early.state, await lift.here.detail(LEFT, late.id)

    early, case = asyncio.run(scenario())
    assert (early, case.state) == ("resolved", "closed")
    assert [piece.text["en"] for piece in case.evidence] == [
        "stopped: back to normal, 0 V",
        "Lift in service: 0, for 30 min by now",
        "State of the lift: 0, for 30 min by now",
    ]
    assert case.timeline[-1].text["en"].startswith("Verified and closed by itself")


def test_a_lift_that_stopped_in_between_begins_anew(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with stopped(tmp_path) as lift:
            await lift.read(timedelta(minutes=20), state=STOPPED)
            await lift.read(timedelta(minutes=21), state=IDLE)
            case = await lift.look(timedelta(minutes=31))
            return await lift.here.detail(LEFT, case.id)

    case = asyncio.run(scenario())
    assert case.state == "resolved"
    assert [text["en"] for text in case.missing_proof] == [
        "State of the lift: it has been so for 10 of 30 min. Wait."
    ]


def test_what_is_reported_done_says_at_once_what_its_proof_still_lacks(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with stopped(tmp_path) as lift:
            (case,) = await lift.here.worklist(LEFT)
            return await lift.here.detail(LEFT, case.id)

    said = [entry.text["en"] for entry in asyncio.run(scenario()).timeline]
    assert said[-1] == (
        "Before it can be closed: Lift in service: it has been so for 1 of 30 min. Wait. "
        "State of the lift: it has been so for 0 of 30 min. Wait."
    )


def test_a_person_closes_it_against_the_proof_for_a_reason_that_stays(tmp_path: Path) -> None:
    async def scenario() -> CaseDetail:
        async with stopped(tmp_path) as lift:
            (case,) = await lift.here.worklist(LEFT)
            with pytest.raises(DomainError, match="it has been so for 1 of 30 min"):
                await lift.here.act(LEFT, case, Verb.CLOSE)
            with pytest.raises(DomainError, match="Say why"):
                await lift.here.overrule(LEFT, case, " ")
            return await lift.here.overrule(LEFT, case, "The inspector has signed it off")

    case = asyncio.run(scenario())
    assert case.state == "closed"
    overruled, why = case.timeline[-2:]
    assert (overruled.by, why.text["en"]) == (LEFT.name, "The inspector has signed it off")
    assert "What was missing: Lift in service" in overruled.text["en"]


def test_an_executor_does_not_overrule(tmp_path: Path) -> None:
    lifts = replace(LEFT, role=Role.EXECUTOR, executor="lifts")

    async def scenario() -> str:
        async with stopped(tmp_path) as lift:
            (case,) = await lift.here.worklist(lifts)
            with pytest.raises(DomainError) as refusal:
                await lift.here.overrule(lifts, case, "It runs")
            return refusal.value.code

    assert asyncio.run(scenario()) == "forbidden"


def test_nothing_is_overruled_where_nothing_is_missing(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, list[str]]:
        async with stopped(tmp_path) as lift:
            lift.here.clock.at = START + timedelta(minutes=40)
            (case,) = await lift.here.worklist(LEFT)
            allowed = (await lift.here.detail(LEFT, case.id)).allowed
            with pytest.raises(DomainError) as refusal:
                await lift.here.overrule(LEFT, case, "It runs")
            return refusal.value.code, allowed

    code, allowed = asyncio.run(scenario())
    assert (code, "overrule" in allowed) == ("proof_there", False)


def test_a_smell_of_gas_is_over_when_an_act_says_so_and_no_photo(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[str], CaseDetail]:
        async with hall(tmp_path) as here:
            receipt = await here.file(category="gas.leak", description="It smells of gas")
            await here.attach(LEFT, receipt.case, JPEG)
            case = await here.detail(LEFT, receipt.case)
            missing = [text["en"] for text in case.missing_proof]
            await bring_act(here, receipt.case, b"%PDF-1.7 signed by both")
            case = await here.detail(LEFT, receipt.case)
            for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
                case = await here.act(LEFT, case, verb)
            return missing, await here.detail(LEFT, receipt.case)

    missing, case = asyncio.run(scenario())
    assert (missing, case.state) == (["Attach a signed act."], "closed")


async def bring_act(here: Hall, case: int, content: bytes) -> None:
    async with here.database.transaction() as session:
        desk = await open_desk(session, here.clock.now(), here.registry.snapshot)
        await attach_act(desk, here.files, LEFT, case, content)


def test_a_file_with_a_mistake_is_refused_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "proof.yaml"
    file.write_text('- {of: "", returned_for: 10 min, accepts: [photo, hearsay]}\n')
    with pytest.raises(ConfigError, match=r"proof.yaml: 0.accepts.1: Input should be 'photo'"):
        load_proofs(file)


def test_a_file_without_a_rule_for_the_rest_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "proof.yaml"
    file.write_text("- {of: gas., returned_for: 10 min, accepts: [act]}\n")
    with pytest.raises(ConfigError, match="there is no rule for all others"):
        load_proofs(file)
