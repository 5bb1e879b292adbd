"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "entrypoint_0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "entrypoint_entrypoints",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("entrypoint", sa.Text, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False, index=True),
        sa.Column("deprecated", sa.Text),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("last_used", TIME),
        sa.Column("use_count", sa.Integer, nullable=False),
        sa.UniqueConstraint("owner", "name", name="entrypoint_owner_name"),
    )
    for table, column, length in (
        ("entrypoint_systems", "system", 64),
        ("entrypoint_shares", "group", 255),
    ):
        op.create_table(
            table,
            sa.Column(
                "entrypoint_id",
                sa.String(32),
                sa.ForeignKey("entrypoint_entrypoints.id", ondelete="CASCADE"),
                primary_key=True,
            ),
            sa.Column(
                column,
                sa.String(length),
                primary_key=True,
                index=column == "group",
            ),
        )
    op.create_table(
        "entrypoint_selections",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("system", sa.String(64), primary_key=True),
        sa.Column("server", sa.String(255), primary_key=True),
        sa.Column("entrypoint_id", sa.Text, nullable=False, index=True),
        sa.Column("name", sa.String(4096), nullable=False),
        sa.Column("selected", TIME, nullable=False),
    )
    op.create_table(
        "entrypoint_checks",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("entrypoint_id", sa.Text, primary_key=True),
        sa.Column("system", sa.String(64), primary_key=True),
        sa.Column("result", sa.Boolean),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("checked", TIME, nullable=False, index=True),
    )
    op.create_table(
        "entrypoint_audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("entrypoint_id", sa.Text, nullable=False),
        sa.Column("name", sa.String(4096), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("entrypoint_audit_owner", "entrypoint_audit", ["owner", "id"])


def downgrade() -> None:
    for table in ("audit", "checks", "selections", "shares", "systems", "entrypoints"):
        op.drop_table(f"entrypoint_{table}")
