"""A database that was migrated is what the models say."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from gateway.settings import load_settings
from gateway.storage.database import Database
from gateway.storage.schema import configuration, known_revisions, revision_of, upgrade
from tests.gateway.postgresql import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database in which there is nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kvartal.sqlite'}"
        return
    server: Cluster = request.getfixturevalue("postgresql")
    with server.database() as name:
        yield server.url(name)


def test_the_migrations_make_what_the_models_say(empty: str) -> None:
    def make_and_compare(config: Config) -> None:
        command.upgrade(config, "head")
        command.check(config)

    _on(empty, make_and_compare)


def test_the_migrations_can_be_taken_back(empty: str) -> None:
    def make_and_take_back(config: Config) -> None:
        command.upgrade(config, "head")
        command.downgrade(config, "base")

    _on(empty, make_and_take_back)


def test_an_upgrade_that_fails_midway_leaves_the_store_as_it_was(empty: str) -> None:
    """The last of several steps fails, as where a disk is full; once it may go on, all is done."""

    async def story() -> None:
        database = Database(load_settings(database_url=empty).database)
        try:
            async with database.transaction() as session:
                connection = await session.connection()
                await connection.run_sync(_to_revision("0025"))
            before = await _tables(database)
            await _say(database, "CREATE TABLE planned_works (id INTEGER)")
            with pytest.raises(DBAPIError, match="planned_works"):
                await upgrade(database)
            await _say(database, "DROP TABLE planned_works")
            assert await _tables(database) == before
            await upgrade(database)
            async with database.reading() as session:
                assert await revision_of(session) == known_revisions()[0]
        finally:
            await database.close()

    asyncio.run(story())


def _to_revision(revision: str) -> Callable[[Connection], None]:
    return lambda connection: command.upgrade(configuration(connection), revision)


async def _say(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def _tables(database: Database) -> dict[str, list[str]]:
    """Give the columns of every table."""

    def look(connection: Connection) -> dict[str, list[str]]:
        found = inspect(connection)
        return {
            table: sorted(column["name"] for column in found.get_columns(table))
            for table in found.get_table_names()
        }

    async with database.reading() as session:
        return await (await session.connection()).run_sync(look)


def test_series_keep_their_numbers_when_they_are_put_together_in_runs(empty: str) -> None:
    series = [
        *[(1, "lamp-1", "power"), (2, "lamp-1", "state"), (4, "lamp-1", "energy")],
        *[(5, "lamp-2", "power"), (6, "lamp-1", 'cos "phi"')],
    ]

    def to_and_fro(config: Config) -> None:
        connection = config.attributes["connection"]
        command.upgrade(config, "0019")
        columns = [dict(zip(("id", "device", "signal"), each, strict=True)) for each in series]
        connection.execute(text("INSERT INTO series VALUES (:id, :device, :signal)"), columns)
        command.upgrade(config, "0020")
        runs = connection.execute(text("SELECT * FROM series_runs ORDER BY first")).all()
        assert [tuple(each) for each in runs] == [
            (1, 2, "lamp-1", '["power","state"]'),
            (4, 4, "lamp-1", '["energy"]'),
            (5, 5, "lamp-2", '["power"]'),
            (6, 6, "lamp-1", '["cos \\"phi\\""]'),
        ]
        command.downgrade(config, "0019")
        kept = connection.execute(text("SELECT * FROM series ORDER BY id")).all()
        assert [tuple(each) for each in kept] == series

    _on(empty, to_and_fro)


def _on(url: str, work: Callable[[Config], None]) -> None:
    def on(connection: Connection) -> None:
        work(configuration(connection))

    async def run() -> None:
        database = Database(load_settings(database_url=url).database)
        async with database.engine.begin() as connection:
            await connection.run_sync(on)
        await database.close()

    asyncio.run(run())


def test_a_store_in_which_rows_refer_to_each_other_is_upgraded(tmp_path: Path) -> None:
    """SQLite changes a table by a copy: what refers to it must neither stop that nor be lost."""
    url = f"sqlite:///{tmp_path / 'kvartal.sqlite'}"
    referring: dict[str, dict[str, int]] = {
        "cases": {},
        "incidents": {"case_id": 1},
        "acknowledgements": {"incident_id": 1},
    }

    def fill(connection: Connection) -> None:
        command.upgrade(configuration(connection), "0025")
        for table, references in referring.items():
            columns = inspect(connection).get_columns(table)
            row = {each["name"]: _some(each) for each in columns if not each["nullable"]}
            row |= {"id": 1} | references
            names = ", ".join(f'"{name}"' for name in row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608 - our tables

    async def story() -> None:
        database = Database(load_settings(database_url=url).database)
        try:
            async with database.transaction() as session:
                await (await session.connection()).run_sync(fill)
            await upgrade(database)
            async with database.reading() as session:
                for table in referring:
                    assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 1  # noqa: S608 - our tables
                assert (await session.execute(text("PRAGMA foreign_key_check"))).all() == []
                assert await session.scalar(text("PRAGMA foreign_keys")) == 1
        finally:
            await database.close()

    asyncio.run(story())


def _some(column: Any) -> object:
    """Give a value that such a column takes."""
    kind = str(column["type"]).upper()
    if "INT" in kind or "BOOL" in kind:
        return 1
    return {"JSON": "{}", "DATETIME": "2026-11-20 00:00:00.000000"}.get(kind, "x")
