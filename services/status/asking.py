"""What all that ask the database share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from jupyterhub_suite.services.database import Database

# For several questions that are to have one answer between them.
Session = AsyncSession | None


@asynccontextmanager
async def reading(database: Database, session: Session) -> AsyncIterator[AsyncSession]:
    """The session that there is, or one of its own."""
    if session is not None:
        yield session
        return
    async with database.read() as fresh:
        yield fresh


async def changed(session: AsyncSession, statement: Any) -> int:
    """How many rows the statement changed."""
    done = cast("CursorResult[Any]", await session.execute(statement))
    return done.rowcount
