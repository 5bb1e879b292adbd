"""How checks, results and what follows from them are read and written.

Leases are taken by compare-and-swap: a row changes only if it still is as it was
seen, so that of any number of replicas one wins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    delete,
    insert,
    select,
    union_all,
    update,
)
from sqlalchemy.engine import CursorResult, Row
from sqlalchemy.ext.asyncio import AsyncSession

from jupyterhub_suite.services.database import Database

from .incidents import Incident, Step
from .model import Code, Result, Stage
from .schedule import LEASE, Slot
from .summary import Day, day_of
from .tables import checks, days, incidents, results, tallies
from .tally import Tally, counted

# For several questions that are to have one answer between them.
Session = AsyncSession | None


class Store:
    def __init__(self, database: Database) -> None:
        self.database = database

    # The plan

    async def plan(self, intervals: dict[str, float], now: float) -> None:
        """Make the plan fit the settings: new checks are due now."""
        async with self.database.begin() as session:
            known = {slot.name: slot for slot in await self._slots(session)}
            for name, interval in intervals.items():
                if name not in known:
                    await session.execute(
                        insert(checks).values(new_row(name, interval, now))
                    )
                elif known[name].interval != interval:
                    sooner = min(known[name].next_run, now + interval)
                    await session.execute(
                        update(checks)
                        .where(checks.c.name == name)
                        .values(interval=interval, next_run=sooner)
                    )

    async def slots(self) -> list[Slot]:
        async with self.database.read() as session:
            return await self._slots(session)

    async def _slots(self, session: AsyncSession) -> list[Slot]:
        columns = [checks.c[field] for field in Slot.__dataclass_fields__]
        return [Slot(**row._mapping) for row in await session.execute(select(*columns))]

    async def claim(self, slot: Slot, holder: str, now: float) -> bool:
        """Take the check; False if somebody else was faster."""
        seen = [checks.c[field] == value for field, value in asdict(slot).items()]
        taken = (
            update(checks).where(*seen).values(holder=holder, lease_until=now + LEASE)
        )
        return await self._changed(taken)

    async def renew(self, name: str, holder: str, now: float) -> bool:
        """Keep the check for longer; False if it is not ours any more."""
        ours = (checks.c.name == name) & (checks.c.holder == holder)
        return await self._changed(
            update(checks).where(ours).values(lease_until=now + LEASE)
        )

    async def release(self, name: str, holder: str, next_run: float) -> bool:
        ours = (checks.c.name == name) & (checks.c.holder == holder)
        return await self._changed(
            update(checks)
            .where(ours)
            .values(holder="", lease_until=0, next_run=next_run)
        )

    async def hurry(self, name: str) -> bool:
        """Let a check be due now; False if there is none of that name."""
        return await self._changed(
            update(checks).where(checks.c.name == name).values(next_run=0)
        )

    async def _changed(self, statement: Any) -> bool:
        async with self.database.begin() as session:
            return await changed(session, statement) == 1

    async def read_memo(self, name: str) -> dict[str, Any]:
        async with self.database.read() as session:
            found = await session.scalar(
                select(checks.c.memo).where(checks.c.name == name)
            )
            return found or {}

    async def write_memo(self, name: str, memo: dict[str, Any]) -> None:
        await self._changed(
            update(checks).where(checks.c.name == name).values(memo=memo)
        )

    # Results

    async def add(
        self, session: AsyncSession, result: Result, maintenance: bool
    ) -> None:
        """Keep a result, and count it."""
        await session.execute(insert(results).values(to_row(result)))
        await self._count_day(session, result, maintenance)
        await self._count(session, result)

    async def _count_day(
        self, session: AsyncSession, result: Result, maintenance: bool
    ) -> None:
        excused = maintenance and not result.code.works
        column = "maintenance" if excused else result.code.name.lower()
        key = {"check": result.check, "day": day_of(result.time)}
        row = (days.c.check == key["check"]) & (days.c.day == key["day"])
        counted = update(days).where(row).values({column: days.c[column] + 1})
        if not await changed(session, counted):
            zero = dict.fromkeys(
                ("ok", "warning", "critical", "unknown", "maintenance"), 0
            )
            await session.execute(insert(days).values({**key, **zero, column: 1}))

    async def _count(self, session: AsyncSession, result: Result) -> None:
        of_check = tallies.c.check == result.check
        found = await session.execute(select(tallies).where(of_check))
        known = {row.what: to_tally(row) for row in found}
        fresh, grown = [], []
        for what, seconds in counted(result):
            tally = known.get(what, Tally()).plus(seconds, result.time)
            if what in known:
                grown.append({"counted": what, **asdict(tally)})
            else:
                fresh.append({"check": result.check, "what": what, **asdict(tally)})
        if fresh:
            await session.execute(insert(tallies), fresh)
        if grown:
            row = of_check & (tallies.c.what == bindparam("counted"))
            await session.execute(update(tallies).where(row), grown)

    async def latest(
        self, names: Iterable[str], limit: int = 1, within: Session = None
    ) -> dict[str, list[Result]]:
        """The last results of each check, the newest first; in one question."""
        found: dict[str, list[Result]] = {name: [] for name in names}
        if not found:
            return found
        async with reading(self.database, within) as session:
            rows = await session.execute(newest_of_each(tuple(found), limit))
            # In the order of writing: a clock may have jumped in between.
            for row in sorted(rows, key=lambda row: row.id, reverse=True):
                found[row.check].append(to_result(row))
        return found

    async def _last(self, session: AsyncSession, name: str, limit: int) -> list[Result]:
        rows = await session.execute(newest(name, limit))
        return [to_result(row) for row in rows]

    async def history(
        self, name: str, before: float, after: float, limit: int
    ) -> list[Result]:
        """Results of a time, the newest first."""
        wanted = (
            select(results)
            .where(results.c.check == name)
            .where(results.c.time < before, results.c.time >= after)
            .order_by(results.c.time.desc())
            .limit(limit)
        )
        async with self.database.read() as session:
            return [to_result(row) for row in await session.execute(wanted)]

    async def days(self, since: str, within: Session = None) -> dict[str, list[Day]]:
        columns = [days.c.check, *(days.c[field.name] for field in fields(Day))]
        wanted = select(*columns).where(days.c.day >= since).order_by(days.c.day)
        found: dict[str, list[Day]] = {}
        async with reading(self.database, within) as session:
            for name, *counts in await session.execute(wanted):
                found.setdefault(name, []).append(Day(*counts))
        return found

    async def tallies(self) -> dict[tuple[str, str], Tally]:
        async with self.database.read() as session:
            rows = await session.execute(select(tallies))
            return {(row.check, row.what): to_tally(row) for row in rows}

    async def forget(self, results_before: float, days_before: str) -> None:
        async with self.database.begin() as session:
            await session.execute(
                delete(results).where(results.c.time < results_before)
            )
            await session.execute(delete(days).where(days.c.day < days_before))

    # Incidents

    async def open_incident(self, session: AsyncSession, name: str) -> Incident | None:
        wanted = select(incidents).where(
            incidents.c.check == name, incidents.c.end.is_(None)
        )
        row = (await session.execute(wanted)).first()
        return to_incident(row) if row else None

    async def recent(
        self, session: AsyncSession, name: str, limit: int
    ) -> list[Result]:
        return await self._last(session, name, limit)

    async def take_step(self, session: AsyncSession, step: Step) -> None:
        """Write what has become of an incident."""
        incident = asdict(step.incident)
        number = incident.pop("id")
        if number is None:
            await session.execute(insert(incidents).values(incident))
        else:
            row = incidents.c.id == number
            await session.execute(update(incidents).where(row).values(incident))

    async def incidents(
        self, since: float, limit: int = 100, within: Session = None
    ) -> list[Incident]:
        """Those that are open or ended since then, the latest first."""
        wanted = (
            select(incidents)
            .where(incidents.c.end.is_(None) | (incidents.c.end >= since))
            .order_by(incidents.c.begin.desc())
            .limit(limit)
        )
        async with reading(self.database, within) as session:
            return [to_incident(row) for row in await session.execute(wanted)]


async def changed(session: AsyncSession, statement: Any) -> int:
    """How many rows the statement changed."""
    done = cast("CursorResult[Any]", await session.execute(statement))
    return done.rowcount


def new_row(name: str, interval: float, now: float) -> dict[str, Any]:
    return {
        "name": name,
        "interval": interval,
        "next_run": now,
        "holder": "",
        "lease_until": 0,
        "memo": {},
    }


@asynccontextmanager
async def reading(database: Database, session: Session) -> AsyncIterator[AsyncSession]:
    """The session that there is, or one of its own."""
    if session is not None:
        yield session
        return
    async with database.read() as fresh:
        yield fresh


@lru_cache(maxsize=8)
def newest_of_each(names: tuple[str, ...], limit: int) -> CompoundSelect[Any]:
    """Made once: to put it together takes longer than to answer it."""
    return union_all(*(select(newest(name, limit).subquery()) for name in names))


def newest(name: str, limit: int) -> Select[Any]:
    return (
        select(results)
        .where(results.c.check == name)
        .order_by(results.c.id.desc())
        .limit(limit)
    )


def to_row(result: Result) -> dict[str, Any]:
    row = asdict(result)
    row["code"] = int(result.code)
    return row


def to_result(row: Row[Any]) -> Result:
    return Result(
        check=row.check,
        time=row.time,
        seconds=row.seconds,
        code=Code(row.code),
        msg=row.msg,
        stages=tuple(Stage(**stage) for stage in row.stages),
        numbers=row.numbers,
        details=tuple(row.details),
    )


def to_tally(row: Row[Any]) -> Tally:
    values = row._mapping
    return Tally(
        values["count"], values["seconds"], tuple(values["buckets"]), values["last"]
    )


def to_incident(row: Row[Any]) -> Incident:
    return Incident(**{**row._mapping, "code": Code(row.code)})
