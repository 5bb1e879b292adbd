"""A session: the parts of a running proxy, put together from its settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from . import entries, traefik
from .activity import Activity
from .api import Replica, Replicas
from .certificate import placeholder
from .entries import ROUTES, Entry, Path
from .errors import BadRoute, StoreUnavailable, TraefikError
from .metrics import ProxyMetrics
from .patrol import Patrol
from .releases import NESTED, Release
from .routes import Address, Route, route_name
from .settings import TraefikSettings, listed
from .stores.base import Store
from .table import Door, Naming, Table
from .traefik import API_HEADER, Api, Static, Tls
from .writer import Writer


class Session:
    """Table, store, replicas and writer of one proxy."""

    def __init__(
        self, settings: TraefikSettings, store: Store, metrics: ProxyMetrics
    ) -> None:
        self.log: logging.Logger = settings.log
        self.store = store
        self.naming = Naming(settings.hub_id)
        self.table = Table(self.naming, door(settings))
        self.client = api_client(settings)
        self.replicas = Replicas(
            [self._replica(url) for url in listed(settings.traefik_api_urls)],
            log=self.log,
            metrics=metrics,
        )
        self.writer = Writer(
            self.table,
            store,
            self.replicas.confirm,
            log=self.log,
            metrics=metrics,
            timeout=settings.check_route_timeout,
            again=settings.patrol_interval,
        )
        self.patrol = Patrol(
            self.writer,
            self.replicas,
            log=self.log,
            interval=settings.patrol_interval,
            certificates=(settings.ssl_cert, settings.ssl_key),
        )
        self.activity = Activity(
            self.replicas.replicas,
            log=self.log,
            interval=settings.activity_interval,
            near=self._targets if settings.should_start else dict,
        )
        self._track = settings.track_activity

    def start(self) -> None:
        """Begin to look after what runs."""
        self.patrol.start()
        if self._track:
            self.activity.start()

    def route(self, address: Address) -> dict[str, Any] | None:
        """A route as JupyterHub asks for it, with its last activity if that is known."""
        route = self.table.routes.get(address)
        if route is None:
            return None
        described = route.as_dict()
        if when := self.activity.of(self._service(address)):
            described["data"]["last_activity"] = when
        return described

    def _service(self, address: Address) -> str:
        return self.naming.of(route_name(address))

    def _targets(self) -> dict[str, str]:
        return {self._service(a): r.target for a, r in self.table.routes.items()}

    def _replica(self, url: str) -> Replica:
        middleware = f"{self.naming.of('generation')}@{self.store.provider}"
        return Replica(url, self.client, middleware)

    async def open(self, base: Mapping[Path, Entry], patience: float) -> None:
        """Take over what the store holds from an earlier life of this Hub."""
        found = await self._first_load(patience)
        self.table.settle(base)
        self.table.update(routes_in(found, self.naming, self.log))

    async def _first_load(self, patience: float) -> Mapping[Path, Entry]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while True:
            try:
                await self.store.open()
                return await self.store.load()
            except StoreUnavailable as e:
                if loop.time() > deadline:
                    raise
                self.log.warning("Trying again: %s", e)
                await asyncio.sleep(1)

    def nest(self, allowed: bool, releases: list[Release]) -> None:
        """Nest routers only if every Traefik can; must precede `open`."""
        self.table.nested = allowed and min(releases, default=NESTED) >= NESTED

    async def releases(self) -> list[Release]:
        """Of those replicas that answer."""
        found = await asyncio.gather(
            *(replica.release() for replica in self.replicas.replicas),
            return_exceptions=True,
        )
        for error in found:
            if isinstance(error, BaseException) and not isinstance(error, TraefikError):
                raise error
        return [release for release in found if isinstance(release, tuple)]

    async def close(self) -> None:
        await self.activity.stop()
        await self.patrol.stop()
        await self.writer.close()
        await self.client.aclose()
        await self.store.close()


def routes_in(
    found: Mapping[Path, Entry], naming: Naming, log: logging.Logger
) -> dict[Address, Route | None]:
    """The routes of this Hub that a store holds; one that cannot be read is left out."""
    routes: dict[Address, Route | None] = {}
    for path, entry in found.items():
        if path[:-1] != ROUTES or not naming.owns(path):
            continue
        try:
            route = Route.from_json(entry)
            routes[Address.parse(route.spec)] = route
        except BadRoute as e:
            log.warning("Leaving out %s: %s", path[-1], e)
    return routes


def api_client(settings: TraefikSettings) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        auth=(settings.traefik_api_username, settings.traefik_api_password),
        headers={API_HEADER: settings.hub_id},
        verify=settings.traefik_api_validate_cert,
        timeout=httpx.Timeout(10, connect=3),
        trust_env=False,
    )


def door(settings: TraefikSettings) -> Door:
    return Door(
        (settings.traefik_entrypoint,),
        tuple(settings.public_hosts),
        internal_tls=bool(internal_tls(settings)),
    )


def internal_tls(settings: TraefikSettings) -> dict[str, Any]:
    """With c.JupyterHub.internal_ssl: whom to trust, and what to show to servers."""
    app = settings.app
    if not getattr(app, "internal_ssl", False):
        return {}
    ours = app.internal_proxy_certs["proxy-client"]
    return {
        "rootCAs": [app.internal_trust_bundles["proxy-client-ca"]],
        "certificates": [{"certFile": ours["certfile"], "keyFile": ours["keyfile"]}],
    }


def tls(settings: TraefikSettings) -> Tls:
    certificate, key = settings.ssl_cert, settings.ssl_key
    if not certificate and settings.should_start and not settings.acme:
        certificate, key = placeholder()
    return Tls(
        certificate=certificate,
        key=key,
        acme=settings.acme,
        redirect_port=settings.redirect_http_port,
        http3=settings.http3,
    )


def base(settings: TraefikSettings) -> dict[Path, Entry]:
    """The entries that do not depend on routes."""
    api = Api(
        entrypoint=settings.traefik_api_entrypoint,
        username=settings.traefik_api_username,
        hashed_password=settings.traefik_api_hashed_password,
        path=urlsplit(settings.traefik_api_url).path.rstrip("/") or "/api",
        shared=settings.hub_id != "jupyterhub",
    )
    naming = Naming(settings.hub_id)
    ours = traefik.base(
        naming,
        api,
        tls(settings),
        metrics=settings.track_activity,
        internal=internal_tls(settings),
    )
    return entries.split(entries.merge(ours, settings.extra_dynamic_config))


def api_address(settings: TraefikSettings) -> str:
    """Where a Traefik's API listens. Who has said only where the APIs of several are
    reached does not mean this machine's loopback, where nobody would reach them."""
    own = settings.traefik_api_url
    if settings.should_start or own != settings.traits()["traefik_api_url"].default():
        return own
    return listed(settings.traefik_api_urls)[0]


def static(
    settings: TraefikSettings, providers: Mapping[str, Any], release: Release
) -> dict[str, Any]:
    """The static configuration of a Traefik that serves this Hub."""
    ours = traefik.static(
        Static(
            public_url=settings.public_url,
            api_url=api_address(settings),
            entrypoint=settings.traefik_entrypoint,
            api_entrypoint=settings.traefik_api_entrypoint,
            providers=providers,
            throttle=settings.traefik_providers_throttle_duration,
            log_level=settings.traefik_log_level or "WARN",
            tls=tls(settings),
            metrics=settings.track_activity,
            access_log=settings.access_log,
            trusted_ips=tuple(settings.trusted_proxies),
            release=release,
            here=settings.should_start,
        )
    )
    return entries.merge(ours, settings.extra_static_config)
