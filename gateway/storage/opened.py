"""The gateway's database for a command: its folder and tables are made where they are not there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.schema import upgrade


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await upgrade(database.engine)
        yield database
    finally:
        await database.close()
