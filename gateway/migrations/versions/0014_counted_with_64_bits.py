"""What the store counts has 64 bits"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COUNTED = {  # by table: the number it counts, and the numbers of others that it refers to
    "acknowledgements": ("", "incident_id"),
    "appeal_clocks": ("", "appeal_id"),
    "appeals": ("id", "case_id"),
    "bindings": ("id",),
    "born_devices": ("id",),
    "born_profiles": ("id",),
    "case_clocks": ("", "case_id"),
    "cases": ("id", "merged_into"),
    "commands": ("", "case_id"),
    "evidence": ("id", "case_id", "appeal_id"),
    "feeds": ("id",),
    "incidents": ("id", "case_id", "still_id"),
    "outbox": ("seq",),
    "outbox_readers": ("", "seq"),
    "overrides": ("id",),
    "replacements": ("id",),
    "routes": ("id",),
    "sign_offs": ("id",),
    "timeline": ("id", "case_id"),
}


def upgrade() -> None:
    widen("bigint", sa.BigInteger())


def downgrade() -> None:
    widen("integer", sa.Integer())


def widen(sequence: str, kind: sa.types.TypeEngine[int]) -> None:
    """Give the columns a type, and their sequences. An INTEGER of SQLite has 64 bits already."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, (own, *others) in COUNTED.items():
        for column in filter(None, (own, *others)):
            op.alter_column(table, column, type_=kind)
        if own:
            op.execute(f"ALTER SEQUENCE {table}_{own}_seq AS {sequence}")
