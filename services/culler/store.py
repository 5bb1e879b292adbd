"""The queries: each a transaction, kept as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update

from jupyterhub_suite.services.database import Database

from .model import Departed, Lease, Stop, Sweep, Warning
from .policy import Decision
from .server import Key

STOPPING = "stopping"
Times = dict[Key, datetime]


class Store:
    def __init__(self, database: Database) -> None:
        self._database = database

    # The audit log.

    async def begin_stop(
        self, kind: str, key: Key, decision: Decision, by: str, now: datetime
    ) -> int:
        """Written down before it is done: a crash leaves something to look after."""
        stop = Stop(
            at=now,
            kind=kind,
            user=key.user,
            server=key.server,
            rule=decision.rule,
            cause=decision.cause,
            reason=decision.reason,
            by=by,
            outcome=STOPPING,
            detail="",
        )
        async with self._database.begin() as session:
            session.add(stop)
        return stop.id

    async def end_stop(
        self, number: int, outcome: str, detail: str, now: datetime
    ) -> None:
        values = {"outcome": outcome, "detail": detail, "finished_at": now}
        async with self._database.begin() as session:
            await session.execute(update(Stop).where(Stop.id == number).values(values))

    async def unfinished_stops(self) -> Sequence[Stop]:
        query = select(Stop).where(Stop.outcome == STOPPING).order_by(Stop.id)
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def stops(
        self,
        *,
        user: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[Stop]:
        """The newest first; `before` is the id that the last page ended with."""
        query = select(Stop).order_by(Stop.id.desc()).limit(limit)
        if user is not None:
            query = query.where(Stop.user == user)
        if before is not None:
            query = query.where(Stop.id < before)
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    # Leases.

    async def kept_until(self, now: datetime, user: str | None = None) -> Times:
        """By the leases that hold now, the longest for each server."""
        query = (
            select(Lease.user, Lease.server, Lease.until)
            .where(Lease.until > now, Lease.revoked_at.is_(None))
            .order_by(Lease.until)
        )
        if user is not None:
            query = query.where(Lease.user == user)
        return await self._times(query)

    async def leases_of(self, user: str, since: datetime) -> Sequence[Lease]:
        query = select(Lease).where(Lease.user == user, Lease.until > since)
        async with self._database.read() as session:
            return (await session.scalars(query.order_by(Lease.id))).all()

    async def add_lease(self, key: Key, now: datetime, hours: float, by: str) -> Lease:
        lease = Lease(
            user=key.user,
            server=key.server,
            granted_at=now,
            until=now + timedelta(hours=hours),
            by=by,
        )
        async with self._database.begin() as session:
            # The new one takes the place of the old, which counts no further.
            await session.execute(revocation(key, now))
            session.add(lease)
        return lease

    async def revoke_lease(self, key: Key, now: datetime) -> bool:
        async with self._database.begin() as session:
            result = await session.execute(
                revocation(key, now).returning(Lease.id),
                execution_options={"synchronize_session": False},
            )
            return bool(result.all())

    # Warnings.

    async def warned_at(self, user: str | None = None) -> Times:
        query = select(Warning.user, Warning.server, Warning.warned_at)
        if user is not None:
            query = query.where(Warning.user == user)
        return await self._times(query)

    async def warn(self, key: Key, decision: Decision, now: datetime) -> None:
        warning = Warning(
            user=key.user,
            server=key.server,
            warned_at=now,
            stop_at=decision.at or now,
            reason=decision.reason,
        )
        async with self._database.begin() as session:
            await session.merge(warning)

    async def _times(self, query: Select[str, str, datetime]) -> Times:
        """Rows and not objects, for a sweep reads them of everybody."""
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return {Key(user, server): time for user, server, time in rows}

    # Removed users.

    async def depart(self, user: str, now: datetime, due: datetime) -> None:
        gone = Departed(
            user=user, removed_at=now, due_at=due, state="waiting", detail=""
        )
        async with self._database.begin() as session:
            await session.merge(gone)

    async def departed(self, due: datetime | None = None) -> Sequence[Departed]:
        """All of them; with `due`, only those whose time has come."""
        query = select(Departed).order_by(Departed.due_at)
        if due is not None:
            waiting = Departed.state.in_(["waiting", "failed"])
            query = query.where(Departed.due_at <= due, waiting)
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def set_departed(self, user: str, state: str, detail: str) -> None:
        change = update(Departed).where(Departed.user == user)
        async with self._database.begin() as session:
            await session.execute(change.values(state=state, detail=detail))

    # Sweeps.

    async def add_sweep(self, sweep: Sweep) -> None:
        async with self._database.begin() as session:
            session.add(sweep)

    async def sweeps(self, limit: int = 20) -> Sequence[Sweep]:
        query = select(Sweep).order_by(Sweep.id.desc()).limit(limit)
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def forget(self, before: datetime) -> None:
        """Let go of what is older than the site keeps it."""
        async with self._database.begin() as session:
            for old in (
                delete(Stop).where(Stop.at < before),
                delete(Lease).where(Lease.until < before),
                delete(Warning).where(Warning.stop_at < before),
                delete(Sweep).where(Sweep.started_at < before),
            ):
                await session.execute(old)


def revocation(key: Key, now: datetime):  # type: ignore[no-untyped-def]
    return (
        update(Lease)
        .where(
            Lease.user == key.user,
            Lease.server == key.server,
            Lease.until > now,
            Lease.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
