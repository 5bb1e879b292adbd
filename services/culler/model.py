"""The tables: what was stopped, who keeps what, who was warned, who is gone."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import DateTime, Dialect, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """Aware times in and out, also where the database keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(timezone.utc) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo:
            return value
        return value.replace(tzinfo=timezone.utc)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UTCDateTime(), str: String(255)}


class Stop(Base):
    """One server stopped or user removed, or the attempt: the audit log."""

    __tablename__ = "culler_stops"
    __table_args__ = (
        Index("culler_stops_by_user", "user", "at"),
        Index("culler_stops_by_time", "at"),
        Index("culler_stops_by_outcome", "outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # "server" or "user".
    kind: Mapped[str]
    user: Mapped[str]
    server: Mapped[str]
    rule: Mapped[str]
    cause: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    # The culler itself, or who pressed the button.
    by: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)


class Lease(Base):
    __tablename__ = "culler_leases"
    __table_args__ = (Index("culler_leases_by_user", "user", "server"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str]
    server: Mapped[str]
    granted_at: Mapped[datetime]
    until: Mapped[datetime]
    by: Mapped[str]
    revoked_at: Mapped[datetime | None]

    @property
    def ends(self) -> datetime:
        return min(self.until, self.revoked_at or self.until)


class Warning(Base):
    """The last time that somebody was told, for each server."""

    __tablename__ = "culler_warnings"

    user: Mapped[str] = mapped_column(primary_key=True)
    server: Mapped[str] = mapped_column(primary_key=True)
    warned_at: Mapped[datetime]
    stop_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)


class Departed(Base):
    """A removed user whose data waits for the end of its grace time."""

    __tablename__ = "culler_departed"

    user: Mapped[str] = mapped_column(primary_key=True)
    removed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)


class Sweep(Base):
    __tablename__ = "culler_sweeps"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    servers: Mapped[int]
    candidates: Mapped[int]
    stopped: Mapped[int]
    failed: Mapped[int]
    # Why nothing was stopped, or what went wrong; empty when all is well.
    problem: Mapped[str] = mapped_column(Text)
