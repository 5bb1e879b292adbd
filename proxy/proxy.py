"""TraefikProxy: JupyterHub's Proxy interface, served by Traefik.

Everything that all our Traefik proxies share. A subclass says where routes live, by
`make_store`, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from . import releases, session, traefik
from .errors import BadSetting, ProxyError
from .formats import dump, replace, suffix_of
from .metrics import hub_metrics
from .releases import Release
from .routes import Address, Route
from .session import Session
from .settings import TraefikSettings
from .stores.base import Store
from .supervisor import Supervisor, find_traefik, version_of


class TraefikProxy(TraefikSettings):
    """A JupyterHub proxy that keeps one Traefik, or many, supplied with routes."""

    def make_store(self) -> Store:
        raise NotImplementedError(
            f"{type(self).__name__} does not say where routes live"
        )

    def secret_env(self) -> dict[str, str]:
        """Variables in which a Traefik that we start finds what must not be in a file."""
        return {}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._session: Session | None = None
        self._joining: asyncio.Task[Session] | None = None
        self._supervisor: Supervisor | None = None

    # The interface, in the order in which the Hub calls it.

    async def start(self) -> None:
        """Start a Traefik, and return when it serves the routes that there were."""
        try:
            await self._start()
        except ProxyError as e:
            await self._stop()
            self._give_up(e)

    async def stop(self) -> None:
        await self._stop()
        for path in self.files():
            path.unlink(missing_ok=True)

    async def add_route(self, routespec: str, target: str, data: Any) -> None:
        spec = self.validate_routespec(routespec)
        route = Route.make(spec, target, data)
        current = await self._ready()
        await current.writer.submit({Address.parse(spec): route})

    async def delete_route(self, routespec: str) -> None:
        address = Address.parse(self.validate_routespec(routespec))
        current = await self._ready()
        await current.writer.submit({address: None})

    async def get_route(self, routespec: str) -> dict[str, Any] | None:
        address = Address.parse(self.validate_routespec(routespec))
        return (await self._ready()).route(address)

    async def get_all_routes(self) -> dict[str, dict[str, Any]]:
        current = await self._ready()
        found = [current.route(address) for address in current.table.routes]
        return {route["routespec"]: route for route in found if route}

    async def check_routes(
        self,
        user_dict: Mapping[str, Any],
        service_dict: Mapping[str, Any],
        routes: Mapping[str, Any] | None = None,
    ) -> None:
        """Mend the store and every Traefik first, then let the Hub compare."""
        current = await self._ready()
        try:
            await current.writer.reconcile()
        except ProxyError as e:
            self.log.error("Routes could not be checked: %s", e)
        await super().check_routes(user_dict, service_dict, routes)

    async def add_user(self, user: Any, server_name: str = "", **more: Any) -> None:
        """Pass over a server that began to stop since the Hub looked.

        The Hub takes that for a fault, and would end over it while it starts.
        """
        if user.spawners[server_name].pending == "stop":
            self.log.info("%s is stopping: it gets no route", server_name or user.name)
            return
        await super().add_user(user, server_name, **more)

    # A Traefik that we start.

    @property
    def _static_path(self) -> str:
        return os.path.abspath(self.static_config_file)

    def files(self) -> list[Path]:
        """What is removed when our Traefik has ended."""
        return [Path(self.static_config_file)]

    async def _start(self) -> None:
        program = find_traefik(self.traefik_command)
        release = traefik.release(await version_of(program))
        self._advise([release])
        self._session = current = self._make_session()
        current.nest(self.shard_routes, [release])
        self._write_static(current, release)
        await current.open(self._base(), self.check_route_timeout)
        await current.writer.prepare()
        self._supervisor = Supervisor(
            [program, "--configfile", self._static_path],
            env={**os.environ, **self.secret_env(), **self.traefik_env},
            log=self.log,
            restarted=self._restarted,
            outlive=not getattr(self.app, "cleanup_proxy", True),
        )
        await self._supervisor.start()
        await self._supervisor.started(self._up(current))
        current.start()

    async def _up(self, current: Session) -> None:
        await current.replicas.wait_up()
        await current.writer.reconcile()

    async def _restarted(self) -> None:
        hub_metrics().restarted()
        if self._session:
            await self._up(self._session)

    async def _stop(self) -> None:
        # The session first: a Traefik that is being answered does not end.
        if self._session:
            await self._session.close()
        if self._supervisor:
            await self._supervisor.stop()
        self._supervisor = self._session = None

    # A Traefik that runs elsewhere.

    async def _ready(self) -> Session:
        """The session; the first caller makes it, if nobody has called `start`."""
        if self._session:
            return self._session
        if self._joining is None or self._joining.done():
            self._joining = asyncio.create_task(self._join())
        try:
            return await asyncio.shield(self._joining)
        except ProxyError as e:
            self._give_up(e)

    async def _join(self) -> Session:
        """Give a Traefik that runs elsewhere its API router, then all routes."""
        current = self._make_session()
        try:
            found = await current.releases()
            self._advise(found)
            current.nest(self.shard_routes, found)
            base = self._base() if self.enable_setup_dynamic_config else {}
            await current.open(base, self.check_route_timeout)
            await current.writer.prepare()
        except BaseException:
            await current.close()
            raise
        self._session = current
        current.start()
        return current

    # What both have in common.

    def _make_session(self) -> Session:
        return Session(self, self.make_store(), hub_metrics())

    def _base(self) -> dict[Any, Any]:
        return session.base(self)

    def _write_static(self, current: Session, release: Release) -> None:
        path = Path(self._static_path)
        suffix = suffix_of("static_config_file", path)
        settings = session.static(self, current.store.static(), release)
        try:
            replace(path, dump(settings, suffix))
        except OSError as e:
            raise BadSetting(f"cannot write {path}: {e.strerror}") from None

    def _advise(self, found: list[Release]) -> None:
        for release in sorted(set(found)):
            for advice in releases.check(release):
                self.log.warning("%s", advice)

    def _give_up(self, error: ProxyError) -> NoReturn:
        """End a Hub that cannot work with one clear line instead of a traceback."""
        starting = getattr(self.app, "_start_future", None)
        if starting is not None and not starting.done():
            self.log.critical("%s", error)
            raise SystemExit(1)
        raise error
