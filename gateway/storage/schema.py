"""Every table of the gateway, and bringing a database to the newest of their revisions."""

from importlib import import_module, resources

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from gateway.storage.database import Database
from gateway.storage.tables import Base

# A module is here as soon as it has tables: Alembic compares the database with what was imported.
TABLES = (
    "gateway.storage.tables",
    "gateway.storage.case_tables",
    "gateway.storage.still_tables",
    "gateway.storage.series_tables",
    "gateway.storage.identity_tables",
    "gateway.storage.commissioning_tables",
)

for module in TABLES:
    import_module(module)

metadata = Base.metadata


async def upgrade(database: Database) -> None:
    """Apply the migrations that the database has not seen. Safe to call at every start."""
    async with database.transaction() as session:
        await (await session.connection()).run_sync(_upgrade)


def configuration(connection: Connection) -> Config:
    """Give Alembic's settings: the migrations that are shipped, over this connection."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("gateway") / "migrations"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")
