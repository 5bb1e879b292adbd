"""The smallest proxy that a real Hub can run behind: one Traefik, one file.

Tests of services and of the harness need *a* proxy, without Node.js and without
leaning on the proxies that other tests are about. Not for production: one write a
route, and a Traefik that dies stays dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml
from jupyterhub.proxy import Proxy

from jupyterhub_suite.ports import free_port


class HarnessProxy(Proxy):
    async def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="proxy-", dir=os.getcwd()))
        self.api = f"http://127.0.0.1:{free_port()}"
        self.routes: dict[str, dict[str, Any]] = {}
        self.generations = itertools.count(1)
        self.changing = asyncio.Lock()
        self.pid_file = Path("harness-proxy.pid")
        self.end_that_of_a_crashed_hub()
        static = static_configuration(self.public_url, self.api, self.folder)
        (self.folder / "static.yml").write_text(yaml.safe_dump(static))
        self.launch()
        self.pid_file.write_text(str(self.traefik.pid))
        await self.write()

    def launch(self) -> None:
        traefik = Path(sys.executable).with_name("traefik")
        self.traefik = subprocess.Popen(
            [traefik, f"--configfile={self.folder}/static.yml"]
        )

    def stop(self) -> None:
        self.traefik.terminate()
        self.traefik.wait(10)
        self.pid_file.unlink()

    def end_that_of_a_crashed_hub(self) -> None:
        """It still holds our port, and no route of it is known to this Hub."""
        if self.pid_file.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.pid_file.read_text()), signal.SIGKILL)

    async def add_route(self, routespec: str, target: str, data: Any) -> None:
        routespec = self.validate_routespec(routespec)
        route = {"routespec": routespec, "target": target, "data": data}
        self.routes[routespec] = route
        await self.write()

    async def delete_route(self, routespec: str) -> None:
        if self.routes.pop(self.validate_routespec(routespec), None):
            await self.write()

    async def get_all_routes(self) -> dict[str, dict[str, Any]]:
        return dict(self.routes)

    async def write(self) -> None:
        """Write all routes, and wait until Traefik has loaded this very writing."""
        async with self.changing:
            marker = f"generation-{next(self.generations)}"
            dynamic = dynamic_configuration(
                list(self.routes.values()), marker, self.certificates()
            )
            unfinished = self.folder / "dynamic.yml.new"
            unfinished.write_text(yaml.safe_dump(dynamic))
            unfinished.rename(self.folder / "dynamic.yml")
            await self.loaded(marker)

    async def loaded(self, marker: str) -> None:
        url = f"{self.api}/api/http/services/{marker}@file"
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(1000):
                try:
                    if (await client.get(url)).status_code == 200:
                        return
                except httpx.TransportError:
                    if self.traefik.poll() is not None:
                        break
                await asyncio.sleep(0.02)
        raise RuntimeError(f"Traefik did not load {self.folder}/dynamic.yml")

    def certificates(self) -> dict[str, Any]:
        """With internal SSL: whom to trust, and what to show to servers."""
        if not self.app.internal_ssl:
            return {}
        mine = self.app.internal_proxy_certs["proxy-client"]
        return {
            "rootCAs": [self.app.internal_trust_bundles["proxy-client-ca"]],
            "certificates": [
                {"certFile": mine["certfile"], "keyFile": mine["keyfile"]}
            ],
        }


def static_configuration(public_url: str, api: str, folder: Path) -> dict[str, Any]:
    return {
        "entryPoints": {
            "web": {"address": urlsplit(public_url).netloc},
            "traefik": {"address": urlsplit(api).netloc},
        },
        "api": {"insecure": True},
        "providers": {
            "providersThrottleDuration": "10ms",
            "file": {"filename": f"{folder}/dynamic.yml", "watch": True},
        },
        "log": {"level": "WARN"},
    }


def dynamic_configuration(
    routes: list[dict[str, Any]], marker: str, certificates: dict[str, Any]
) -> dict[str, Any]:
    routers, services = {}, {marker: service("http://127.0.0.1:9", {})}
    for number, route in enumerate(routes):
        name = f"route-{number}"
        routers[name] = {
            "rule": rule(route["routespec"]),
            "priority": len(route["routespec"]),
            "entryPoints": ["web"],
            "service": name,
        }
        services[name] = service(route["target"], certificates)
    http: dict[str, Any] = {"routers": routers, "services": services}
    if certificates:
        http["serversTransports"] = {"internal": certificates}
    return {"http": {name: part for name, part in http.items() if part}}


def service(target: str, certificates: dict[str, Any]) -> dict[str, Any]:
    balancer: dict[str, Any] = {"servers": [{"url": target}], "passHostHeader": True}
    if certificates:
        balancer["serversTransport"] = "internal"
    return {"loadBalancer": balancer}


def rule(routespec: str) -> str:
    if set("`{}\\") & set(routespec):
        raise ValueError(f"The harness's proxy takes plain names only: {routespec!r}")
    host, _, path = routespec.partition("/")
    matched = f"PathPrefix(`/{path}`)"
    return f"Host(`{host}`) && {matched}" if host else matched
