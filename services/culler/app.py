"""Settings, routes, life."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool
from traitlets.config import Config

from jupyterhub_suite.services.database import DatabaseService
from jupyterhub_suite.services.errors import HubRefused, SettingError, SuiteError
from jupyterhub_suite.services.service import Route, stop_signal, until

from . import api, handlers
from .parts import make_sweeper
from .report import table
from .scopes import explain, missing_scopes
from .settings import CullerSettings, PeerSettings
from .store import Store

# The settings' section of jupyterhub-idle-culler, which is read as ours.
PEER_SECTION = "IdleCuller"
# What one can say as --setting-name=VALUE, as there; a switch also without a value.
PEER_TRAITS = PeerSettings.class_own_traits()
PEER_ALIASES = sorted(PEER_TRAITS.keys() - {"cull_arbiter_hook"})
PEER_FLAGS = [name for name in PEER_ALIASES if isinstance(PEER_TRAITS[name], Bool)]
# Sweeps that may be missed before the service is unwell.
LATE = 3
# How often what is older than keep_history is let go.
TIDY = timedelta(hours=6)


class CullerService(CullerSettings, DatabaseService):
    """Stops idle servers and removes idle users; tells people when and why."""

    name = "culler"
    migrations = Path(__file__).parent / "versions"
    aliases: dict[Any, Any] = {
        **DatabaseService.aliases,
        "bind-url": "CullerService.bind_url",
        **{name.replace("_", "-"): f"CullerService.{name}" for name in PEER_ALIASES},
    }
    flags: dict[Any, Any] = {
        **DatabaseService.flags,
        **{
            name.replace("_", "-"): ({"CullerService": {name: True}}, f"Set {name}.")
            for name in PEER_FLAGS
        },
        "dry-run": (
            {"CullerService": {"dry_run": True}},
            "Stop nothing. Without bind_url: print what would be stopped, and exit.",
        ),
    }

    def update_config(self, config: Config) -> None:
        """Take the settings of jupyterhub-idle-culler for ours."""
        if PEER_SECTION in config:
            config = Config(config)
            theirs = config.pop(PEER_SECTION)
            config["CullerService"] = Config({**theirs, **config["CullerService"]})
        super().update_config(config)

    def initialize(self, argv: list[str] | None = None) -> None:
        super().initialize(argv)
        if self.url:
            self.api_url = self.url
        if self.ssl_enabled and not self.keyfile:
            folder = Path(self.internal_certs_location)
            self.keyfile = str(folder / "hub-internal" / "hub-internal.key")
            self.certfile = str(folder / "hub-internal" / "hub-internal.crt")
            self.client_ca = str(folder / "hub-ca" / "hub-ca.crt")

    def clock(self) -> datetime:
        return datetime.now(timezone.utc)

    @property
    def page(self) -> str:
        """Where people see it."""
        return self.hub_host + self.prefix

    def routes(self) -> list[Route]:
        return [*handlers.ROUTES, *api.ROUTES]

    async def serve(self) -> None:
        """With pages, or without if nobody said where to listen: as the peer does."""
        if self.bind_url:
            await super().serve()
        else:
            await self._serve_headless()

    async def _serve_headless(self) -> None:
        missing = [
            f"{setting} (or ${self.traits()[setting].metadata['env']})"
            for setting in ("api_url", "api_token")
            if not getattr(self, setting)
        ]
        if missing:
            raise SettingError(f"Not set: {', '.join(missing)}")
        try:
            await self.setup()
            if self.dry_run:
                await self._print_survey()
            else:
                await until(stop_signal(), self.run())
        finally:
            try:
                await self.cleanup()
            finally:
                await self.hub.close()

    async def _print_survey(self) -> None:
        await self.check_scopes()
        sys.stdout.write(table(await self.sweeper.surveyor.survey(self.clock())))

    async def setup(self) -> None:
        await super().setup()
        self.store = Store(self.database)
        self.sweeper = make_sweeper(self, self.store)
        self.wake = asyncio.Event()
        self._turn = asyncio.Event()
        self.failure: str | None = None
        self.started = self.clock()
        # Whether what an earlier life left unfinished has been looked after.
        self.resumed = False

    async def cleanup(self) -> None:
        if hasattr(self, "sweeper"):
            await self.sweeper.close()
        await super().cleanup()

    async def run(self) -> None:
        """One sweep after the other, the first at once; never two at a time."""
        tidied = self.started - TIDY
        while True:
            if await self._try(self._work) and self.clock() - tidied >= TIDY:
                tidied = self.clock()
                await self._try(self._tidy)
            await self._rest()

    async def _try(self, work: Callable[[], Awaitable[None]]) -> bool:
        """The Hub or the database may be away for a while: the next turn comes."""
        try:
            await work()
        except (SuiteError, SQLAlchemyError, OSError) as error:
            self.failure = f"{type(error).__name__}: {error}"
            self.sweeper.metrics.sweep_errors.inc()
            self.log.error("The sweep failed: %s", self.failure)
            return False
        self.failure = None
        return True

    async def _work(self) -> None:
        await self.check_scopes()
        if not self.resumed:
            await self.sweeper.stopper.look_after_unfinished()
            self.resumed = True
        await self.sweeper.sweep()

    async def _tidy(self) -> None:
        await self.store.forget(self.clock() - timedelta(days=self.keep_history))

    async def sweep_now(self, patience: float = 15) -> None:
        """Have a sweep, and wait for its end; a long one goes on by itself."""
        turn = self._turn
        self.wake.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(turn.wait(), patience)

    async def _rest(self) -> None:
        """Until the next sweep, or an admin's word."""
        self._turn.set()
        self._turn = asyncio.Event()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.wake.wait(), self._pause())
        self.wake.clear()

    def _pause(self) -> float:
        """What is left of cull_every; soon again after a failure."""
        if self.failure or self.sweeper.last is None:
            return min(self.cull_every, 30)
        spent = self.clock() - self.sweeper.last.survey.at
        return max(self.cull_every - spent.total_seconds(), 0)

    async def check_scopes(self) -> None:
        """Say what the role lacks before anything is half done."""
        held = (await self.hub.get("user")).get("scopes", ())
        missing = missing_scopes(held, self.trait_values())
        if missing:
            raise HubRefused(explain(missing))

    async def problems(self) -> dict[str, str]:
        return {**await super().problems(), **self.sweep_problems()}

    def sweep_problems(self) -> dict[str, str]:
        """Sweeps that fail, are late or are held."""
        if self.failure:
            return {"sweep": "The last sweep failed; its error is in the log"}
        last = self.sweeper.last
        behind = self.clock() - (last.survey.at if last else self.started)
        if behind > timedelta(seconds=LATE * self.cull_every + 60):
            return {"sweep": f"No sweep for {behind}"}
        return {"held": last.held} if last and last.held else {}
