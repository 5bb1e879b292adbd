"""What happened: a result is kept with all that follows from it, or not at all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from .checks.base import Check
from .incidents import Incident, Step, next_step
from .model import Code, Result
from .news import event_of, message
from .notices import Notice, Notices
from .outbox import Outbox
from .store import Store
from .summary import DAYS_SHOWN, Day, State, calendar, judge, moment, overall, uptime

# How many results the chart of stages looks back on.
CHARTED = 15


@dataclass(frozen=True)
class CheckHistory:
    """A check's state, and how it came to it."""

    state: State
    days: list[Day]
    recent: list[Result]

    def uptime(self, days: int) -> float | None:
        return uptime(self.days[-days:])


@dataclass(frozen=True)
class Overview:
    """All that the page tells."""

    time: float
    code: Code
    msg: str
    checks: list[CheckHistory]
    incidents: list[Incident]
    notices: list[Notice]

    @property
    def states(self) -> list[State]:
        return [check.state for check in self.checks]


class History:
    def __init__(
        self,
        store: Store,
        checks: Mapping[str, Check],
        notices: Notices,
        outbox: Outbox,
        threshold: int = 1,
        reminder: float = 0,
    ) -> None:
        self._store = store
        self._checks = checks
        self._notices = notices
        self._outbox = outbox
        self._threshold = threshold
        self._reminder = reminder

    async def record(self, result: Result) -> None:
        store = self._store
        async with store.database.begin() as session:
            maintenance = await self._notices.maintenance_at(session, result.time)
            await store.add(session, result, maintenance)
            recent = await store.recent(session, result.check, self._threshold)
            incident = await store.open_incident(session, result.check)
            step = next_step(incident, recent, self._threshold)
            if step:
                step = await self._tell(session, step, result, maintenance)
                await store.take_step(session, step)

    async def _tell(
        self, session: AsyncSession, step: Step, result: Result, maintenance: bool
    ) -> Step:
        """Put what is worth telling into the outbox, and note that it was told."""
        event = event_of(step, result.time, self._reminder, maintenance)
        if event is None:
            return step
        title = self._checks[result.check].title
        told = message(event, step.incident, title, result.msg)
        await self._outbox.put(session, told, result.time)
        return replace(step, incident=replace(step.incident, notified=result.time))

    async def states(self) -> list[State]:
        latest = await self._store.latest(self._checks)
        now = time.time()
        return [
            judge(check, next(iter(latest.get(name, [])), None), now)
            for name, check in self._checks.items()
        ]

    async def overview(self) -> Overview:
        now = time.time()
        today = moment(now).date()
        since = today - timedelta(days=DAYS_SHOWN - 1)
        store = self._store
        async with store.database.read() as session:
            latest = await store.latest(self._checks, CHARTED, within=session)
            days = await store.days(since.isoformat(), within=session)
            ended_after = now - DAYS_SHOWN * 86400
            incidents = await store.incidents(ended_after, within=session)
            notices = await self._notices.all(within=session)
        checks = [
            CheckHistory(
                state=judge(check, next(iter(latest.get(name, [])), None), now),
                days=calendar(days.get(name, []), today),
                recent=latest.get(name, []),
            )
            for name, check in self._checks.items()
        ]
        code, msg = overall([check.state for check in checks])
        shown = [incident for incident in incidents if incident.check in self._checks]
        return Overview(now, code, msg, checks, shown, notices)
