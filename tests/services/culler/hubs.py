"""A real Hub with cullers beside it, as tests drive them."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from jupyterhub_suite.ports import free_port
from tests.harness.hub import RealHub
from tests.harness.processes import Process, wait_for

if TYPE_CHECKING:
    from typing_extensions import Self

TOKEN = "culler-token-of-the-tests"
CONFIGURATION = """
from jupyterhub_suite import configure
from tests.services.culler.inhub import HANDLERS, SharedSpawner

c.JupyterHub.spawner_class = SharedSpawner
c.JupyterHub.extra_handlers = HANDLERS
c.JupyterHub.allow_named_servers = True
c.JupyterHub.tornado_settings = {{"slow_stop_timeout": 1}}
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.active_server_limit = 0
c.Authenticator.username_pattern = ".*"
configure(
    c, services=["culler"], culler={{"url": {url!r}, "api_token": {token!r}}}
)
for role in c.JupyterHub.load_roles:
    if role["name"] == "suite-culler":
        role["scopes"] += {scopes!r}
"""


@asynccontextmanager
async def culler_hub(
    folder: Path, *scopes: str, **options: Any
) -> AsyncIterator[RealHub]:
    """A Hub whose servers cost nothing, and which knows a culler."""
    hub = describe_hub(folder, *scopes, **options)
    port = int(hub.culler_url.rpartition(":")[2])  # type: ignore[attr-defined]
    # The Hub waits half a minute at its start for a service that does not listen.
    stand_in = await asyncio.start_server(say_ok, "127.0.0.1", port)
    try:
        await hub.__aenter__()
    finally:
        stand_in.close()
    try:
        yield hub
    finally:
        await hub.close()


async def say_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


def describe_hub(folder: Path, *scopes: str, **options: Any) -> RealHub:
    more = options.pop("text", "")
    hub = RealHub(folder, python=options.pop("python", sys.executable), **options)
    hub.culler_url = f"http://127.0.0.1:{free_port()}"  # type: ignore[attr-defined]
    described = CONFIGURATION.format(
        url=hub.culler_url,  # type: ignore[attr-defined]
        token=TOKEN,
        scopes=list(scopes),
    )
    hub._text = described + more
    return hub


async def age(hub: RealHub, *wishes: Mapping[str, Any]) -> None:
    """{"user": …, "server": …, "last_activity": seconds ago, "started": …}"""
    await hub.api("POST", "/test/times", json=list(wishes))


async def start(hub: RealHub, user: str, server: str = "", **options: Any) -> None:
    """A running server; `idle` and `old` say for how many seconds."""
    idle, old = options.pop("idle", 0), options.pop("old", None)
    path = f"/users/{quote(user, safe='')}"
    if (await hub.request("GET", path)).status_code == 404:
        await hub.api("POST", path)
    where = f"{path}/servers/{quote(server, safe='').replace('.', '%2E')}"
    # Not through the proxy, which reads some names as something else.
    response = await hub.client().post(
        hub.api_url + (where if server else f"{path}/server"),
        json=options,
        headers={"Authorization": f"token {hub.token}"},
    )
    assert response.status_code in (201, 202), response.text

    async def ready() -> bool:
        return (await hub.servers(user))[server]["ready"]

    await wait_for(ready, what=f"server {user}/{server}")
    await age(
        hub,
        {
            "user": user,
            "server": server,
            "last_activity": idle,
            "started": idle if old is None else old,
        },
        {"user": user, "last_activity": idle},
    )


async def running(hub: RealHub) -> set[str]:
    """user/server of all that run."""
    users = await hub.api("GET", "/users?limit=200")
    return {
        f"{user['name']}/{name}"
        for user in users
        for name, server in user["servers"].items()
        if not server["stopped"]
    }


async def users(hub: RealHub) -> set[str]:
    return {user["name"] for user in await hub.api("GET", "/users?limit=200")}


async def clear(hub: RealHub) -> None:
    """End every server and remove every user, for the next test."""
    for server in await running(hub):
        user, _, name = server.rpartition("/")
        await hub.stop_server(user, name)
    for user in await hub.api("GET", "/users?limit=200"):
        path = f"/users/{quote(user['name'], safe='').replace('.', '%2E')}"
        if user["name"] != "admin":
            await hub.request("DELETE", path)


class Culler:
    """Our culler, or the peer, as a process beside the Hub."""

    def __init__(
        self,
        hub: RealHub,
        folder: Path,
        *flags: str,
        pages: bool = False,
        program: Sequence[str] = (
            sys.executable,
            "-m",
            "jupyterhub_suite.services.culler",
        ),
        env: Mapping[str, str] | None = None,
        config: str = "",
        token: str = TOKEN,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if config:
            folder.joinpath("culler_config.py").write_text(config)
        self.url = f"{hub.culler_url}/services/culler/"  # type: ignore[attr-defined]
        own = {
            "JUPYTERHUB_API_TOKEN": token,
            "JUPYTERHUB_API_URL": hub.api_url,
            "JUPYTERHUB_SERVICE_NAME": "culler",
            "JUPYTERHUB_SERVICE_PREFIX": "/services/culler/",
            "JUPYTERHUB_SERVICE_URL": hub.culler_url if pages else "",  # type: ignore[attr-defined]
            "PYTHONPATH": str(Path(__file__).parents[3]),
            **(env or {}),
        }
        self.folder = folder
        self.process = Process("culler", [*program, *flags], folder, env=own)

    async def __aenter__(self) -> Self:
        await self.process.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.process.close()

    async def swept(self, times: int = 1) -> None:
        """Wait for the end of a sweep."""

        async def enough() -> bool:
            return self.log.count("Looked at ") >= times

        await wait_for(enough, what="a sweep", process=self.process)

    async def pass_time(self, seconds: float) -> None:
        """Let the warnings of this culler be so much older."""
        earlier = f"datetime(warned_at, '-{seconds} seconds')"
        with sqlite3.connect(self.folder / "data" / "culler.sqlite") as database:
            database.execute(f"UPDATE culler_warnings SET warned_at = {earlier}")

    @property
    def log(self) -> str:
        return self.process.log

    async def ask(self, method: str, path: str, token: str, **options: Any) -> Any:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            headers = {"Authorization": f"token {token}"}
            return await client.request(
                method, self.url + path, headers=headers, **options
            )


def outcomes(folder: Path) -> dict[str, str]:
    """The audit log on disk, as another program reads it."""
    with sqlite3.connect(folder / "data" / "culler.sqlite") as database:
        rows = database.execute("SELECT user, outcome FROM culler_stops ORDER BY id")
        return dict(rows)
