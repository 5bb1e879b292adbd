"""What happens to the data of removed users: nothing for a grace time, then a hook.

The hook is the site's own, as only the site knows where data lies. Until the site
says otherwise it runs dry: the list of who is due is written, and nobody is called.
Somebody who has come back meanwhile is taken off the list.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jupyterhub_suite.services.errors import HubMissing
from jupyterhub_suite.services.hub import HubClient, api_path

from .model import Departed
from .store import Store

RetentionHook = Callable[[str], Awaitable[None] | None]


@dataclass(frozen=True)
class Retention:
    hub: HubClient
    store: Store
    log: logging.Logger
    hook: RetentionHook
    grace: timedelta
    dry_run: bool = True

    async def begin(self, user: str, now: datetime) -> None:
        await self.store.depart(user, now, now + self.grace)

    async def work_off(self, now: datetime) -> None:
        """Everybody whose time has come."""
        for departed in await self.store.departed(due=now):
            state, detail = await self._settle(departed)
            await self.store.set_departed(departed.user, state, detail)

    async def _settle(self, departed: Departed) -> tuple[str, str]:
        if await self._is_back(departed.user):
            return "returned", ""
        if self.dry_run:
            self.log.info("Dry run: the data of %s is due", departed.user)
            return "waiting", "Due; retention_dry_run keeps it"
        try:
            answer = self.hook(departed.user)
            if inspect.isawaitable(answer):
                await answer
        except Exception as error:
            self.log.exception("retention_hook failed for %s", departed.user)
            return "failed", f"{type(error).__name__}: {error}"
        self.log.info("retention_hook has handled the data of %s", departed.user)
        return "done", ""

    async def _is_back(self, user: str) -> bool:
        try:
            await self.hub.get(api_path("users", user))
        except HubMissing:
            return False
        return True
