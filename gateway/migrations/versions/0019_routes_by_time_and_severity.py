"""Routes by time and severity"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LENGTHS = {"days": 20, "hours": 20, "severity": 30}


def upgrade() -> None:
    with op.batch_alter_table("routes", schema=None) as batch_op:
        for name, length in LENGTHS.items():
            batch_op.add_column(
                sa.Column(name, sa.String(length=length), server_default="", nullable=False)
            )


def downgrade() -> None:
    with op.batch_alter_table("routes", schema=None) as batch_op:
        for name in LENGTHS:
            batch_op.drop_column(name)
