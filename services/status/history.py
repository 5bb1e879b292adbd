"""What happened: a result is kept with all that follows from it, or not at all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from .checks.base import Check
from .incidents import Incident, next_step
from .model import Code, Result
from .store import Store
from .summary import DAYS_SHOWN, Day, State, calendar, judge, moment, overall, uptime

# How many results the chart of stages looks back on.
CHARTED = 30


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

    @property
    def states(self) -> list[State]:
        return [check.state for check in self.checks]


class History:
    def __init__(
        self, store: Store, checks: Mapping[str, Check], threshold: int
    ) -> None:
        self._store = store
        self._checks = checks
        self._threshold = threshold

    async def record(self, result: Result) -> None:
        store = self._store
        async with store.database.begin() as session:
            await store.add(session, result, maintenance=False)
            recent = await store.recent(session, result.check, self._threshold)
            incident = await store.open_incident(session, result.check)
            step = next_step(incident, recent, self._threshold)
            if step:
                await store.take_step(session, step)

    async def states(self) -> list[State]:
        latest = await self._store.latest()
        now = time.time()
        return [
            judge(check, next(iter(latest.get(name, [])), None), now)
            for name, check in self._checks.items()
        ]

    async def overview(self) -> Overview:
        now = time.time()
        today = moment(now).date()
        since = today - timedelta(days=DAYS_SHOWN - 1)
        latest = await self._store.latest(CHARTED)
        days = await self._store.days(since.isoformat())
        checks = [
            CheckHistory(
                state=judge(check, next(iter(latest.get(name, [])), None), now),
                days=calendar(days.get(name, []), today),
                recent=latest.get(name, []),
            )
            for name, check in self._checks.items()
        ]
        code, msg = overall([check.state for check in checks])
        incidents = await self._store.incidents(now - DAYS_SHOWN * 86400)
        shown = [incident for incident in incidents if incident.check in self._checks]
        return Overview(now, code, msg, checks, shown)
