"""How photos were taken, and a key to sign what they are taken with"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "captures",
        sa.Column("evidence_id", COUNTED, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=True),
        sa.Column("nonce", sa.String(length=32), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("asset", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_captures_evidence_id")
        ),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_captures")),
        sa.UniqueConstraint("id", name=op.f("uq_captures_id")),
        sa.UniqueConstraint("nonce", name=op.f("uq_captures_nonce")),
    )
    op.create_index(op.f("ix_captures_sha256"), "captures", ["sha256"])
    keys = op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_signing_keys")),
    )
    op.bulk_insert(keys, [{"name": "captures", "key": secrets.token_bytes(32)}])
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reasons", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(
            sa.Column("item", sa.String(length=64), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("used_in", COUNTED, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_column("used_in")
        batch_op.drop_column("item")
        batch_op.drop_column("reasons")
    op.drop_table("signing_keys")
    op.drop_table("captures")
