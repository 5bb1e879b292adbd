"""Every query. A change and its line in the audit log are one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload
from sqlalchemy.orm.attributes import set_committed_value

from ..database import Database
from ..errors import PublicError
from .model import (
    AuditEvent,
    Base,
    Check,
    Entrypoint,
    EntrypointShare,
    EntrypointSystem,
    Selection,
    now,
)
from .validators import Verdict


@dataclass(frozen=True)
class Person:
    """Whose list it is: a name, and the groups that share with them."""

    name: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Query:
    """What to list."""

    system: str = ""
    type: str = ""
    search: str = ""
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True)
class Page:
    """A part of a list, and how long all of it is."""

    items: Sequence[Any] = field(default_factory=tuple)
    total: int = 0


@dataclass(frozen=True)
class Choice:
    """What was chosen, and the entrypoint if it is still there."""

    selection: Selection
    entrypoint: Entrypoint | None
    check: Check | None


# Names of systems and groups are put together with a character that none can have.
BETWEEN = "\x1f"
CHOSEN = (
    select(
        Selection,
        Entrypoint,
        Check,
        select(func.aggregate_strings(EntrypointSystem.system, BETWEEN))
        .where(EntrypointSystem.entrypoint_id == Entrypoint.id)
        .scalar_subquery()
        .label("systems"),
        select(func.aggregate_strings(EntrypointShare.group, BETWEEN))
        .where(EntrypointShare.entrypoint_id == Entrypoint.id)
        .scalar_subquery()
        .label("groups"),
    )
    .join(Entrypoint, Entrypoint.id == Selection.entrypoint_id, isouter=True)
    .join(
        Check,
        and_(
            Check.user == Selection.user,
            Check.entrypoint_id == Selection.entrypoint_id,
            Check.system == Selection.system,
        ),
        isouter=True,
    )
    .where(
        Selection.user == bindparam("user"),
        Selection.system == bindparam("system"),
        Selection.server.in_([bindparam("server"), ""]),
    )
    .order_by(Selection.server.desc())
    .limit(1)
    .options(lazyload(Entrypoint.on_systems), lazyload(Entrypoint.shares))
)


COUNT_USE = (
    update(Entrypoint.__table__)  # type: ignore[arg-type]
    .where(Entrypoint.id == bindparam("used"))
    .values(use_count=Entrypoint.use_count + bindparam("times"))
)


def attach(entrypoint: Entrypoint, systems: str | None, groups: str | None) -> None:
    """Give it the rows that were read as one text each."""
    on = [EntrypointSystem(system=name) for name in split(systems)]
    shares = [EntrypointShare(group=name) for name in split(groups)]
    set_committed_value(entrypoint, "on_systems", on)
    set_committed_value(entrypoint, "shares", shares)


def split(names: str | None) -> list[str]:
    return names.split(BETWEEN) if names else []


class EntrypointStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Entrypoints.

    async def add(
        self, entrypoint: Entrypoint, actor: str, action: str = "add"
    ) -> None:
        with duplicates_refused(entrypoint.name):
            async with self._database.begin() as session:
                session.add(entrypoint)
                await session.flush()
                session.add(event(actor, action, entrypoint))

    async def get(self, entrypoint_id: str) -> Entrypoint | None:
        async with self._database.read() as session:
            return await session.get(Entrypoint, entrypoint_id)

    async def change(
        self,
        entrypoint_id: str,
        changes: Mapping[str, Any],
        actor: str,
        action: str,
        version: str | None = None,
    ) -> Entrypoint | None:
        """The changed one, or None if it is gone; 409 if it has another version."""
        with duplicates_refused(str(changes.get("name", ""))):
            async with self._database.begin() as session:
                entrypoint = await session.get(
                    Entrypoint, entrypoint_id, with_for_update=True
                )
                if entrypoint is None:
                    return None
                refuse_stale(entrypoint, version)
                before = {name: getattr(entrypoint, name) for name in changes}
                for name, value in changes.items():
                    setattr(entrypoint, name, value)
                entrypoint.updated = now()
                session.add(event(actor, action, entrypoint, before=before))
                if {"entrypoint", "fields", "systems"} & set(changes):
                    # What was checked is no longer what is there.
                    await forget_checks(session, entrypoint_id)
            return entrypoint

    async def remove(self, entrypoint: Entrypoint, actor: str) -> bool:
        """False if it is gone already. The owner's own selections go with it;
        those of others stay, and say what is missing when their server starts."""
        async with self._database.begin() as session:
            removed = await session.execute(
                delete(Entrypoint)
                .where(Entrypoint.id == entrypoint.id)
                .returning(Entrypoint.id)
            )
            if removed.scalar() is None:
                return False
            await session.execute(
                delete(Selection).where(
                    Selection.entrypoint_id == entrypoint.id,
                    Selection.user == entrypoint.owner,
                )
            )
            await forget_checks(session, entrypoint.id)
            session.add(event(actor, "remove", entrypoint, value=entrypoint.entrypoint))
        return True

    async def visible(self, person: Person, query: Query) -> Page:
        """What a person may use: their own, shared with a group, or published."""
        return await self._page(query, may_use(person))

    async def everything(self, query: Query) -> Page:
        return await self._page(query)

    async def owned(self, owner: str) -> Sequence[Entrypoint]:
        async with self._database.read() as session:
            found = await session.scalars(
                select(Entrypoint)
                .where(Entrypoint.owner == owner)
                .order_by(Entrypoint.name)
            )
            return found.all()

    async def _page(self, query: Query, *conditions: ColumnElement[bool]) -> Page:
        wanted = narrow(select(Entrypoint).where(*conditions), query)
        async with self._database.read() as session:
            total = await session.scalar(
                select(func.count()).select_from(wanted.subquery())
            )
            found = await session.scalars(
                wanted.order_by(func.lower(Entrypoint.name), Entrypoint.id)
                .offset(query.offset)
                .limit(query.limit)
            )
            return Page(found.all(), total or 0)

    # Selections.

    async def choose(
        self, user: str, system: str, server: str, chosen: tuple[str, str], actor: str
    ) -> None:
        """Set the selection to an id and the name it has now."""
        entrypoint_id, name = chosen
        row = {
            "user": user,
            "system": system,
            "server": server,
            "entrypoint_id": entrypoint_id,
            "name": name,
            "selected": now(),
        }
        async with self._database.begin() as session:
            await upsert(session, Selection, row)
            session.add(selection_event(actor, "select", row))

    async def clear(self, user: str, system: str, server: str, actor: str) -> bool:
        async with self._database.begin() as session:
            selection = await session.get(Selection, (user, system, server))
            if selection is None:
                return False
            row = {
                "user": user,
                "system": system,
                "server": server,
                "entrypoint_id": selection.entrypoint_id,
                "name": selection.name,
            }
            await session.execute(
                delete(Selection).where(*same(Selection, user, system, server))
            )
            session.add(selection_event(actor, "clear", row))
        return True

    async def chosen(self, user: str, system: str, server: str) -> Choice | None:
        """What starts that server: its own selection, or the one for all servers.

        One statement, for this is on the way to every server's start.
        """
        async with self._database.read() as session:
            found = await session.execute(
                CHOSEN, {"user": user, "system": system, "server": server}
            )
            row = found.first()
        if row is None:
            return None
        if row.Entrypoint is not None:
            attach(row.Entrypoint, row.systems, row.groups)
        return Choice(row.Selection, row.Entrypoint, row.Check)

    async def selections_of(self, entrypoint_ids: Collection[str]) -> dict[str, int]:
        """How many selections there are of each."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(Selection.entrypoint_id, func.count())
                .where(Selection.entrypoint_id.in_(entrypoint_ids))
                .group_by(Selection.entrypoint_id)
            )
            return {row[0]: row[1] for row in rows}

    async def used(self, counts: Mapping[str, int]) -> None:
        """Count uses; one transaction for many."""
        rows = [{"used": key, "times": counts[key]} for key in sorted(counts)]
        async with self._database.begin() as session:
            # One call for all: the look-ups meanwhile wait for no more than that.
            connection = await session.connection()
            await connection.execute(COUNT_USE.values(last_used=now()), rows)

    # Checks.

    async def record_check(
        self, user: str, entrypoint_id: str, system: str, verdict: Verdict
    ) -> None:
        row = {
            "user": user,
            "entrypoint_id": entrypoint_id,
            "system": system,
            "result": verdict.result,
            "message": verdict.message,
            "checked": now(),
        }
        async with self._database.begin() as session:
            await upsert(session, Check, row)

    async def checks(
        self, user: str, entrypoint_ids: Collection[str]
    ) -> dict[tuple[str, str], Check]:
        """The last checks for a user, by entrypoint and system."""
        async with self._database.read() as session:
            found = await session.scalars(
                select(Check).where(
                    Check.user == user, Check.entrypoint_id.in_(entrypoint_ids)
                )
            )
            return {(check.entrypoint_id, check.system): check for check in found}

    async def due(self, before: datetime, limit: int) -> list[tuple[str, str, str]]:
        """Selections (user, system, id) that were not checked since then."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(Selection.user, Selection.system, Selection.entrypoint_id)
                .join(
                    Check,
                    and_(
                        Check.user == Selection.user,
                        Check.system == Selection.system,
                        Check.entrypoint_id == Selection.entrypoint_id,
                    ),
                    isouter=True,
                )
                .where(or_(Check.checked.is_(None), Check.checked < before))
                .distinct()
                .limit(limit)
            )
            return [(row[0], row[1], row[2]) for row in rows]

    # The audit log.

    async def audit(self, owner: str, offset: int, limit: int) -> Page:
        """The newest first; of one owner, or of all."""
        wanted = select(AuditEvent)
        if owner:
            wanted = wanted.where(AuditEvent.owner == owner)
        async with self._database.read() as session:
            total = await session.scalar(
                select(func.count()).select_from(wanted.subquery())
            )
            found = await session.scalars(
                wanted.order_by(AuditEvent.id.desc()).offset(offset).limit(limit)
            )
            return Page(found.all(), total or 0)


def may_use(person: Person) -> ColumnElement[bool]:
    shared = select(EntrypointShare.entrypoint_id).where(
        EntrypointShare.group.in_(person.groups)
    )
    return or_(
        Entrypoint.owner == person.name,
        Entrypoint.public,
        Entrypoint.id.in_(shared),
    )


def narrow(wanted: Select[Any], query: Query) -> Select[Any]:
    if query.system:
        there = select(EntrypointSystem.entrypoint_id).where(
            EntrypointSystem.system == query.system
        )
        wanted = wanted.where(Entrypoint.id.in_(there))
    if query.type:
        wanted = wanted.where(Entrypoint.type == query.type)
    if query.search:
        wanted = wanted.where(
            or_(
                Entrypoint.name.icontains(query.search, autoescape=True),
                Entrypoint.entrypoint.icontains(query.search, autoescape=True),
            )
        )
    return wanted


def same(table: type[Selection], user: str, system: str, server: str) -> list[Any]:
    return [
        and_(table.user == user, table.system == system, table.server == server),
    ]


async def upsert(session: AsyncSession, table: type[Base], row: dict[str, Any]) -> None:
    """Insert, or replace what has the same key; one statement, so no race."""
    dialect = session.get_bind().dialect.name
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    keys = [column.name for column in table.__table__.primary_key]
    others = {name: value for name, value in row.items() if name not in keys}
    await session.execute(
        insert(table)
        .values(row)
        .on_conflict_do_update(index_elements=keys, set_=others)
    )


async def forget_checks(session: AsyncSession, entrypoint_id: str) -> None:
    await session.execute(delete(Check).where(Check.entrypoint_id == entrypoint_id))


def event(
    actor: str, action: str, entrypoint: Entrypoint, **details: Any
) -> AuditEvent:
    return AuditEvent(
        actor=actor,
        action=action,
        owner=entrypoint.owner,
        entrypoint_id=entrypoint.id,
        name=entrypoint.name,
        details=details,
    )


def selection_event(actor: str, action: str, row: Mapping[str, Any]) -> AuditEvent:
    return AuditEvent(
        actor=actor,
        action=action,
        owner=row["user"],
        entrypoint_id=row["entrypoint_id"],
        name=row["name"],
        details={"system": row["system"], "server": row["server"]},
    )


def refuse_stale(entrypoint: Entrypoint, version: str | None) -> None:
    if version is not None and version != entrypoint.version:
        raise PublicError(
            409,
            f"{entrypoint.name} was changed meanwhile. Load it again, and repeat your"
            " change.",
            field="version",
        )


@contextmanager
def duplicates_refused(name: str) -> Any:
    try:
        yield
    except IntegrityError as error:
        if "owner" not in str(error.orig):
            raise
        raise PublicError(
            409, f"There is an entrypoint named {name!r} already.", field="name"
        ) from None
