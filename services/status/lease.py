"""The right to run a check: one replica's, for as long as it is renewed in time."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy.exc import SQLAlchemyError

from .schedule import LEASE
from .store import Store


class Lease:
    """What this replica took, and may have lost without being told.

    A process that was stopped for a while, or could not reach the database, does not
    know who has run the check meanwhile. Whoever took over must not be disturbed: not
    by a result of long ago, nor by cleaning up what is theirs.
    """

    def __init__(self, store: Store, name: str, holder: str) -> None:
        self._store, self._name, self._holder = store, name, holder
        # Made before the check is claimed: no later than what the database says.
        self._renewed = time.monotonic()
        self._taken = False

    @property
    def is_ours(self) -> bool:
        """For sure: nobody takes a lease that was renewed a moment ago."""
        return not self._taken and time.monotonic() - self._renewed < LEASE

    async def renew(self) -> bool:
        """Hold it for longer, if it is still ours."""
        if self.is_ours:
            asked = time.monotonic()
            now = time.time()
            if await self._store.renew(self._name, self._holder, now):
                self._renewed = asked
            else:
                self._taken = True
        return self.is_ours

    async def keep(self) -> None:
        """Renew it for as long as that succeeds."""
        while self.is_ours:
            await asyncio.sleep(LEASE / 3)
            try:
                await self.renew()
            except (SQLAlchemyError, OSError):
                continue  # the database may be back before the lease is over
