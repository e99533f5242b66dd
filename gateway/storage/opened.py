"""The gateway's database, opened: its folder and tables are made where they are not there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import ConfigError
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.failures import StoreAway, StoreRefuses, patiently
from gateway.storage.schema import upgrade


@asynccontextmanager
async def opened(settings: Settings, *, waits: bool = False) -> AsyncIterator[Database]:
    """Give the database. ConfigError where it refuses us, or cannot be reached.

    waits: for a store that cannot be reached, as long as it takes.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database, settings.database_tls())

    async def migrate() -> None:
        try:
            await upgrade(database)
        except StoreAway as error:
            if waits and not isinstance(error, StoreRefuses):
                raise
            where = settings.database.render_as_string(hide_password=True)
            raise ConfigError(f"database_url: {where}: {error}") from error

    try:
        await patiently(migrate)
        yield database
    finally:
        await database.close()
