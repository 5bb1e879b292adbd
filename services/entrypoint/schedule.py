"""What is selected is checked again by itself, a few at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from ..errors import PublicError
from .model import now
from .validators import Verdict

if TYPE_CHECKING:
    from .app import EntrypointService

# How many are looked up at once, and how long to rest when none is due.
BATCH = 100
LONGEST_REST = 60.0
GONE = Verdict(False, "It was removed, or is no longer shared.")


class Schedule:
    """Replicas may share the work: checking twice does no harm."""

    def __init__(self, service: EntrypointService) -> None:
        self._service = service
        self._interval = service.check_interval
        self._slots = asyncio.Semaphore(service.check_concurrency)

    async def run(self) -> None:
        if not self._interval:
            return
        while True:
            try:
                busy = await self.round()
            except (SQLAlchemyError, OSError) as error:
                self._service.log.warning("No checks now: %s", type(error).__name__)
                busy = False
            if not busy:
                await asyncio.sleep(min(self._interval, LONGEST_REST))

    async def round(self) -> bool:
        """Check what is due; True if there may be more."""
        before = now() - timedelta(seconds=self._interval)
        due = await self._service.entrypoints.store.due(before, BATCH)
        await asyncio.gather(*(self._check(*one) for one in due))
        return len(due) == BATCH

    async def _check(self, user: str, system: str, entrypoint_id: str) -> None:
        registry = self._service.entrypoints
        async with self._slots:
            try:
                found = await registry.find_any(entrypoint_id, user)
            except PublicError as error:
                verdict = Verdict(None, error.message)
                await registry.store.record_check(user, entrypoint_id, system, verdict)
                return
            if found is None or system not in registry.systems:
                await registry.store.record_check(user, entrypoint_id, system, GONE)
                return
            await registry.recheck(found, user, system)
