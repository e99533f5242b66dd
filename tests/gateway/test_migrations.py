"""A database that was migrated is what the models say."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from gateway.settings import load_settings
from gateway.storage.database import Database
from gateway.storage.schema import configuration
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


def _on(url: str, work: Callable[[Config], None]) -> None:
    def on(connection: Connection) -> None:
        work(configuration(connection))

    async def run() -> None:
        database = Database(load_settings(database_url=url).database)
        async with database.engine.begin() as connection:
            await connection.run_sync(on)
        await database.close()

    asyncio.run(run())
