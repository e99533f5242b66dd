"""Whether it is fixed"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("appeals", sa.Column("fixed", sa.Boolean(), nullable=True))
    op.add_column("appeals", sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("appeals", "fixed_at")
    op.drop_column("appeals", "fixed")
