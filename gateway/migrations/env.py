"""Alembic's entry: run the migrations over the connection that `storage/schema.py` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from gateway.storage.schema import metadata
from gateway.storage.tables import UtcTime


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write UtcTime as what it is in the database: a migration must not depend on our classes."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render,
    # SQLite cannot alter a column: the table is copied instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
