"""The same rows by the bare driver: the ceiling of what a store takes."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

from core.clock import SystemClock

Rows: TypeAlias = Mapping[str, Sequence[tuple[Any, ...]]]  # by table


def on_sqlite(source: Path, copy: Path, since: Mapping[str, str], commits: int) -> float:
    """Give the seconds for the rows of these tables in so many transactions.

    since: by table, what of it is meant, as SQL says it.
    """
    with (
        closing(sqlite3.connect(source)) as kept,
        closing(sqlite3.connect(copy, isolation_level=None)) as file,
    ):
        file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for table, which in since.items():
            made = kept.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", [table]
            )
            for (statement,) in made.fetchall():
                file.execute(statement)
            rows[table] = kept.execute(f"SELECT * FROM {table} WHERE {which}").fetchall()  # noqa: S608
        clock = SystemClock()
        began = clock.monotonic()
        for part in _parts(rows, commits):
            file.execute("BEGIN IMMEDIATE")
            for table, some in part.items():
                marks = ", ".join("?" * len(some[0]))
                file.executemany(f"INSERT INTO {table} VALUES ({marks})", some)  # noqa: S608
            file.execute("COMMIT")
        return clock.monotonic() - began


async def on_postgresql(url: str, since: Mapping[str, str], commits: int) -> float:
    """Give the seconds for the rows of these tables in so many transactions, in copies of them."""
    connection = await asyncpg.connect(url)
    try:
        rows: dict[str, Sequence[tuple[Any, ...]]] = {}
        for table, which in since.items():
            await connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES)")
            found = await connection.fetch(f"SELECT * FROM {table} WHERE {which}")  # noqa: S608
            rows[table] = [tuple(row) for row in found]
        clock = SystemClock()
        began = clock.monotonic()
        for part in _parts(rows, commits):
            async with connection.transaction():
                for table, some in part.items():
                    marks = ", ".join(f"${at}" for at in range(1, len(some[0]) + 1))
                    await connection.executemany(
                        f"INSERT INTO bare_{table} VALUES ({marks})",  # noqa: S608
                        some,
                    )
        return clock.monotonic() - began
    finally:
        await connection.close()


def _parts(rows: Rows, count: int) -> Iterator[Rows]:
    """Give the rows in so many parts, each with its share of every table."""
    for at in range(count):
        part = {
            table: some[len(some) * at // count : len(some) * (at + 1) // count]
            for table, some in rows.items()
        }
        yield {table: some for table, some in part.items() if some}
