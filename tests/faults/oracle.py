"""What devices sent, held against what the gateway has stored and what still lies at the edge."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from adapters import wire
from tests.conftest import Fault


def stored(folder: Path) -> Counter[float]:
    """Count the rows of each value in the gateway's store, those that wait to be sorted in, too.

    Nobody may have it open.
    """
    with duckdb.connect(str(folder / "readings.duckdb"), read_only=True) as connection:
        query = "SELECT value FROM readings UNION ALL SELECT value FROM late"
        return Counter(value for (value,) in connection.execute(query).fetchall())


def spooled(spool: Path) -> Counter[float]:
    """Count the readings of each value that an edge has kept, for they are not acknowledged."""
    connection = sqlite3.connect(spool)
    payloads = [row[0] for row in connection.execute("SELECT payload FROM telemetry")]
    connection.close()
    blocks = [wire.decode(each, wire.TelemetryBlock) for each in payloads]
    return Counter(value for each in blocks for value in wire.readings(each).value.tolist())


def judged(
    name: str, took_s: Sequence[float], state: Path, *, sent: list[float], promised: list[float]
) -> Fault:
    """Judge an installation that has ended, by the folder of its state.

    took_s: seconds of each round. sent: every value that devices have sent. promised: those that no
    fault may cost.
    """
    rows, kept = stored(state / "gateway"), spooled(state / "edge" / "spool.db")
    all_sent, wanted = Counter(sent), Counter(promised)
    return Fault(
        name,
        len(took_s),
        acknowledged=(wanted & rows).total(),
        lost=(wanted - rows - kept).total(),
        duplicates=sum(rows[value] > times for value, times in all_sent.items()),
        slowest_s=max(took_s),
    )
