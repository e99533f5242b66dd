"""Planned works"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "planned_works",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("assets", sa.JSON(), nullable=False),
        sa.Column("executor", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=200), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("result", sa.String(length=2000), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=False),
        sa.Column("photo_type", sa.String(length=30), nullable=False),
        sa.Column("suppressions", sa.JSON(), nullable=False),
        sa.Column("overrun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place_path", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_planned_works_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_works")),
    )
    with op.batch_alter_table("planned_works", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_planned_works_done_at"), ["done_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_planned_works_place_path"), ["place_path"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_planned_works_since"), ["since"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("planned_works", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_planned_works_since"))
        batch_op.drop_index(batch_op.f("ix_planned_works_place_path"))
        batch_op.drop_index(batch_op.f("ix_planned_works_done_at"))

    op.drop_table("planned_works")
