"""A JupyterHub whose proxy is under test.

It is the real application with its real database, users and spawners. Only the
Hub's own pages are missing: a server of ours listens where the Hub would, so that
a test can tell when a request has come to the Hub.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from inspect import isawaitable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyterhub import orm
from jupyterhub.app import JupyterHub
from jupyterhub.objects import Server as ServerRecord
from jupyterhub.proxy import Proxy
from jupyterhub.utils import maybe_future
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyterhub_suite.ports import free_port

from .servers import Server

THE_HUB = "the hub"


def read_config(file: str, proxy_class: str) -> Config:
    config = Config()
    if file:
        path = Path(file).absolute()
        config = PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    if proxy_class:
        config.JupyterHub.proxy_class = proxy_class
    return config


class HubGaveUpError(RuntimeError):
    """A Hub did what it does when it can't go on: it ended the process."""


class HubUnderTest:
    """One life of a Hub: start it, ask it for its proxy, stop it."""

    def __init__(self, config: Config, hub_server: Server, **settings: Any) -> None:
        config = deepcopy(config)
        for name, value in _defaults(hub_server).items():
            config.JupyterHub.setdefault(name, value)
        config.JupyterHub.update(settings)
        self.app = JupyterHub(config=config)
        self._started = False

    @property
    def proxy(self) -> Proxy:
        return self.app.proxy

    @property
    def public_url(self) -> str:
        """Where browsers find the proxy."""
        url = urlsplit(self.app.bind_url)
        host = url.hostname or "127.0.0.1"
        return f"{url.scheme}://{host}:{url.port}"

    async def start(self) -> None:
        """What JupyterHub does when it starts, as far as its proxy is concerned."""
        try:
            await self._start()
        except SystemExit:
            # An event loop lets it through, past all of pytest's reports.
            raise HubGaveUpError("the Hub ended itself; its log says why") from None

    async def _start(self) -> None:
        # An empty list, or it would read pytest's arguments.
        await self.app.initialize([])
        if self.proxy.should_start:
            self._started = True
            # In no task of its own, out of which an exit would go past us.
            starting = self.proxy.start()
            if isawaitable(starting):
                await starting
        await self.proxy.get_all_routes()
        await self.check_routes()

    async def stop(self) -> None:
        if self._started:
            await maybe_future(self.proxy.stop())

    async def check_routes(self) -> None:
        """What JupyterHub does every five minutes."""
        await self.proxy.check_routes(self.app.users, self.app._service_map)

    def running_server(self, user_name: str, server: Server, name: str = "") -> str:
        """Put on record that a user's server runs; give back its routespec."""
        db = self.app.db
        owner = orm.User.find(db, user_name) or orm.User(name=user_name)
        record = orm.Server(ip="127.0.0.1", port=server.port)
        db.add_all([owner, record])
        if name and name not in owner.orm_spawners:
            db.add(orm.Spawner(name=name, user=owner))
        db.commit()
        spawner = self.app.users[user_name].spawners[name]
        spawner.server = ServerRecord(orm_server=record)
        return spawner.proxy_spec

    def stopped_server(self, user_name: str, name: str = "") -> None:
        """Put on record that a user's server runs no more."""
        self.app.users[user_name].spawners[name].server = None

    async def forget_everything(self) -> None:
        """Back to a Hub without running servers, and to its own routes."""
        for user in list(self.app.users.values()):
            for spawner in list(user.spawners.values()):
                spawner.server = None
        self.proxy.extra_routes = {}
        await self.check_routes()


@asynccontextmanager
async def running_hub(
    config: Config, hub_server: Server, **settings: Any
) -> AsyncIterator[HubUnderTest]:
    hub = HubUnderTest(config, hub_server, **settings)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.stop()


def import_from(folder: str | os.PathLike[str]) -> None:
    """Let `--proxy-class=my.Proxy` be a module in the folder pytest was called in."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _defaults(hub_server: Server) -> dict[str, Any]:
    return {
        "bind_url": f"http://127.0.0.1:{free_port()}",
        "hub_bind_url": hub_server.url,
        "db_url": "sqlite:///:memory:",
        "cookie_secret": os.urandom(32),
        "authenticator_class": "null",
        "log_level": "INFO",
    }
