"""Checks, their results, days, tallies and incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "status_0001"
down_revision = None
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def check_name(primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey("status_check.name", ondelete="CASCADE")
    return sa.Column(
        "check", sa.String(64), owner, nullable=False, primary_key=primary_key
    )


def upgrade() -> None:
    op.create_table(
        "status_check",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("interval", sa.Double, nullable=False),
        sa.Column("next_run", sa.Double, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("memo", sa.JSON, nullable=False),
    )
    op.create_table(
        "status_result",
        sa.Column("id", Number, primary_key=True),
        check_name(),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("msg", sa.Text, nullable=False),
        sa.Column("stages", sa.JSON, nullable=False),
        sa.Column("numbers", sa.JSON, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("status_result_by_time", "status_result", ["check", "time"])
    op.create_table(
        "status_day",
        check_name(primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("ok", "warning", "critical", "unknown", "maintenance")
        ),
    )
    op.create_table(
        "status_tally",
        check_name(primary_key=True),
        sa.Column("what", sa.String(120), primary_key=True),
        sa.Column("count", Number, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("buckets", sa.JSON, nullable=False),
        sa.Column("last", sa.Double, nullable=False),
    )
    op.create_table(
        "status_incident",
        sa.Column("id", Number, primary_key=True),
        check_name(),
        sa.Column("begin", sa.Double, nullable=False),
        sa.Column("end", sa.Double),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("status_incident_by_begin", "status_incident", ["begin"])


def downgrade() -> None:
    for table in ("incident", "tally", "day", "result", "check"):
        op.drop_table(f"status_{table}")
