"""How many blocks a second the edge's spool has on disk, beside SQLite alone.

The spool runs in a process of its own. The ceiling is one thread of SQLite with the same pragmas,
the same bytes a row and the same rows a commit, and nothing else: no numbers, bounds or reserve.
"""

import asyncio
import json
import os
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

from core.clock import SystemClock
from simulators.bench.measure import Result
from simulators.stage.children import CannotStart

POINTS = 500  # in a block
BYTES = 4_900  # of a block: 9.8 a point, as readings of meters take
AT_ONCE = 100  # blocks in a commit: what a busy edge has after 0.2 s


async def measure(state: Path, blocks: int) -> Result:
    """Keep so many blocks, many in a commit, and a tenth of them one by one."""
    alone = max(1, blocks // 10)
    together = await _spool(state / "together", blocks, AT_ONCE)
    ceiling = blocks / await asyncio.to_thread(_bare, state / "bare.db", blocks, AT_ONCE)
    one_by_one = await _spool(state / "alone", alone, 1)
    ceiling_alone = alone / await asyncio.to_thread(_bare, state / "alone.db", alone, 1)
    ours = blocks / together["kept_s"]
    return Result(
        bench="spool",
        unit="blocks/s",
        ours=ours,
        ceiling=ceiling,
        ratio=ours / ceiling,
        lost=0,
        more={
            "points_per_s": ours * POINTS,
            "blocks_a_commit": AT_ONCE,
            "alone_per_s": alone / one_by_one["kept_s"],
            "alone_ceiling_per_s": ceiling_alone,
            "alone_ratio": alone / one_by_one["kept_s"] / ceiling_alone,
            "emptied_per_s": blocks / together["emptied_s"],
        },
    )


async def _spool(folder: Path, blocks: int, at_once: int) -> dict[str, float]:
    numbers = ["--blocks", str(blocks), "--at-once", str(at_once), "--bytes", str(BYTES)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.spool_trial", str(folder), *numbers, stdout=PIPE, stderr=PIPE
    )
    told, errors = await process.communicate()
    if process.returncode:
        raise CannotStart(errors.decode(errors="replace").strip())
    seconds: dict[str, float] = json.loads(told)
    return seconds


def _bare(path: Path, rows: int, at_once: int) -> float:
    """Give the seconds that SQLite alone takes."""
    payload = os.urandom(BYTES)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        file.execute("CREATE TABLE kept (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
        clock = SystemClock()
        began = clock.monotonic()
        for first in range(0, rows, at_once):
            last = min(rows, first + at_once)
            file.execute("BEGIN IMMEDIATE")
            file.executemany(
                "INSERT INTO kept VALUES (?, ?)", [(seq, payload) for seq in range(first, last)]
            )
            file.execute("COMMIT")
        return clock.monotonic() - began
