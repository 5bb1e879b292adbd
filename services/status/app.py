"""The service: its settings, its routes, and what it opens and closes."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import ssl
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool, Dict, Float, Integer, List, Unicode, default, validate

from jupyterhub_suite.services.database import DatabaseService
from jupyterhub_suite.services.errors import HubError, SettingError, SuiteError
from jupyterhub_suite.services.hub import HubClient
from jupyterhub_suite.services.service import Route

from . import api, handlers, once
from .channels import make_channels
from .checks import make_checks
from .checks.base import Check, Memo, Site
from .history import History
from .hubmetrics import CensusCollector
from .metrics import StatusCollector
from .notices import Notices
from .once import FileMemo
from .outbox import Outbox
from .scheduler import Scheduler, StoredMemo
from .store import Store

HOUR = 3600
# How a path names a check and a notice.
NAME = "([a-z0-9][a-z0-9_-]{0,62})"
NUMBER = "([0-9]{1,10})"


class StatusService(DatabaseService):
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

    checks = List(
        Dict(),
        default_value=[
            {"name": "hub", "kind": "hub"},
            {"name": "spawn", "kind": "spawn"},
        ],
        help="""What to look at: [{"name": …, "kind": …, "interval": SECONDS,
        "timeout": SECONDS, …}]; docs/status.md lists the kinds and their options.""",
    ).tag(config=True)
    public_url = Unicode(
        help="""Where users reach the deployment, such as https://hub.example.org/:
        checks go the same way, through the public proxy. The Hub's public_url if it
        has one, else where it listens by default."""
    ).tag(config=True, env="JUPYTERHUB_PUBLIC_HUB_URL")
    ca_file = Unicode(
        help="The CA (PEM) of the public address, where it is one of your own."
    ).tag(config=True)
    public = Bool(
        True, help="Show the page to everybody, or only to those who logged in."
    ).tag(config=True)
    threshold = Integer(
        1, min=1, help="How many failures in a row make an incident, and alert."
    ).tag(config=True)
    reminder = Float(
        0.0,
        min=0,
        help="Seconds between reminders while an incident goes on; 0 sends none.",
    ).tag(config=True)
    notifications = List(
        Dict(),
        help="""Whom to tell of incidents: [{"kind": "webhook", "url": …}, {"kind":
        "email", …}, {"kind": "command", …}]; docs/status.md lists their options.""",
    ).tag(config=True)
    hub_metrics = Float(
        60.0,
        min=0,
        help="""Seconds between two counts of the Hub's servers and users for
        /metrics; 0 counts none.""",
    ).tag(config=True)
    metrics_users = Bool(
        False, help="Name users in /metrics: their names are then read by many."
    ).tag(config=True)
    badge_label = Unicode(
        "notebooks", help="What the badge says beside the state."
    ).tag(config=True)
    once = Bool(
        False, help="Run checks once, print one line for Nagios, and exit."
    ).tag(config=True)
    start_delay = Float(
        10.0,
        min=0,
        help="""Seconds before the first check: a Hub starts its services before it
        has told its proxy of every route.""",
    ).tag(config=True)
    keep_results = Integer(
        90, min=1, help="Days for which single results are kept."
    ).tag(config=True)
    keep_days = Integer(
        730, min=90, help="Days for which the counts of a day are kept."
    ).tag(config=True)

    @default("public_url")
    def _default_public_url(self) -> str:
        return f"http://127.0.0.1:8000{self.base_url}"

    @validate("public_url")
    def _whole_url(self, proposal: Any) -> str:
        """The deployment's URL, also where that of the Hub is given."""
        url = proposal.value.rstrip("/").removesuffix("/hub") + "/"
        if not url.startswith(("http://", "https://")):
            raise SettingError(
                f"public_url is {proposal.value!r}: expected http(s)://…"
            )
        return url

    def routes(self) -> list[Route]:
        return [
            ("", handlers.StatusPage),
            ("login", handlers.Login),
            ("badge.svg", handlers.Badge),
            ("feed.atom", handlers.Feed),
            ("notices", handlers.NoticeForm),
            (f"notices/{NUMBER}", handlers.NoticeForm),
            (f"checks/{NAME}/run", handlers.RunForm),
            ("api/openapi.json", api.OpenAPI),
            ("api/health", api.OverallHealth),
            ("api/checks", api.Checks),
            (f"api/checks/{NAME}", api.OneCheck),
            (f"api/checks/{NAME}/results", api.Results),
            (f"api/checks/{NAME}/days", api.Days),
            (f"api/checks/{NAME}/run", api.RunNow),
            ("api/incidents", api.Incidents),
            ("api/notices", api.NoticeList),
            (f"api/notices/{NUMBER}", api.OneNotice),
            (f"api/notices/{NUMBER}/history", api.NoticeHistory),
            (f"api/heartbeats/{NAME}", api.Heartbeat),
        ]

    async def setup(self) -> None:
        self.known_checks = self.read_checks()
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
        self.tls = self._public_tls()
        self.web = self.open_web()
        self.once_hub = self.open_hub()
        await self.store.plan(
            {name: check.interval for name, check in self.known_checks.items()},
            time.time(),
        )
        self.collector = StatusCollector(self.known_checks, self.registry)
        self.census = CensusCollector(self.registry, self.metrics_users)

    def read_checks(self) -> dict[str, Check]:
        return make_checks(self.checks)

    def open_hub(self) -> HubClient:
        """One that tries once: a Hub that needs a second try is not well."""
        certificates = self.certificates
        return HubClient(
            self.api_url,
            self.api_token,
            tls=certificates.client_context() if certificates.client_ca else None,
            attempts=1,
        )

    def open_web(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self.tls or True, timeout=30, trust_env=False)

    def _public_tls(self) -> ssl.SSLContext | None:
        if not self.ca_file:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingError(
                f"ca_file is {self.ca_file!r}, which cannot be used: {error}"
            ) from None

    def site(self, name: str) -> Site:
        return self._site(StoredMemo(self.store, name))

    def _site(self, memo: Memo) -> Site:
        return Site(
            hub=self.once_hub,
            web=self.web,
            public_url=self.public_url,
            token=self.api_token,
            memo=memo,
            tls=self.tls,
        )

    # One run, from the command line.

    @classmethod
    def main(cls, argv: list[str] | None = None) -> int:
        """What Nagios is not told as 3, UNKNOWN, it takes for a WARNING."""
        given = sys.argv[1:] if argv is None else argv
        wanted = once.wanted(given, os.environ)
        if wanted and "--once" not in given:
            given = [*given, "--once"]
        status = super().main(given)
        return once.FAILED if wanted and status else status

    def command(self) -> Callable[[], Coroutine[Any, Any, None]]:
        return self.run_once if self.once else super().command()

    async def run_once(self) -> None:
        self.log_level = logging.WARNING
        monitored = os.environ.get("MONITORED_URL")
        if monitored:
            self.api_url = once.api_url(monitored)
            self.public_url = once.public_url(monitored)
        self._check_address()
        self.tls = self._public_tls()
        try:
            self.web, self.once_hub = self.open_web(), self.open_hub()
            results = await once.run_once(
                self.checks, self.extra_args, self._passing_site, self.log
            )
        except SuiteError as error:
            sys.stdout.write(f"STATUS UNKNOWN - {error}\n")
            sys.exit(once.FAILED)
        finally:
            await self._close()
        sys.stdout.write(once.line(results) + "\n")
        sys.exit(once.exit_status(results))

    def _check_address(self) -> None:
        for setting in ("api_url", "api_token"):
            if not getattr(self, setting):
                variable = self.traits()[setting].metadata["env"]
                raise SettingError(f"{setting} is not set: set ${variable}")

    def _passing_site(self, name: str) -> Site:
        folder = Path(self.storage_path)
        return self._site(FileMemo(folder / f"status-once-{name}.json"))

    async def run(self) -> None:
        holder = f"{socket.gethostname()[:40]}-{secrets.token_hex(6)}"
        scheduler = Scheduler(
            self.known_checks,
            self.store,
            self.site,
            self.history.record,
            holder,
            self.log,
        )
        work = [self._later(scheduler.run), self._tidy, self._count, self.outbox.run]
        if self.hub_metrics:
            work.append(self._later(self._take_census))
        await together(*work)

    def _later(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        async def start() -> None:
            await asyncio.sleep(self.start_delay)
            await work()

        return start

    async def _tidy(self) -> None:
        """Forget what is older than it is kept for."""
        while True:
            day = date.today() - timedelta(days=self.keep_days)
            try:
                await self.store.forget(
                    time.time() - self.keep_results * 86400, day.isoformat()
                )
            except (SQLAlchemyError, OSError) as error:
                self.log.error("Old results stay: %s", type(error).__name__)
            await asyncio.sleep(HOUR)

    async def _count(self) -> None:
        """Keep at hand what Prometheus asks for."""
        while True:
            try:
                await self.collector.refresh(self.store)
            except (SQLAlchemyError, OSError) as error:
                self.log.error("Metrics wait: %s", type(error).__name__)
            await asyncio.sleep(2)

    async def _take_census(self) -> None:
        while True:
            try:
                await self.census.refresh(self.once_hub, time.time())
            except HubError as error:
                self.log.warning("The Hub cannot be counted: %s", error)
            await asyncio.sleep(self.hub_metrics)

    async def cleanup(self) -> None:
        await self._close()
        await super().cleanup()

    async def _close(self) -> None:
        """Close what was opened, which is not all if something went wrong."""
        if hasattr(self, "web"):
            await self.web.aclose()
        if hasattr(self, "once_hub"):
            await self.once_hub.close()


async def together(*work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do all of it until cancelled; the first error ends the others too."""
    tasks = [asyncio.create_task(part()) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
