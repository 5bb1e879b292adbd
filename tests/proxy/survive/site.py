"""A large site: a Hub, two Traefik replicas, a balancer before them, and a store."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.testing.servers import Server
from jupyterhub_suite.proxy.traefik import Static, static
from tests.harness.hub import RealHub
from tests.harness.traefik import Traefik
from tests.proxy.survive.balancer import Balancer
from tests.proxy.survive.load import Load

STEADY = [f"steady-{n}" for n in range(10)]
UNLIMITED = {
    "active_server_limit": 0,
    "concurrent_spawn_limit": 0,
    "cleanup_servers": False,
    "cleanup_proxy": False,
}


class Replica(Traefik):
    """A Traefik as an operator of Kubernetes would run it."""

    def __init__(self, folder: Path, providers: dict[str, Any]) -> None:
        self.public, self.api = (f"http://127.0.0.1:{free_port()}" for _ in "pa")
        settings = static(
            Static(
                public_url=self.public,
                api_url=self.api,
                entrypoint="http",
                api_entrypoint="auth_api",
                providers=providers,
            )
        )
        # The harness asks an API of its own whether a Traefik is up.
        settings.pop("api")
        super().__init__(folder, settings)


class Site:
    def __init__(
        self, hub: RealHub, replicas: list[Replica], balancer: Balancer, port: int
    ) -> None:
        self.hub, self.replicas, self.balancer = hub, replicas, balancer
        self.load = Load(port, balancer, STEADY)

    async def kill_a_replica(self) -> None:
        self.balancer.touch(0)
        await self.replicas[0].kill()

    async def bring_it_back(self) -> None:
        self.balancer.withhold(0)
        await self.replicas[0].start()
        # A readiness probe: a Traefik that answers may not have read its routes yet.
        await self.replicas[0].process.answers(f"{self.replicas[0].public}/hub/health")
        self.balancer.admit(0)

    async def restart_the_hub(self) -> None:
        await self.hub.kill()
        await self.hub.start()

    async def wrong_routes(
        self, running: list[str], stopped: list[str]
    ) -> tuple[list[str], list[str]]:
        """Those that are missing, and those left over, on any replica."""
        missing, left_over = [], []
        for replica in self.replicas:
            async with httpx.AsyncClient(base_url=replica.public) as browser:
                reached = {
                    name: await reaches(browser, name) for name in [*running, *stopped]
                }
            missing += [name for name in running if not reached[name]]
            left_over += [name for name in stopped if reached[name]]
        return missing, left_over

    async def settled(
        self, running: list[str], stopped: list[str], seconds: float = 60
    ) -> tuple[list[str], list[str]]:
        """What is still wrong after so long; nothing, as soon as nothing is."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while any(wrong := await self.wrong_routes(running, stopped)):
            if clock() > end:
                break
            await asyncio.sleep(0.5)
        return wrong


async def reaches(browser: httpx.AsyncClient, name: str) -> bool:
    answer = await browser.get(f"/user/{name}/")
    return "X-Answered-By" in answer.headers


@asynccontextmanager
async def site(
    folder: Path, proxy_class: str, store: dict[str, Any], providers: dict[str, Any]
) -> AsyncIterator[Site]:
    """`store` is what the Hub is told of it, `providers` what the replicas are."""
    async with AsyncExitStack() as stack:
        echo = Server("a user's server")
        stack.push_async_callback(echo.stop)
        replicas = [
            await stack.enter_async_context(Replica(folder / f"r{n}", providers))
            for n in range(2)
        ]
        settings: dict[str, dict[str, Any]] = {
            "JupyterHub": {
                **UNLIMITED,
                "proxy_class": f"jupyterhub_suite.proxy.classes.{proxy_class}",
                "spawner_class": "tests.proxy.survive.spawner.EchoSpawner",
            },
            "EchoSpawner": {"echo_url": echo.url},
            proxy_class: {
                **store,
                "should_start": False,
                "traefik_api_urls": [replica.api for replica in replicas],
                "traefik_api_password": secrets.token_urlsafe(32),
            },
        }
        hub = RealHub(folder / "hub", settings=settings)
        port = urlsplit(hub.origin).port or 0
        balancer = Balancer([urlsplit(each.public).port or 0 for each in replicas])
        await stack.enter_async_context(balancer.listening(port))
        await stack.enter_async_context(hub)
        for name in STEADY:
            await hub.start_server(name)
        yield Site(hub, replicas, balancer, port)
