"""The example's image and its containers, as somebody with Docker sees them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx

from jupyterhub_suite.ports import free_port
from tests.harness.docker import BASE_IMAGE, CA_BUNDLE, Docker
from tests.harness.hub import ROOT, HubError, Session
from tests.harness.parts import need
from tests.harness.processes import ProcessError, wait_for

IMAGE = "jupyterhub-suite:example"
BASE = "example-base"
# How pip reaches its index from this machine, if there is anything to know.
PIP = (
    "PIP_DEFAULT_TIMEOUT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
)


async def build(docker: Docker) -> str:
    """What the documents say, on a base image that no registry was asked for."""
    await docker.base_image()
    await docker.run("build", "-q", "-t", BASE, "-", text=base_for_this_machine())
    await docker.run(
        *("build", "--network=host", f"--build-arg=BASE={BASE}", "-t", IMAGE),
        *("-f", str(ROOT / "example" / "Dockerfile"), str(ROOT)),
    )
    return IMAGE


def base_for_this_machine() -> str:
    """pip brings CAs of its own; those of this machine may be others."""
    known = {name: os.environ[name] for name in PIP if name in os.environ}
    if CA_BUNDLE.exists():
        known["PIP_CERT"] = str(CA_BUNDLE)
    told = "".join(f"ENV {name}={json.dumps(known[name])}\n" for name in known)
    return f"FROM {BASE_IMAGE}\n{told}"


class Container:
    def __init__(self, docker: Docker, name: str, port: int) -> None:
        self.docker = docker
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self._sessions: list[Session] = []

    async def state(self) -> dict[str, Any]:
        [found] = json.loads(await self.docker.run("inspect", self.name))
        state: dict[str, Any] = found["State"]
        return state

    async def is_healthy(self, deadline: float = 120) -> None:
        """Until its own HEALTHCHECK says so."""

        async def healthy() -> bool:
            state = await self.state()
            if not state["Running"]:
                raise ProcessError(f"{self.name} ended\n{await self.log()}")
            return state["Health"]["Status"] == "healthy"

        try:
            await wait_for(healthy, what=f"{self.name} healthy", deadline=deadline)
        except ProcessError as error:
            raise ProcessError(f"{error}\n{await self.log()}") from None

    async def log(self) -> str:
        """The end of what it wrote, on either stream."""
        answer = await anyio.run_process(
            [str(need("docker")), "logs", "--tail=80", self.name],
            check=False,
            env={**os.environ, **self.docker.client_env},
            stderr=subprocess.STDOUT,
        )
        return answer.stdout.decode()

    async def run(self, *words: str, user: str = "root", text: str = "") -> str:
        """A command in it; an error if it fails."""
        return await self.docker.run(
            "exec", "--interactive", f"--user={user}", self.name, *words, text=text
        )

    async def stop(self) -> int:
        """As `docker stop` ends it, which it hears of by SIGTERM: its exit status.

        On an idle machine it takes three seconds; busy ones run the tests.
        """
        await self.docker.run("stop", "--time=60", self.name)
        status: int = (await self.state())["ExitCode"]
        if status != 0:
            raise ProcessError(f"{self.name} ended with {status}\n{await self.log()}")
        return status

    async def close(self) -> None:
        for session in self._sessions:
            await session.aclose()
        await self.docker.run("rm", "--force", "--volumes", self.name)

    async def login(self, name: str, password: str) -> Session:
        session = Session(self.url, name)
        self._sessions.append(session)
        await session.get("/hub/login")
        form = {"username": name, "password": password}
        form["_xsrf"] = session.xsrf_token("/hub/login") or ""
        answer = await session.post("/hub/login", data=form)
        if answer.url.path != "/hub/home":
            raise HubError(f"login of {name}: {answer.status_code} at {answer.url}")
        return session


@asynccontextmanager
async def running(
    docker: Docker, name: str, *options: str, network: str = "bridge"
) -> AsyncIterator[Container]:
    """The example in a container, once it is healthy."""
    port = free_port()
    published = [f"--publish=127.0.0.1:{port}:8000"] if network != "none" else []
    container = Container(docker, name, port)
    await docker.run(
        *("run", "--detach", f"--name={name}", f"--network={network}"),
        *("--health-interval=1s", *published, *options, IMAGE),
    )
    try:
        await container.is_healthy()
        yield container
    finally:
        await container.close()


# What a user does, without a screen


async def start_server(session: Session, server: str = "") -> None:
    """As the button of the Hub's home page does, and wait until it is up."""
    path = f"/hub/api/users/{session.name}"
    which = f"servers/{server}" if server else "server"
    answer = await session.post(f"{path}/{which}")
    assert answer.is_success or "already running" in answer.text, answer.text

    async def ready() -> bool:
        model = (await session.get(path)).json()
        return bool(model["servers"].get(server, {}).get("ready"))

    await wait_for(ready, what=f"{session.name}'s server {server!r}", deadline=90)


def entrypoints(session: Session, system: str) -> str:
    return f"/services/entrypoint/users/{session.name}/systems/{system}"


async def enter(session: Session) -> Session:
    """Logged in at the entrypoint service too."""
    (await session.get("/services/entrypoint/")).raise_for_status()
    return session


async def add(session: Session, system: str, **record: str) -> httpx.Response:
    return await session.post(entrypoints(session, system), json=record)


async def select(
    session: Session, system: str, kind: str, name: str, server: str = ""
) -> None:
    """For one server, what is on the list under that name."""
    path = entrypoints(session, system)
    listed = (await session.get(f"{path}/type/{kind}")).json()["items"]
    [found] = [item["id"] for item in listed if item["name"] == name]
    params = {"server": server} if server else {}
    answer = await session.put(path, json={"id": found}, params=params)
    assert answer.status_code == 200, answer.text
