"""One sweep after the other: look, doubt, warn, stop, remove, write down."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from jupyterhub_suite.services.errors import HubError

from .brakes import Limits, Look, clocks, doubts
from .metrics import CullerMetrics
from .model import Sweep
from .notices import Notifier
from .server import Key
from .stop import Outcome, Stopper
from .store import Store
from .survey import Survey, Surveyor

T = TypeVar("T")
CULLER = "culler"


@dataclass
class Result:
    """What a sweep came to; `held` says why it stopped nothing."""

    survey: Survey
    held: str | None = None
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    finished_at: datetime | None = None


@dataclass
class Sweeper:
    surveyor: Surveyor
    stopper: Stopper
    store: Store
    notifier: Notifier
    metrics: CullerMetrics
    log: logging.Logger
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    concurrency: int = 10
    dry_run: bool = False
    # An admin's word, for the next sweep only.
    released_by: str | None = None
    last: Result | None = None

    async def close(self) -> None:
        await self.notifier.close()
        if self.surveyor.probe:
            await self.surveyor.probe.close()

    async def sweep(self) -> Result:
        """Look at the Hub and do what is due. Never two at a time."""
        started = self.clock()
        with self.metrics.sweep_durations.time():
            survey = await self.surveyor.survey(started)
            result = Result(survey)
            result.held = self._hold(survey)
            self.last = result
            if not self.dry_run:
                await self.notifier.notify(survey)
                if result.held is None:
                    await self._carry_out(result)
                if self.stopper.retention:
                    await self.stopper.retention.work_off(self.clock())
        result.finished_at = self.clock()
        self._report(result)
        await self.store.add_sweep(record(result, started))
        return result

    def _hold(self, survey: Survey) -> str | None:
        """Why this sweep stops nothing, if so."""
        look = Look(
            now=survey.at,
            running=[finding.server for finding in survey.servers.values()],
            stopping=len(survey.to_stop()),
            hub_time=self.surveyor.hub.hub_time,
        )
        wrong = clocks(look, self.limits)
        if wrong or not (doubt := doubts(look, self.limits)):
            return wrong
        released_by, self.released_by = self.released_by, None
        if released_by:
            self.log.warning("%s let a sweep go that was held: %s", released_by, doubt)
            return None
        return doubt

    async def _carry_out(self, result: Result) -> None:
        keys = [finding.server.key for finding in result.survey.to_stop()]
        after: dict[str, datetime] = {}

        async def stop(key: Key) -> Outcome:
            outcome = await self.stopper.stop(key, CULLER)
            if outcome is Outcome.STOPPED and key.user in result.survey.leaving:
                last = await self.surveyor.last_activity(key.user)
                after[key.user] = max(last or started, after.get(key.user, started))
            return outcome

        started = result.survey.at
        stopped = await self._each(keys, stop)
        result.outcomes.update(stopped.values())
        gone = {key for key, outcome in stopped.items() if outcome is Outcome.STOPPED}
        # Those who are away, and whose last server is gone now if they had one.
        leaving = {each.person.name: each for each in result.survey.to_remove(gone)}
        removed = await self._each(
            leaving,
            lambda name: self.stopper.remove(leaving[name], CULLER, after.get(name)),
        )
        result.outcomes.update(removed.values())

    async def _each(
        self, items: Iterable[T], act: Callable[[T], Awaitable[Outcome]]
    ) -> dict[T, Outcome]:
        """Act on many at once, but never on more than `concurrency`."""
        waiting = iter(list(items))
        outcomes: dict[T, Outcome] = {}

        async def work() -> None:
            for item in waiting:
                try:
                    outcomes[item] = await act(item)
                except (HubError, SQLAlchemyError) as error:
                    # One that fails keeps nobody else waiting.
                    self.log.error("%s: %s", item, error)
                    outcomes[item] = Outcome.FAILED

        await asyncio.gather(*(work() for _ in range(self.concurrency or 1000)))
        return outcomes

    def _report(self, result: Result) -> None:
        self.metrics.record(result.survey, result.held)
        for problem in result.survey.problems:
            self.log.warning("%s", problem)
        if result.held:
            self.log.warning("Nothing is stopped: %s", result.held)
        counts = {outcome.value: n for outcome, n in result.outcomes.items()}
        self.log.info(
            "Looked at %s servers: %s to stop %s",
            len(result.survey.servers),
            len(result.survey.to_stop()),
            counts or "",
        )


def record(result: Result, started: datetime) -> Sweep:
    return Sweep(
        started_at=started,
        finished_at=result.finished_at,
        servers=len(result.survey.servers),
        candidates=len(result.survey.to_stop()),
        stopped=result.outcomes[Outcome.STOPPED] + result.outcomes[Outcome.REMOVED],
        failed=result.outcomes[Outcome.FAILED] + result.outcomes[Outcome.SLOW],
        problem=result.held or "",
    )
