"""Which check is to run when, who runs it, and what a run notes for the next.

Leases are taken by compare-and-swap: a row changes only if it still is as it was
seen, so that of any number of replicas one wins.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from jupyterhub_suite.services.database import Database

from .asking import changed
from .schedule import LEASE, Slot
from .tables import checks


class Plan:
    def __init__(self, database: Database) -> None:
        self.database = database

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


def new_row(name: str, interval: float, now: float) -> dict[str, Any]:
    return {
        "name": name,
        "interval": interval,
        "next_run": now,
        "holder": "",
        "lease_until": 0,
        "memo": {},
    }
