"""A real JupyterHub on free ports, as an administrator or a user sees it.

    async with RealHub(folder, settings={"JupyterHub": {…}}) as hub:
        alice = await hub.login("alice")
        await hub.start_server("alice")
        (await alice.get("/user/alice/api/status")).raise_for_status()

``python`` is the interpreter of another environment, such as that with JupyterHub 5.
The Hub runs behind the harness's own small proxy unless ``settings`` names another.
"""

from __future__ import annotations

import json
import os
import secrets
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from jupyterhub_suite.ports import free_port
from tests.harness.processes import Process, wait_for

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).parents[2]
CONFIGURATION = """\
# Written by tests/harness/hub.py
import sys

sys.path.append({root!r})
c = get_config()  # noqa: F821
for settings in ({base!r}, {settings!r}):
    for section, traits in settings.items():
        c[section].update(traits)

{text}

for service in c.JupyterHub.services:
    service.setdefault("environment", {{}}).update({passed_on!r})
c.JupyterHub.services.append({administrator!r})
"""
# A Hub hands little of its environment on to services, whose coverage counts too.
PASSED_ON = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


class HubError(AssertionError):
    """The Hub refused what the test relies on."""


class Session(httpx.AsyncClient):
    """A logged-in browser without a screen: cookies, and XSRF tokens where due."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(
            base_url=url, follow_redirects=True, timeout=60, trust_env=False
        )
        self.name = name
        self.event_hooks["request"].append(self._show_xsrf_token)

    async def _show_xsrf_token(self, request: httpx.Request) -> None:
        token = self.xsrf_token(request.url.path)
        if token and request.method not in ("GET", "HEAD", "OPTIONS"):
            request.headers.setdefault("X-XSRFToken", token)

    def xsrf_token(self, path: str) -> str | None:
        """Hub, services and servers set one each, for their own part of the site."""
        tokens = {
            cookie.path: cookie.value
            for cookie in self.cookies.jar
            if cookie.name == "_xsrf" and path.startswith(cookie.path)
        }
        return tokens[max(tokens, key=len)] if tokens else None


class RealHub:
    def __init__(
        self,
        folder: Path,
        text: str = "",
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        python: str | Path = sys.executable,
        base_path: str = "/",
        internal_ssl: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.python = Path(python)
        self.base_path = base_path
        self.internal_ssl = internal_ssl
        self.origin = f"http://127.0.0.1:{free_port()}"
        self.url = self.origin + base_path
        scheme = "https" if internal_ssl else "http"
        #: Where the Hub itself listens, and where its API is without the proxy.
        self.hub_origin = f"{scheme}://127.0.0.1:{free_port()}"
        self.api_url = f"{self.hub_origin}{base_path}hub/api"
        #: A token of a service with the admin role, for tests' own requests.
        self.token = secrets.token_hex(16)
        self.env = {
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            **(env or {}),
        }
        self._text, self._settings = text, dict(settings or {})
        self._processes: list[Process] = []
        self._clients: list[httpx.AsyncClient] = []
        self._client: httpx.AsyncClient | None = None

    # Its life

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_configuration()
        try:
            return await self.start()
        except BaseException:
            await self.close()
            raise

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> Self:
        """Start a Hub, or the next one on the same database, ports and token."""
        seen = len(self.log)
        process = Process(
            "jupyterhub",
            [self.python, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            self.folder,
            env=self.env,
        )
        self._processes.append(process)
        await process.start()
        await process.says("JupyterHub is now running", deadline=120, since=seen)
        await process.answers(f"{self.url}hub/health")
        return self

    @property
    def process(self) -> Process:
        return self._processes[-1]

    async def stop(self) -> None:
        await self.process.stop()

    async def kill(self) -> None:
        """A crash: the Hub ends at once; its proxy and servers go on."""
        await self.process.kill()

    async def restart(self) -> None:
        await self.process.stop()
        await self.start()

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        for process in reversed(self._processes):
            await process.close()
        self._clients.clear()
        self._client = None
        self._processes.clear()

    @property
    def log(self) -> str:
        path = self.folder / "jupyterhub.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # Its configuration

    def write_configuration(self) -> None:
        self.folder.joinpath("jupyterhub_config.py").write_text(
            CONFIGURATION.format(
                root=str(ROOT),
                base=self._base_settings(),
                settings=self._settings,
                text=self._text,
                passed_on={
                    name: os.environ[name] for name in PASSED_ON if name in os.environ
                },
                administrator={
                    "name": "harness",
                    "admin": True,
                    "api_token": self.token,
                },
            )
        )

    def _base_settings(self) -> dict[str, dict[str, Any]]:
        return {
            "JupyterHub": {
                "bind_url": self.url,
                "hub_bind_url": f"{self.hub_origin}{self.base_path}hub/",
                "db_url": f"sqlite:///{self.folder}/jupyterhub.sqlite",
                "cookie_secret_file": f"{self.folder}/cookie_secret",
                "authenticator_class": "dummy",
                "spawner_class": "jupyterhub.spawner.SimpleLocalProcessSpawner",
                "services": [],
                "proxy_class": "tests.harness.proxy.HarnessProxy",
                "internal_ssl": self.internal_ssl,
                "internal_certs_location": f"{self.folder}/internal-ssl",
            },
            "Authenticator": {"allow_all": True, "admin_users": {"admin"}},
            "Spawner": {
                "cmd": [str(self.python.with_name("jupyterhub-singleuser"))],
                "args": ["--allow-root"],
                "ip": "127.0.0.1",
                "start_timeout": 60,
            },
            "SimpleLocalProcessSpawner": {
                "home_dir_template": f"{self.folder}/home/{{username}}"
            },
        }

    # As an administrator

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the Hub's API for ``path``; the answer may be a refusal."""
        headers = {
            "Authorization": f"token {self.token}",
            **options.pop("headers", {}),
        }
        url = f"{self.url}hub/api/{path.lstrip('/')}"
        return await self.client().request(method, url, headers=headers, **options)

    async def api(self, method: str, path: str, **options: Any) -> Any:
        """What the Hub's API answers, parsed; a refusal is an error."""
        response = await self.request(method, path, **options)
        if response.is_error:
            raise HubError(
                self.process.describe(
                    f"{method} {path}: {response.status_code} {response.text}"
                )
            )
        return response.json() if response.content else None

    def client(self) -> httpx.AsyncClient:
        """A client without cookies, for requests that bring a token."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=60, trust_env=False)
            self._clients.append(self._client)
        return self._client

    def internal_tls(self, component: str = "hub-internal") -> ssl.SSLContext:
        """With internal SSL: speak to the Hub and services as ``component`` does."""
        certificates = self.folder / "internal-ssl"
        context = ssl.create_default_context(
            cafile=str(certificates / "hub-ca_trust.crt")
        )
        own = certificates / component / component
        context.load_cert_chain(f"{own}.crt", f"{own}.key")
        return context

    # Users and their servers

    async def login(self, name: str, password: str = "") -> Session:
        """Log ``name`` in as a browser does, and return its session."""
        session = Session(self.origin, name)
        self._clients.append(session)
        page = f"{self.url}hub/login"
        (await session.get(page)).raise_for_status()
        form = {"username": name, "password": password}
        form["_xsrf"] = session.xsrf_token(f"{self.base_path}hub/login") or ""
        answer = await session.post(f"{page}?next={self.base_path}hub/home", data=form)
        if answer.is_error or answer.url.path != f"{self.base_path}hub/home":
            raise HubError(
                self.process.describe(f"login of {name!r}: {answer.status_code}")
            )
        return session

    async def start_server(
        self, name: str, server: str = "", options: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Start a server (and make its user), and return the events on its way."""
        if (await self.request("GET", user_path(name))).status_code == 404:
            await self.api("POST", user_path(name))
        await self.api("POST", server_path(name, server), json=dict(options or {}))
        events = [event async for event in self.progress(name, server)]
        if not events or not events[-1].get("ready"):
            raise HubError(self.process.describe(f"server of {name!r}: {events}"))
        return events

    async def progress(
        self, name: str, server: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        path = f"{user_path(name)}/servers/{quote(server, safe='')}/progress"
        if not server:
            path = f"{user_path(name)}/server/progress"
        async with self.client().stream(
            "GET",
            f"{self.url}hub/api{path}",
            headers={"Authorization": f"token {self.token}"},
        ) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    async def stop_server(self, name: str, server: str = "") -> None:
        """Stop a server, and wait until the Hub has let go of it."""
        response = await self.request("DELETE", server_path(name, server))
        assert response.status_code in (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)

        async def gone() -> bool:
            return server not in await self.servers(name)

        await wait_for(gone, what=f"end of server {name}/{server}")

    async def servers(self, name: str) -> dict[str, Any]:
        """The user's servers that are running, or on their way up or down."""
        user = await self.api("GET", user_path(name))
        servers: dict[str, Any] = user["servers"]
        return servers


def user_path(name: str) -> str:
    return f"/users/{quote(name, safe='')}"


def server_path(name: str, server: str) -> str:
    if not server:
        return f"{user_path(name)}/server"
    return f"{user_path(name)}/servers/{quote(server, safe='')}"
