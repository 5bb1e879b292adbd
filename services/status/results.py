"""How results and what is counted of them are written and read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

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
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from jupyterhub_suite.services.database import Database

from .asking import Session, changed, reading
from .model import Code, Result, Stage
from .summary import Day, day_of
from .tables import days, results, tallies
from .tally import Tally, counted


class Results:
    def __init__(self, database: Database) -> None:
        self.database = database

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

    async def recent(
        self, session: AsyncSession, name: str, limit: int
    ) -> list[Result]:
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
