"""What a server kept while the line to it was lost is asked for when it is back."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import yaml

import edge.supervisor
from adapters import wire
from adapters.contract import Item
from adapters.registry import open_adapter
from core.clock import SystemClock
from core.configuration import EdgeConfiguration
from core.quality import GOOD, Reason, quality
from core.readings import Readings
from core.registry import Device, Endpoint
from edge.gap_book import LONGEST, MOST_GAPS, GapBook, Missed, open_gap_book
from edge.inventory import Inventory
from edge.spool import Spool
from edge.supervisor import Supervisor
from simulators.bench.relay import Relay
from tests.adapters.foreign_opcua import ForeignServer, foreign_server
from tests.adapters.opcua_rig import profile
from tests.edge.stand import PROFILES, eventually

ARCHIVE = quality(GOOD, Reason.ARCHIVE)
MODEL = profile({"level": "nsu=urn:foreign:plant;s={unit}.Level"})
DEVICE = Device(
    id="pump", profile="test-pump", endpoint="line", unit="T1", name={"en": "p"}, place="here"
)


def inventory(port: int) -> Inventory:
    line = Endpoint(
        id="line", edge="edge-1", protocol="opcua", address=f"opc.tcp://127.0.0.1:{port}"
    )
    configuration = EdgeConfiguration(
        revision=1, edge="edge-1", endpoints=(line,), devices=(DEVICE,)
    )
    return Inventory(configuration, {**PROFILES, MODEL.profile: MODEL})


def values(got: list[Item], code: int) -> list[float]:
    return [
        value
        for block in got
        if isinstance(block, Readings)
        for value, quality in zip(block.value.tolist(), block.quality.tolist(), strict=True)
        if quality == code
    ]


async def cut_and_heal(server: ForeignServer) -> list[Item]:
    got: list[Item] = []

    async def put(item: Item) -> None:
        got.append(item)

    async with Relay(int(server.address.rpartition(":")[2])) as relay:
        supervisor = Supervisor(put, SystemClock(), open_adapter)
        running = asyncio.create_task(supervisor.run(inventory(relay.port)))
        await eventually(lambda: 50 in values(got, GOOD), within_s=20)
        relay.hang()
        server.tell("level 71")
        server.tell("level 72")
        server.hear("set 72")
        await eventually(lambda: supervisor.lines["line"].error, within_s=20)
        relay.passes.set()
        await eventually(lambda: 72 in values(got, ARCHIVE), within_s=20)
        running.cancel()
        await asyncio.wait([running])
    return got


def test_a_gap_is_filled_from_the_servers_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.supervisor, "FIRST_PAUSE_S", 0.05)
    with foreign_server(tmp_path) as server:
        got = asyncio.run(cut_and_heal(server))
    assert values(got, ARCHIVE) == [71, 72]
    assert values(got, GOOD)[-1] == 72


@contextmanager
def edge_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run an edge that reads its devices from a file, until it is killed."""
    command = [sys.executable, "-c", "from core.command_line import main; main()", "edge", "run"]
    command += ["--config", str(folder / "edge.yaml"), "--devices", str(folder / "devices.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "is ready" in process.stdout.readline()
            yield process
        finally:
            process.kill()


def lay_out(folder: Path, server: ForeignServer) -> None:
    """Write the files of an edge that reads the level; no gateway is there to acknowledge."""
    (folder / "models").mkdir()
    model = {
        "profile": "test-pump", "family": "heat_point", "protocol": "opcua",
        "source": "made up for tests", "name": {"ru": "Насос", "en": "Pump"},
        "signals": [
            {"key": "level", "name": {"ru": "Уровень", "en": "Level"}, "poll_s": 0.05,
             "opcua": {"node": "nsu=urn:foreign:plant;s={unit}.Level"}}
        ],
    }  # fmt: skip
    (folder / "models" / "test-pump.yaml").write_text(yaml.safe_dump(model), encoding="utf-8")
    (folder / "edge.yaml").write_text(
        "id: edge-1\nbroker: mqtt://127.0.0.1:1\ndata_dir: data\nprofiles: [models]\n"
    )
    devices = {
        "endpoints": [{"id": "line", "protocol": "opcua", "address": server.address}],
        "devices": [{"id": "pump", "profile": "test-pump", "endpoint": "line", "unit": "T1"}],
    }
    (folder / "devices.yaml").write_text(yaml.safe_dump(devices))


def asked(folder: Path, query: str) -> list[tuple[bytes]]:
    """Read from the spool of an edge that runs."""
    with (
        suppress(sqlite3.OperationalError),
        closing(
            sqlite3.connect(f"file:{folder / 'data' / 'spool.db'}?mode=ro", uri=True, timeout=10)
        ) as spool,
    ):
        return spool.execute(query).fetchall()
    return []


def spooled(folder: Path, code: int) -> list[float]:
    """Give the values of this quality that wait for the gateway."""
    rows = asked(folder, "SELECT payload FROM telemetry ORDER BY seq")
    blocks = [wire.readings(wire.decode(payload, wire.TelemetryBlock)) for (payload,) in rows]
    return values(list(blocks), code)


def wait_for(claim: Callable[[], object]) -> None:
    asyncio.run(eventually(claim, within_s=60))


def test_a_killed_edge_asks_for_what_came_while_it_was_down(tmp_path: Path) -> None:
    with foreign_server(tmp_path / "server") as server:
        lay_out(tmp_path, server)
        with edge_process(tmp_path):
            wait_for(lambda: asked(tmp_path, "SELECT 1 FROM gaps WHERE ended IS NULL"))
        server.tell("level 71")
        server.tell("level 72")
        server.hear("set 72")
        with edge_process(tmp_path):
            wait_for(lambda: {71, 72} <= set(spooled(tmp_path, ARCHIVE)))
            # A gap that was filled is not asked for again.
            wait_for(lambda: not asked(tmp_path, "SELECT 1 FROM gaps WHERE ended IS NOT NULL"))


def book_after(open_spool: Callable[..., Spool], work: Callable[[GapBook], None]) -> GapBook:
    """Work with a book, close the spool, and give the book of the next run."""

    async def main() -> GapBook:
        spool = open_spool()
        work(await open_gap_book(spool))
        await spool.close()
        spool = open_spool()
        book = await open_gap_book(spool)
        await spool.close()
        return book

    return asyncio.run(main())


def test_a_gap_that_is_not_filled_outlives_a_restart(open_spool: Callable[..., Spool]) -> None:
    def work(book: GapBook) -> None:
        missed = book.of("line")
        for moment in (10**12, 2 * 10**12):
            missed.hear(moment)
        book.save(["line"])
        missed.heard = 3 * 10**12
        book.save(["line"])

    missed = book_after(open_spool, work).of("line")
    assert list(missed.gaps) == [(10**12, 2 * 10**12)]
    assert missed.heard == 3 * 10**12 - 5 * 10**9


def test_a_line_that_is_read_no_more_is_forgotten(open_spool: Callable[..., Spool]) -> None:
    def work(book: GapBook) -> None:
        for line in ("one", "other"):
            book.of(line).heard = 10**12
        book.save(["one", "other"])
        book.forget_all_but({"other"})

    book = book_after(open_spool, work)
    assert (book.of("one").heard, book.of("other").heard > 0) == (0, True)


def test_of_many_gaps_the_newest_are_remembered() -> None:
    missed = Missed()
    for moment in range(1, MOST_GAPS + 10):
        missed.hear(moment)
    assert len(missed.gaps) == MOST_GAPS
    assert missed.gaps[-1] == (MOST_GAPS + 8, MOST_GAPS + 9)


def test_a_year_is_not_asked_for() -> None:
    missed = Missed(heard=1)
    assert missed.hear(10 * LONGEST)
    assert missed.gaps[0] == (9 * LONGEST, 10 * LONGEST)


def test_a_clock_that_was_set_back_is_no_gap() -> None:
    missed = Missed(heard=2 * 10**12)
    assert not missed.hear(10**12)
    assert not missed.gaps
