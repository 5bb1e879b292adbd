"""What is kept. Times are seconds since 1970, in UTC."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()
# SQLite counts up only what it calls INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


def check_name(primary_key: bool = False) -> Column[str]:
    owner = ForeignKey("status_check.name", ondelete="CASCADE")
    return Column("check", String(64), owner, nullable=False, primary_key=primary_key)


def notice_columns() -> list[Column[Any]]:
    return [
        Column("kind", String(16), nullable=False),
        Column("title", String(200), nullable=False),
        Column("text", Text, nullable=False),
        Column("begin", Double, nullable=False),
        Column("end", Double),
        Column("author", String(255), nullable=False),
        Column("changed", Double, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
    ]


# A check's place in the plan, and what the next run has to know of the last.
checks = Table(
    "status_check",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("interval", Double, nullable=False),
    Column("next_run", Double, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("memo", JSON, nullable=False),
)

results = Table(
    "status_result",
    metadata,
    Column("id", Number, primary_key=True),
    check_name(),
    Column("time", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("code", Integer, nullable=False),
    Column("msg", Text, nullable=False),
    Column("stages", JSON, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    Index("status_result_by_time", "check", "time"),
    Index("status_result_by_id", "check", "id"),
)

# A day's results of a check, kept when the results themselves are not.
days = Table(
    "status_day",
    metadata,
    check_name(primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("ok", Integer, nullable=False),
    Column("warning", Integer, nullable=False),
    Column("critical", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    # Failures while maintenance was announced; counted nowhere else.
    Column("maintenance", Integer, nullable=False),
)

# Counts since ever, so that a restart resets no counter.
tallies = Table(
    "status_tally",
    metadata,
    check_name(primary_key=True),
    # An outcome (OK, …), or a stage as stage:NAME.
    Column("what", String(120), primary_key=True),
    Column("count", Number, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("buckets", JSON, nullable=False),
    Column("last", Double, nullable=False),
)

incidents = Table(
    "status_incident",
    metadata,
    Column("id", Number, primary_key=True),
    check_name(),
    Column("begin", Double, nullable=False),
    Column("end", Double),
    Column("code", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    # When somebody was told of it last.
    Column("notified", Double),
    Index("status_incident_by_begin", "begin"),
)

notices = Table(
    "status_notice",
    metadata,
    Column("id", Number, primary_key=True),
    *notice_columns(),
)

# Every state that a notice was ever in.
revisions = Table(
    "status_notice_revision",
    metadata,
    Column("id", Number, primary_key=True),
    Column("notice", Number, ForeignKey("status_notice.id"), nullable=False),
    *notice_columns(),
)

# Notifications that are not delivered yet.
deliveries = Table(
    "status_delivery",
    metadata,
    Column("id", Number, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("message", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Double, nullable=False),
)
