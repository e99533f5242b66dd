"""A small region is played as a whole, and its ledger finds what a store has lost."""

import asyncio
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from simulators.region.command import play
from simulators.region.day import reports_a_second
from simulators.region.ledger import Proof, prove
from simulators.region.plan import KINDS, LIFT, LIGHT, plan_region
from simulators.region.run import Pace

SOME = 0.003  # two edges


@pytest.mark.system
@pytest.mark.timeout(400)  # three processes start, one after another
def test_bursts_and_lost_links_lose_nothing_and_the_ledger_finds_what_is_taken_away(
    tmp_path: Path,
) -> None:
    pace = Pace(scale=SOME, speed=60.0, seconds=5.0, hour=17.99)
    figures, proof = asyncio.run(play(tmp_path, plan_region(SOME), pace))
    assert proof.holds
    assert proof.sent == proof.stored == figures.acknowledged
    assert proof.sent > sum(part.devices for part in plan_region(SOME)[0].parts)
    assert proof.alarms >= 1
    assert figures.births > 2
    with duckdb.connect(str(tmp_path / "gateway" / "readings.duckdb")) as stored:
        stored.execute("CREATE TEMP TABLE one AS SELECT series, time FROM readings LIMIT 1")
        stored.execute(
            "DELETE FROM readings USING one"
            " WHERE readings.series = one.series AND readings.time = one.time"
        )
        stored.execute(  # of a run that was before
            "INSERT INTO readings SELECT series, 0, value, quality FROM readings LIMIT 1"
        )
    assert prove(tmp_path / "ledger", tmp_path / "gateway") == replace(
        proof, stored=proof.stored - 1, lost=1
    )


def test_a_whole_region_has_the_devices_of_a_region() -> None:
    edges = plan_region(1.0)
    devices = [sum(edge.parts[kind].devices for edge in edges) for kind in range(len(KINDS))]
    assert devices == [3_000_000, 500_000, 30_000, 2_500]
    assert edges[-1].offset + edges[-1].signals == 14_420_000


def test_lamps_speak_at_dusk_and_lifts_are_silent_at_night() -> None:
    assert reports_a_second(LIGHT, 18.01) > 4 * reports_a_second(LIGHT, 19.0)
    assert reports_a_second(LIFT, 3.0) < reports_a_second(LIFT, 8.0) / 10


def test_a_proof_holds_only_where_nothing_differs() -> None:
    whole = Proof(sent=5, stored=5, lost=0, doubled=0, wrong=0, alarms=1, alarms_lost=0)
    assert whole.holds
    spoilt = [replace(whole, **{name: 1}) for name in ("lost", "doubled", "wrong", "alarms_lost")]
    assert not any(each.holds for each in spoilt)
