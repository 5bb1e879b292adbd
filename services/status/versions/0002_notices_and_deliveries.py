"""Announcements, maintenance, and notifications on their way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "status_0002"
down_revision = "status_0001"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def notice_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("begin", sa.Double, nullable=False),
        sa.Column("end", sa.Double),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "status_notice", sa.Column("id", Number, primary_key=True), *notice_columns()
    )
    op.create_table(
        "status_notice_revision",
        sa.Column("id", Number, primary_key=True),
        sa.Column("notice", Number, sa.ForeignKey("status_notice.id"), nullable=False),
        *notice_columns(),
    )
    op.create_table(
        "status_delivery",
        sa.Column("id", Number, primary_key=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("message", sa.JSON, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", sa.Double, nullable=False),
    )
    op.create_index("status_result_by_id", "status_result", ["check", "id"])
    op.add_column("status_incident", sa.Column("notified", sa.Double))


def downgrade() -> None:
    with op.batch_alter_table("status_incident") as incident:
        incident.drop_column("notified")
    op.drop_index("status_result_by_id", "status_result")
    for table in ("delivery", "notice_revision", "notice"):
        op.drop_table(f"status_{table}")
