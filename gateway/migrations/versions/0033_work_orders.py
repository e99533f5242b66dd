"""Work orders"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "work_orders",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("case_id", COUNTED, nullable=False),
        sa.Column("executor", sa.String(length=64), nullable=False),
        sa.Column("hands", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_work_orders_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
    )
    op.create_index(op.f("ix_work_orders_case_id"), "work_orders", ["case_id"])

    op.create_table(
        "work_steps",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("order_id", COUNTED, nullable=False),
        sa.Column("verb", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_work_steps_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_steps")),
    )
    op.create_index(op.f("ix_work_steps_order_id"), "work_steps", ["order_id"])

    op.create_table(
        "work_answers",
        sa.Column("number", COUNTED, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("order_id", COUNTED, nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("evidence_id", COUNTED, nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_work_answers_evidence_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_work_answers_order_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_work_answers")),
        sa.UniqueConstraint("id", name=op.f("uq_work_answers_id")),
    )
    op.create_index(op.f("ix_work_answers_order_id"), "work_answers", ["order_id"])


def downgrade() -> None:
    op.drop_table("work_answers")
    op.drop_table("work_steps")
    op.drop_table("work_orders")
