"""`kvartal registry clone-edge`: a new edge reads what a dead one read."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.command_line import run
from gateway.registry.rows import newest_configuration
from gateway.settings import load_settings
from gateway.storage.database import Database
from gateway.storage.opened import opened
from gateway.storage.series_tables import EdgeStateRow
from tests.gateway.conftest import TOWN  # type: ignore[import-not-found]

Kvartal = Callable[..., tuple[int, str]]


@pytest.fixture
def kvartal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kvartal:
    """Run a command in a folder with a gateway that knows the town; give code and what it says."""
    monkeypatch.chdir(tmp_path)
    Path("town.json").write_text(json.dumps(TOWN), encoding="utf-8")

    def typed(*words: str) -> tuple[int, str]:
        code = run(list(words))
        told = capsys.readouterr()
        return code, told.out + told.err

    assert typed("gateway", "import", "town.json")[0] == 0
    return typed


def with_database(work: Callable[[Database], Any]) -> Any:
    async def whole() -> Any:
        async with opened(load_settings()) as database:
            return await work(database)

    return asyncio.run(whole())


def read_by(edge: str) -> list[str]:
    """Give the devices in the newest configuration of an edge."""

    async def work(database: Database) -> list[str]:
        async with database.reading() as session:
            row = await newest_configuration(session, edge)
        return [] if row is None else [each["id"] for each in json.loads(row.document)["devices"]]

    found: list[str] = with_database(work)
    return found


def test_the_new_edge_reads_all_and_the_old_one_nothing_more(kvartal: Kvartal) -> None:
    before = read_by("edge-1")
    code, told = kvartal("registry", "clone-edge", "edge-1", "edge-1b")
    assert (code, told.splitlines()) == (
        0,
        [
            "edge-1b reads 1 lines with 2 devices; edge-1 reads nothing more",
            "registry revision 2 is in force",
            "next: kvartal gateway enrolment edge-1b",
        ],
    )
    assert read_by("edge-1b") == before == ["lamp-1-head", "lamp-2-head"]
    assert read_by("edge-1") == []


def test_a_former_configuration_is_put_back(kvartal: Kvartal) -> None:
    spoiled = json.loads(json.dumps(TOWN))
    spoiled["endpoints"][0]["address"] = "mqtt://127.0.0.1:2"
    spoiled["devices"][0]["unit"] = "lamp-x"
    Path("town.json").write_text(json.dumps(spoiled), encoding="utf-8")
    assert kvartal("gateway", "import", "town.json")[0] == 0
    code, _ = kvartal("registry", "clone-edge", "edge-1", "edge-1b", "--revision", "1")
    assert code == 0

    async def work(database: Database) -> Any:
        async with database.reading() as session:
            row = await newest_configuration(session, "edge-1b")
        return json.loads(row.document)  # type: ignore[union-attr]

    document = with_database(work)
    assert document["endpoints"][0]["address"] == "mqtt://127.0.0.1:1"
    assert document["devices"][0]["unit"] == "lamp-1"


def test_an_edge_that_is_connected_is_taken_over_only_by_force(kvartal: Kvartal) -> None:
    async def connect(database: Database) -> None:
        async with database.transaction() as session:
            session.add(
                EdgeStateRow(
                    edge="edge-1",
                    online=True,
                    seen_at=SystemClock().now(),
                    software="",
                    revision=1,
                    problem="",
                    refused=0,
                    refusal="",
                )
            )

    with_database(connect)
    code, told = kvartal("registry", "clone-edge", "edge-1", "edge-1b")
    assert code == 2
    assert "edge-1 is connected now" in told
    assert read_by("edge-1") == ["lamp-1-head", "lamp-2-head"]
    assert kvartal("registry", "clone-edge", "edge-1", "edge-1b", "--force")[0] == 0
    assert read_by("edge-1") == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("edge-9", "edge-1b"), "edge edge-9 does not exist"),
        (("edge-1", "edge-1"), "wanted another id"),
        (("edge-1", "Edge 2"), "wanted another id of a-z 0-9 . _ -, found 'Edge 2'"),
        (("edge-1", "edge-1b", "--revision", "7"), "configuration revision 7 of edge-1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    kvartal: Kvartal, words: tuple[str, ...], told: str
) -> None:
    code, said = kvartal("registry", "clone-edge", *words)
    assert code == 2
    assert told in said


def test_an_edge_with_lines_of_its_own_takes_over_nothing(kvartal: Kvartal) -> None:
    kvartal("registry", "clone-edge", "edge-1", "edge-1b")
    code, said = kvartal("registry", "clone-edge", "edge-1", "edge-1b")
    assert code == 2
    assert "edge-1b reads lines of its own, broker for one" in said
