"""The edge's spool on a disk that loses power, fills up and fails: nothing promised is lost."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from core.clock import SystemClock
from edge.spool import Spool
from tests.conftest import Fault, Rounds, Tell
from tests.faults.frail_disk import Disk

pytestmark = pytest.mark.faults

ALL = 10**9
CLOCK = SystemClock()
WRITES = 30  # between two cuts at the most


def payload(seq: int) -> bytes:
    return b"%d " % seq * 400


@dataclass
class Promised:
    """The oracle. kept: numbers whose commit was confirmed. given: the highest number in use.
    acknowledged: by a gateway, so that they may be gone."""

    kept: set[int] = field(default_factory=set)
    acknowledged: set[int] = field(default_factory=set)
    given: int = 0

    def copy(self) -> "Promised":
        return Promised(set(self.kept), set(self.acknowledged), self.given)


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Disk], None]:
    return lambda disk: monkeypatch.setattr(sqlite3, "connect", disk.connect)


def opened(folder: Path) -> Spool:
    def fail(error: BaseException) -> None:
        raise AssertionError("the spool has failed") from error

    return Spool("edge-1", folder, 10**7, CLOCK, fail)


async def write(spool: Spool, promised: Promised, is_over: Callable[[], bool]) -> None:
    """Append, commit and acknowledge like an edge, until it is over."""
    while not is_over():
        batch = set()
        for _ in range(5):
            promised.given = spool.next("events")
            batch.add(promised.given)
            spool.append("events", lambda seq, _: payload(seq))
        await spool.ask(lambda _: None)
        promised.kept |= batch
        if len(promised.kept) % 50 == 0:
            last = max(promised.kept) - 10
            promised.acknowledged |= set(range(1, last + 1))
            spool.acknowledge("events", [(1, last)])


def cut(disk: Disk, folder: Path, cuts: int, chance: random.Random) -> list[Promised]:
    """Write to a spool, and keep so many images of its disk, each with what was promised then."""
    promised, found = Promised(), list[Promised]()
    left = WRITES

    def before_write(_name: str) -> None:
        nonlocal left
        left -= 1
        if left > 0 or len(found) == cuts:
            return
        left = chance.randrange(1, WRITES)
        image = folder / f"cut-{len(found)}"
        image.mkdir()
        for name, content in disk.after_a_cut(chance).items():
            (image / name).write_bytes(content)
        found.append(promised.copy())

    async def main() -> None:
        spool = opened(folder / "spool")
        disk.before_write = before_write
        await write(spool, promised, lambda: len(found) == cuts)
        await spool.close()

    asyncio.run(main())
    return found


def kept(promised: list[Promised]) -> int:
    """Count the blocks whose commit was confirmed."""
    return sum(len(each.kept) for each in promised)


def judged(folder: Path, promised: Promised) -> tuple[int, int]:
    """Open what a cut has left; count what was promised and lost, and what would come twice."""

    async def main() -> tuple[int, int]:
        spool = opened(folder)
        rows = await spool.read("events", 1, ALL)
        torn = sum(row.payload != payload(row.seq) for row in rows)
        missing = promised.kept - promised.acknowledged - {row.seq for row in rows}
        given_again = max(0, promised.given + 1 - spool.next("events"))
        await spool.close()
        return torn + len(missing), given_again

    return asyncio.run(main())


def test_a_power_cut_takes_nothing_that_was_committed(
    tmp_path: Path, on_disk: Callable[[Disk], None], rounds: Rounds, tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    count = rounds(12, 60)
    disk = Disk()
    on_disk(disk)
    promised = cut(disk, tmp_path, count, random.Random(26))
    monkeypatch.undo()  # what is left is read by the SQLite that an edge has
    found = [judged(tmp_path / f"cut-{at}", each) for at, each in enumerate(promised)]
    lost, twice = (sum(column) for column in zip(*found, strict=True))
    tell(Fault("power cut of the edge", count, kept(promised), lost, twice))


def test_the_same_cuts_find_what_a_spool_would_lose_that_does_not_sync(
    tmp_path: Path, on_disk: Callable[[Disk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(is_synced=False)
    on_disk(disk)
    promised = cut(disk, tmp_path, 12, random.Random(26))
    monkeypatch.undo()
    found = [judged(tmp_path / f"cut-{at}", each) for at, each in enumerate(promised)]
    assert sum(lost for lost, _ in found) > 0


def breaking(after: int, error: int) -> Callable[[str], None]:
    """Let one write fail, after so many."""
    writes: Iterator[int] = iter(range(after))

    def before_write(_name: str) -> None:
        if next(writes, None) is None:
            raise apsw.exception_for(error)

    return before_write


def test_a_disk_that_fails_ends_the_edge_and_takes_nothing_that_was_committed(
    tmp_path: Path, on_disk: Callable[[Disk], None], rounds: Rounds, tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    count = rounds(4, 40)
    chance = random.Random(26)
    all_promised: list[Promised] = []
    lost = twice = 0
    for number in range(count):
        folder, disk, promised = tmp_path / str(number), Disk(), Promised()
        failures: list[BaseException] = []

        async def main(
            folder: Path = folder, disk: Disk = disk, promised: Promised = promised,
            failures: list[BaseException] = failures,
        ) -> None:  # fmt: skip
            spool = Spool("edge-1", folder, 10**7, CLOCK, failures.append)
            disk.before_write = breaking(chance.randrange(3, 60), apsw.SQLITE_IOERR)
            writing = asyncio.create_task(write(spool, promised, lambda: bool(failures)))
            async with asyncio.timeout(20):
                while not failures:
                    await asyncio.sleep(0.01)
            writing.cancel()  # it waits for a commit that never comes
            disk.before_write = lambda _name: None
            await spool.close()

        with monkeypatch.context() as patched:
            patched.setattr(sqlite3, "connect", disk.connect)
            asyncio.run(main())
        all_promised.append(promised)
        found = judged(folder, promised)
        lost, twice = lost + found[0], twice + found[1]
    tell(Fault("I/O error of the edge's disk", count, kept(all_promised), lost, twice))


def test_a_disk_without_room_costs_old_telemetry_and_no_event(
    tmp_path: Path, on_disk: Callable[[Disk], None], rounds: Rounds, tell: Tell
) -> None:
    count = rounds(2, 20)
    disk = Disk()
    on_disk(disk)
    is_full = False

    def before_write(name: str) -> None:
        reserve = tmp_path / "spool" / "spool.reserve"
        if is_full and reserve.exists() and name.endswith("-wal"):
            raise apsw.exception_for(apsw.SQLITE_FULL)

    async def main() -> tuple[int, int]:
        nonlocal is_full
        spool = opened(tmp_path / "spool")
        disk.before_write = before_write
        for _ in range(count):
            for _ in range(100):
                spool.append("telemetry", lambda seq, _: payload(seq))
            await spool.ask(lambda _: None)
            is_full = True
            spool.append("events", lambda seq, _: payload(seq))
            await spool.ask(lambda _: None)
            is_full = False
            await spool.ask(lambda _: None)
        events = [row.seq for row in await spool.read("events", 1, ALL)]
        assert spool.state().dropped > 0
        await spool.close()
        return count - len(set(events)), len(events) - len(set(events))

    lost, twice = asyncio.run(main())
    tell(Fault("full disk of the edge: events", count, count, lost, twice))
