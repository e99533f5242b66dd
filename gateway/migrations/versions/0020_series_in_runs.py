"""Series in runs: a row for the signals of a device that were numbered together"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

AT_ONCE = 50_000  # rows; there may be millions


def upgrade() -> None:
    runs = op.create_table(
        "series_runs",
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("signals", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_series_runs")),
    )
    for rows in pages("SELECT id, device, signal FROM series WHERE id > :after ORDER BY id"):
        op.bulk_insert(runs, [run(together) for together in in_runs(rows)])
    op.drop_table("series")


def downgrade() -> None:
    series = op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("signal", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("device", "signal", name=op.f("uq_series_device_signal")),
        sqlite_autoincrement=True,
    )
    query = "SELECT first, device, signals FROM series_runs WHERE first > :after ORDER BY first"
    for rows in pages(query):
        op.bulk_insert(
            series,
            [
                {"id": number, "device": row.device, "signal": signal}
                for row in rows
                for number, signal in enumerate(msgspec.json.decode(row.signals), row.first)
            ],
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval('series_id_seq', (SELECT max(id) FROM series))")
    op.drop_table("series_runs")


def pages(query: str) -> Iterator[Sequence[sa.Row[Any]]]:
    """Give the rows of a query, whose first column is their ascending key."""
    after, query = 0, f"{query} LIMIT {AT_ONCE}"
    while rows := op.get_bind().execute(sa.text(query), {"after": after}).fetchall():
        yield rows
        after = rows[-1][0]


def in_runs(rows: Sequence[sa.Row[Any]]) -> Iterator[list[sa.Row[Any]]]:
    """Give the rows of one device whose numbers follow one another."""
    numbered = enumerate(rows)
    for _, together in groupby(numbered, lambda each: (each[1].device, each[1].id - each[0])):
        yield [row for _, row in together]


def run(rows: Sequence[sa.Row[Any]]) -> dict[str, Any]:
    signals = msgspec.json.encode([row.signal for row in rows]).decode()
    first, last = rows[0].id, rows[-1].id
    return {"first": first, "last": last, "device": rows[0].device, "signals": signals}
