"""What the region has sent, in columns on disk, and the proof that the store holds just that.

Of each signal it keeps how many readings were sent, the sum of their times in milliseconds and the
sum of their values, which are whole numbers: any reading that is missing, changed or there twice
changes one of them.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND

MILLISECOND = SECOND // 1000
COLUMNS: dict[str, np.dtype[Any]] = {
    "count": np.dtype("<u4"),
    "times": np.dtype("<i8"),
    "values": np.dtype("<f8"),
}
SERIES = np.dtype("<u4")


class Page(msgspec.Struct):
    """Where the signals of an edge stand in the columns."""

    edge: str
    epoch: str
    offset: int
    signals: int


class Contents(msgspec.Struct):
    """since: nanoseconds UTC; what the store has from before is of a former run."""

    since: int
    pages: list[Page]


class Ledger:
    """Of one run, which begins at `since`, nanoseconds UTC.

    alarms: raised, by device and condition; True once they were cleared.
    """

    def __init__(self, folder: Path, pages: Sequence[Page], since: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.alarms: dict[tuple[str, str], bool] = {}
        size = max(1, sum(page.signals for page in pages))
        self._columns = {
            name: np.memmap(folder / name, dtype, "w+", shape=(size,))
            for name, dtype in COLUMNS.items()
        }
        contents = Contents(since, list(pages))
        (folder / "contents.json").write_bytes(msgspec.json.encode(contents))

    def note(self, offset: int, numbers: NDArray[np.uint32], time: int, values: NDArray[np.float64]
    ) -> None:  # fmt: skip
        """Note readings of one moment, none of a signal twice. time: nanoseconds UTC."""
        rows = numbers + offset
        self._columns["count"][rows] += 1
        self._columns["times"][rows] += time // MILLISECOND
        self._columns["values"][rows] += values

    def close(self) -> None:
        """Write what is not on disk yet."""
        for column in self._columns.values():
            column.flush()
        alarms = [(*which, is_over) for which, is_over in self.alarms.items()]
        (self._folder / "alarms.json").write_bytes(msgspec.json.encode(alarms))


@dataclass(frozen=True, slots=True)
class Proof:
    """sent, stored: readings. wrong: signals of which the sums differ though the number does not.
    alarms_lost: alarms without their incident, or whose end it does not know."""

    sent: int
    stored: int
    lost: int
    doubled: int
    wrong: int
    alarms: int
    alarms_lost: int

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.alarms_lost)


def prove(folder: Path, data: Path) -> Proof:
    """Compare a ledger with the stores of a gateway that is stopped. data: its folder."""
    contents = msgspec.json.decode((folder / "contents.json").read_bytes(), type=Contents)
    sent = {name: np.fromfile(folder / name, dtype) for name, dtype in COLUMNS.items()}
    with closing(sqlite3.connect(data / "kvartal.sqlite")) as cases:
        series = _series(cases, contents.pages, len(sent["count"]))
        alarms, alarms_lost = _alarms(cases, folder)
    stored = _stored(data, int(series.max()) + 1, contents.since)
    found = {name: column[series] for name, column in stored.items()}
    found["count"][series == 0] = 0  # of signals that were never born
    difference = found["count"].astype(np.int64) - sent["count"]
    is_wrong = (found["times"] != sent["times"]) | (found["values"] != sent["values"])
    return Proof(
        sent=int(sent["count"].sum(dtype=np.int64)),
        stored=int(stored["count"].sum(dtype=np.int64)),
        lost=int(-difference[difference < 0].sum()),
        doubled=int(difference[difference > 0].sum()),
        wrong=int((is_wrong & (difference == 0) & (sent["count"] > 0)).sum()),
        alarms=alarms,
        alarms_lost=alarms_lost,
    )


def _series(cases: sqlite3.Connection, pages: Sequence[Page], size: int) -> NDArray[np.uint32]:
    """Give the permanent series of each signal, as the gateway took it from the birth."""
    series = np.zeros(size, SERIES)
    query = "SELECT series FROM edge_sessions WHERE edge = ? AND epoch = ?"
    for page in pages:
        for (born,) in cases.execute(query, (page.edge, page.epoch)):
            series[page.offset : page.offset + page.signals] = np.frombuffer(born, SERIES)
    return series


def _alarms(cases: sqlite3.Connection, folder: Path) -> tuple[int, int]:
    told = msgspec.json.decode(
        (folder / "alarms.json").read_bytes(), type=set[tuple[str, str, bool]]
    )
    query = "SELECT device, condition, cleared_at IS NOT NULL FROM incidents"
    known = {(device, condition, bool(over)) for device, condition, over in cases.execute(query)}
    return len(told), len(told - known)


def _stored(data: Path, size: int, since: int) -> dict[str, NDArray[Any]]:
    """Sum up what is stored from a moment on, by series."""
    parts = ["SELECT series, time, value FROM readings", "SELECT series, time, value FROM late"]
    if sealed := sorted((data / "series").glob("*.parquet")):
        files = [str(each) for each in sealed]
        parts.append(f"SELECT series, time, value FROM read_parquet({files})")  # noqa: S608
    query = (
        f"SELECT series, count(*), sum(time // {MILLISECOND})::BIGINT, sum(value) "  # noqa: S608
        f"FROM ({' UNION ALL '.join(parts)}) WHERE series < {size} AND time >= {since} "
        "GROUP BY series"
    )
    with duckdb.connect(str(data / "readings.duckdb"), read_only=True) as connection:
        columns = list(connection.execute(query).fetchnumpy().values())
    stored: dict[str, NDArray[Any]] = {}
    for (name, dtype), column in zip(COLUMNS.items(), columns[1:], strict=True):
        stored[name] = np.zeros(size, dtype)
        stored[name][columns[0]] = column
    return stored
