"""The service: its settings, its routes, and what it opens and closes."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from traitlets import Bool, Dict, Float, Integer, List, Unicode, default, validate

from jupyterhub_suite.services.database import DatabaseService
from jupyterhub_suite.services.errors import SettingError
from jupyterhub_suite.services.hub import HubClient
from jupyterhub_suite.services.service import Route

from . import handlers
from .checks import make_checks
from .checks.base import Check, Site
from .history import History
from .metrics import StatusCollector
from .scheduler import Scheduler, StoredMemo
from .store import Store

HOUR = 3600


class StatusService(DatabaseService):
    """Tries, again and again, whether one can work on this hub, and says so."""

    name = "status"
    migrations = Path(__file__).parent / "versions"

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
            ("api/health", handlers.OverallHealth),
        ]

    async def setup(self) -> None:
        self.known_checks = self.read_checks()
        await super().setup()
        self.store = Store(self.database)
        self.history = History(self.store, self.known_checks, self.threshold)
        self.tls = self._public_tls()
        self.web = self.open_web()
        self.once_hub = self.open_hub()
        await self.store.plan(
            {name: check.interval for name, check in self.known_checks.items()},
            time.time(),
        )
        self.collector = StatusCollector(self.known_checks, self.registry)

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
        return Site(
            hub=self.once_hub,
            web=self.web,
            public_url=self.public_url,
            token=self.api_token,
            memo=StoredMemo(self.store, name),
            tls=self.tls,
        )

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
        await together(self._later(scheduler.run), self._tidy, self._count)

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
            await self.store.forget(
                time.time() - self.keep_results * 86400, day.isoformat()
            )
            await asyncio.sleep(HOUR)

    async def _count(self) -> None:
        """Keep at hand what Prometheus asks for."""
        while True:
            await self.collector.refresh(self.store)
            await asyncio.sleep(2)

    async def cleanup(self) -> None:
        for name in ("web", "once_hub"):
            opened = getattr(self, name, None)
            if opened is not None:
                await (opened.aclose() if name == "web" else opened.close())
        await super().cleanup()


async def together(*work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do all of it until cancelled; the first error ends the others too."""
    tasks = [asyncio.create_task(part()) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
