"""The service: its routes, and what it opens, does and closes."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from jupyterhub_suite.services.database import DatabaseService
from jupyterhub_suite.services.service import Route

from . import api, egi, handlers, nagios
from .access import Access
from .background import every, kept_since, later, together
from .channels import make_channels
from .checks import make_checks
from .history import History
from .hubmetrics import CensusCollector
from .metrics import StatusCollector
from .notices import Notices
from .once import run_once
from .outbox import Outbox
from .scheduler import Scheduler, StoredMemo
from .settings import StatusSettings
from .store import Store

HOUR = 3600
# How old the counts may be that Prometheus gets.
FRESH = 2


class StatusService(StatusSettings, DatabaseService):
    """Tries, again and again, whether one can work on this hub, and says so."""

    name = "status"
    migrations = Path(__file__).parent / "versions"

    flags = {
        **DatabaseService.flags,
        "once": (
            {"StatusService": {"once": True}},
            """Run all checks, or those that are named, once; print one line and exit
            with 0, 1, 2 or 3 as Nagios wants.""",
        ),
    }

    def routes(self) -> list[Route]:
        return [*handlers.ROUTES, *api.ROUTES]

    async def setup(self) -> None:
        self.known_checks = make_checks(self.checks)
        await super().setup()
        self.store = Store(self.database)
        self.notices = Notices(self.database)
        channels = make_channels(self.notifications)
        self.outbox = Outbox(self.database, channels, self.log)
        self.history = History(
            self.store,
            self.known_checks,
            self.notices,
            self.outbox,
            self.threshold,
            self.reminder,
        )
        self.access = self.open_access()
        intervals = {name: check.interval for name, check in self.known_checks.items()}
        await self.store.plan(intervals, time.time())
        self.collector = StatusCollector(self.known_checks, self.registry)
        self.census = CensusCollector(self.registry, self.metrics_users)

    def open_access(self) -> Access:
        return Access(
            self.api_url,
            self.api_token,
            self.public_url,
            self.certificates,
            self.ca_file,
        )

    async def run(self) -> None:
        work = [
            later(self.start_delay, self._scheduler().run),
            every(HOUR, self._tidy, "Old results stay", self.log),
            every(FRESH, self._count, "Metrics wait", self.log),
            self.outbox.run,
        ]
        if self.hub_metrics:
            census = every(
                self.hub_metrics, self._take_census, "The Hub is not counted", self.log
            )
            work.append(later(self.start_delay, census))
        await together(*work)

    def _scheduler(self) -> Scheduler:
        holder = f"{socket.gethostname()[:40]}-{secrets.token_hex(6)}"
        return Scheduler(
            self.known_checks,
            self.store,
            lambda name: self.access.site(StoredMemo(self.store, name)),
            self.history.record,
            holder,
            self.log,
        )

    async def _tidy(self) -> None:
        await self.store.forget(*kept_since(self.keep_results, self.keep_days))

    async def _count(self) -> None:
        await self.collector.refresh(self.store)

    async def _take_census(self) -> None:
        await self.census.refresh(self.access.hub, time.time())

    async def cleanup(self) -> None:
        # Setup may have failed before there was any.
        if hasattr(self, "access"):
            await self.access.close()
        await super().cleanup()

    # One run, from the command line.

    @classmethod
    def main(cls, argv: list[str] | None = None) -> int:
        given = sys.argv[1:] if argv is None else argv
        if not egi.one_run_wanted(given, os.environ):
            return super().main(given)
        flag = [] if "--once" in given else ["--once"]
        return nagios.FAILED if super().main([*given, *flag]) else 0

    def command(self) -> Callable[[], Coroutine[Any, Any, None]]:
        return self._run_once if self.once else super().command()

    async def _run_once(self) -> None:
        self.log_level = logging.WARNING
        sys.exit(await run_once(self))
