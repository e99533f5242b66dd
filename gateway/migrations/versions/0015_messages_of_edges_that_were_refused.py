"""Messages of edges that were refused"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("edge_states", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("refused", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("refusal", sa.String(length=500), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("edge_states", schema=None) as batch_op:
        batch_op.drop_column("refusal")
        batch_op.drop_column("refused")
