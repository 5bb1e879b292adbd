"""Stops, leases, warnings, removed users, sweeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "culler_0001"
down_revision = None
branch_labels = None
depends_on = None


def name(column: str, primary_key: bool = False) -> sa.Column[str]:
    kind = sa.String(255)
    return sa.Column(column, kind, nullable=False, primary_key=primary_key)


def text(column: str) -> sa.Column[str]:
    return sa.Column(column, sa.Text(), nullable=False)


def time(column: str, nullable: bool = False) -> sa.Column:
    return sa.Column(column, sa.DateTime(timezone=True), nullable=nullable)


def number(column: str) -> sa.Column[int]:
    return sa.Column(column, sa.Integer(), nullable=False)


def key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "culler_stops",
        key(),
        time("at"),
        time("finished_at", nullable=True),
        *(name(column) for column in ("kind", "user", "server", "rule", "cause")),
        text("reason"),
        name("by"),
        name("outcome"),
        text("detail"),
    )
    op.create_index("culler_stops_by_user", "culler_stops", ["user", "at"])
    op.create_index("culler_stops_by_time", "culler_stops", ["at"])
    op.create_index("culler_stops_by_outcome", "culler_stops", ["outcome"])
    op.create_table(
        "culler_leases",
        key(),
        name("user"),
        name("server"),
        time("granted_at"),
        time("until"),
        name("by"),
        time("revoked_at", nullable=True),
    )
    op.create_index("culler_leases_by_user", "culler_leases", ["user", "server"])
    op.create_table(
        "culler_warnings",
        name("user", primary_key=True),
        name("server", primary_key=True),
        time("warned_at"),
        time("stop_at"),
        text("reason"),
    )
    op.create_table(
        "culler_departed",
        name("user", primary_key=True),
        time("removed_at"),
        time("due_at"),
        name("state"),
        text("detail"),
    )
    op.create_table(
        "culler_sweeps",
        key(),
        time("started_at"),
        time("finished_at", nullable=True),
        *(number(column) for column in ("servers", "candidates", "stopped", "failed")),
        text("problem"),
    )


def downgrade() -> None:
    for table in ("stops", "leases", "warnings", "departed", "sweeps"):
        op.drop_table(f"culler_{table}")
