"""Announcements and planned maintenance: written by admins, with their history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.errors import PublicError

from .asking import Session, changed, reading
from .tables import notices, revisions

# 9999-12-31: no later time can be written down.
LATEST = 253402300799
TIME = {"type": "number", "minimum": 0, "maximum": LATEST}
NOTICE = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["announcement", "maintenance"]},
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "text": {"type": "string", "maxLength": 5000},
        "begin": TIME,
        "end": {"anyOf": [TIME, {"type": "null"}]},
    },
    "required": ["kind", "title", "begin"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Notice:
    id: int
    kind: str
    title: str
    text: str
    begin: float
    end: float | None
    author: str
    changed: float
    withdrawn: bool = False

    def is_on(self, now: float) -> bool:
        ended = self.end is not None and self.end <= now
        return not self.withdrawn and self.begin <= now and not ended

    def is_ahead(self, now: float) -> bool:
        return not self.withdrawn and self.begin > now


def complete(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A notice as it is kept; refuses what fits the schema and makes no sense."""
    notice = {"text": "", "end": None, **wanted}
    if "\x00" in notice["title"] + notice["text"]:
        raise PublicError(400, "The text holds a NUL character", field="text")
    if notice["kind"] == "maintenance" and notice["end"] is None:
        raise PublicError(400, "end: maintenance needs an end", field="end")
    if notice["end"] is not None and notice["end"] <= notice["begin"]:
        raise PublicError(400, "end: it must be after the beginning", field="end")
    return notice


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, limit: int = 50, within: Session = None) -> list[Notice]:
        """The latest first."""
        wanted = select(notices).order_by(notices.c.begin.desc()).limit(limit)
        async with reading(self._database, within) as session:
            return [to_notice(row) for row in await session.execute(wanted)]

    async def get(self, number: int) -> Notice:
        async with self._database.read() as session:
            return await self._get(session, number)

    async def _get(self, session: AsyncSession, number: int) -> Notice:
        row = None
        if number < 2**31:  # beyond, PostgreSQL refuses even to look
            wanted = select(notices).where(notices.c.id == number)
            row = (await session.execute(wanted)).first()
        if row is None:
            raise PublicError(404, f"There is no notice {number}.")
        return to_notice(row)

    async def add(self, wanted: Mapping[str, Any], author: str, now: float) -> Notice:
        values = {**complete(wanted), "author": author, "changed": now}
        async with self._database.begin() as session:
            inserted = insert(notices).values(**values, withdrawn=False)
            number = await session.scalar(inserted.returning(notices.c.id))
            notice = await self._get(session, number or 0)
            await self._remember(session, notice)
            return notice

    async def change(
        self, number: int, wanted: Mapping[str, Any], author: str, now: float
    ) -> Notice:
        values = {**complete(wanted), "author": author, "changed": now}
        return await self._update(number, values)

    async def withdraw(self, number: int, author: str, now: float) -> Notice:
        values = {"withdrawn": True, "author": author, "changed": now}
        return await self._update(number, values)

    async def _update(self, number: int, values: Mapping[str, Any]) -> Notice:
        async with self._database.begin() as session:
            await self._get(session, number)
            row = notices.c.id == number
            await changed(session, update(notices).where(row).values(values))
            notice = await self._get(session, number)
            await self._remember(session, notice)
            return notice

    async def _remember(self, session: AsyncSession, notice: Notice) -> None:
        values = asdict(notice)
        values["notice"] = values.pop("id")
        await session.execute(insert(revisions).values(values))

    async def history(self, number: int) -> list[Notice]:
        """How a notice read, from its beginning."""
        kept = [column for column in revisions.c if column.name != "notice"]
        wanted = (
            select(*kept).where(revisions.c.notice == number).order_by(revisions.c.id)
        )
        async with self._database.read() as session:
            await self._get(session, number)
            rows = [dict(row._mapping) for row in await session.execute(wanted)]
        return [Notice(**{**row, "id": number}) for row in rows]

    async def maintenance_at(self, session: AsyncSession, time: float) -> bool:
        wanted = select(notices.c.id).where(
            notices.c.kind == "maintenance",
            notices.c.withdrawn.is_(False),
            notices.c.begin <= time,
            notices.c.end > time,
        )
        return (await session.execute(wanted)).first() is not None


def to_notice(row: Row[Any]) -> Notice:
    return Notice(**row._mapping)
