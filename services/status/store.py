"""All that is kept: the plan, results, and here the incidents."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from .asking import Session, reading
from .incidents import Incident, Step
from .model import Code
from .plan import Plan
from .results import Results
from .tables import incidents


class Store(Plan, Results):
    async def open_incident(self, session: AsyncSession, name: str) -> Incident | None:
        wanted = select(incidents).where(
            incidents.c.check == name, incidents.c.end.is_(None)
        )
        row = (await session.execute(wanted)).first()
        return to_incident(row) if row else None

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


def to_incident(row: Row[Any]) -> Incident:
    return Incident(**{**row._mapping, "code": Code(row.code)})
