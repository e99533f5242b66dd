"""Every table of the gateway, and bringing a database to the newest of their revisions."""

from importlib import import_module, resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.storage.database import POSTGRESQL, Database
from gateway.storage.tables import Base

# A module is here as soon as it has tables: Alembic compares the database with what was imported.
TABLES = (
    "gateway.storage.tables",
    "gateway.storage.case_tables",
    "gateway.storage.capture_tables",
    "gateway.storage.work_tables",
    "gateway.storage.still_tables",
    "gateway.storage.series_tables",
    "gateway.storage.identity_tables",
    "gateway.storage.commissioning_tables",
    "gateway.storage.metering_tables",
    "gateway.storage.channel_tables",
    "gateway.storage.delivery_tables",
    "gateway.storage.planned_tables",
    "gateway.storage.webhook_tables",
    "gateway.storage.leases",
)

for module in TABLES:
    import_module(module)

metadata = Base.metadata


async def upgrade(database: Database) -> None:
    """Apply the migrations that the database has not seen. Safe to call at every start."""
    try:
        async with database.transaction() as session:
            await (await session.connection()).run_sync(_upgrade)
    finally:
        if database.name != POSTGRESQL:
            await database.engine.dispose()  # with the connection that looks at no references


async def revision_of(session: AsyncSession) -> str | None:
    """Give the revision that the database is of; None where it has no tables yet."""

    def ask(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    return await (await session.connection()).run_sync(ask)


def known_revisions() -> list[str]:
    """Give the revisions that are shipped, the newest first."""
    scripts = ScriptDirectory.from_config(_shipped())
    return [script.revision for script in scripts.walk_revisions()]


def configuration(connection: Connection) -> Config:
    """Give Alembic's settings: the migrations that are shipped, over this connection."""
    config = _shipped()
    config.attributes["connection"] = connection
    return config


def _shipped() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("gateway") / "migrations"))
    return config


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # A table is changed by a copy that takes its place while others refer to it; the driver
        # begins at the first row that is written, and tables changed before would stay so.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    command.upgrade(configuration(connection), "head")
