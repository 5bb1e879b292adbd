"""The records: entrypoints, who chose which, how checks ended, and who did what."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    return datetime.now(timezone.utc)


class UTCTime(TypeDecorator[datetime]):
    """SQLite forgets time zones: everything in it is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Any) -> Any:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=timezone.utc)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UTCTime}


class EntrypointSystem(Base):
    """An entrypoint is there on that system."""

    __tablename__ = "entrypoint_systems"
    entrypoint_id: Mapped[str] = mapped_column(
        ForeignKey("entrypoint_entrypoints.id", ondelete="CASCADE"), primary_key=True
    )
    system: Mapped[str] = mapped_column(String(64), primary_key=True)


class EntrypointShare(Base):
    """An entrypoint is there for the members of that group."""

    __tablename__ = "entrypoint_shares"
    entrypoint_id: Mapped[str] = mapped_column(
        ForeignKey("entrypoint_entrypoints.id", ondelete="CASCADE"), primary_key=True
    )
    group: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)


class Entrypoint(Base):
    """What a user wrote down, and who may use it."""

    __tablename__ = "entrypoint_entrypoints"
    __table_args__ = (UniqueConstraint("owner", "name", name="entrypoint_owner_name"),)
    id: Mapped[str] = mapped_column(
        String(32), primary_key=True, default=lambda: uuid.uuid4().hex
    )
    owner: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(64))
    entrypoint: Mapped[str] = mapped_column(Text)
    # The type's further fields.
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    public: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    deprecated: Mapped[str | None] = mapped_column(Text, default=None)
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now)
    last_used: Mapped[datetime | None] = mapped_column(default=None)
    use_count: Mapped[int] = mapped_column(Integer, default=0)
    on_systems: Mapped[list[EntrypointSystem]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    shares: Mapped[list[EntrypointShare]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    def __init__(self, **values: Any) -> None:
        # Set at once, for what is not set would have to be asked for after storing.
        super().__init__(**{"on_systems": [], "shares": [], **values})

    @property
    def systems(self) -> list[str]:
        return sorted(row.system for row in self.on_systems)

    @systems.setter
    def systems(self, names: list[str]) -> None:
        kept = {row.system: row for row in self.on_systems}
        self.on_systems = [
            kept.get(name) or EntrypointSystem(system=name) for name in set(names)
        ]

    @property
    def groups(self) -> list[str]:
        return sorted(row.group for row in self.shares)

    @groups.setter
    def groups(self, names: list[str]) -> None:
        kept = {row.group: row for row in self.shares}
        self.shares = [
            kept.get(name) or EntrypointShare(group=name) for name in set(names)
        ]

    @property
    def version(self) -> str:
        """Another one after each change that somebody made."""
        if self.updated is None:
            return ""  # an option of the site's, which nobody changes here
        return f"{self.updated.astimezone(timezone.utc):%Y%m%d%H%M%S%f}"

    @property
    def typed(self) -> dict[str, Any]:
        """What was filled in, as the type takes it."""
        return {"entrypoint": self.entrypoint, **self.fields}


class Selection(Base):
    """What a user chose for a system; `server` is empty for all their servers.

    The name is kept, so that a message can say what is missing when the
    entrypoint is no longer there. So the id is no reference.
    """

    __tablename__ = "entrypoint_selections"
    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    server: Mapped[str] = mapped_column(String(255), primary_key=True, default="")
    entrypoint_id: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str] = mapped_column(String(4096))
    selected: Mapped[datetime] = mapped_column(default=now)


class Check(Base):
    """How the last check of an entrypoint ended, for one user on one system."""

    __tablename__ = "entrypoint_checks"
    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    entrypoint_id: Mapped[str] = mapped_column(Text, primary_key=True)
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    result: Mapped[bool | None] = mapped_column(Boolean)
    message: Mapped[str] = mapped_column(Text)
    checked: Mapped[datetime] = mapped_column(default=now, index=True)


class AuditEvent(Base):
    """A change: who did what to whose."""

    __tablename__ = "entrypoint_audit"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(String(255))
    entrypoint_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(4096))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    __table_args__ = (Index("entrypoint_audit_owner", "owner", "id"),)
