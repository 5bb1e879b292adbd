"""The Compose file, with a real engine: the same site, and it survives the same."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from typing import Any

import anyio
import httpx
import pytest
import yaml

from jupyterhub_suite.ports import free_port
from tests.example import stand_ins
from tests.example.container import build
from tests.example.test_high_availability import HERE, ROW, SCRAPED
from tests.harness.docker import Docker
from tests.harness.fixtures import one_engine
from tests.harness.parts import need
from tests.harness.processes import ProcessError, wait_for

IMAGE = "jupyterhub-suite:high-availability"

pytestmark = one_engine


class Compose:
    def __init__(self, docker: Docker, images: Mapping[str, str]) -> None:
        self.docker = docker
        self.watch = f"http://127.0.0.1:{(watched := free_port())}"
        self.env = {
            **os.environ,
            **docker.client_env,
            **images,
            "SUITE_IMAGE": IMAGE,
            "DOCKER_SOCKET": str(docker.socket),
            "PORT": str(free_port()),
            "WATCH_PORT": str(watched),
            "PROMETHEUS_PORT": str(free_port()),
            "COMPOSE": str(need("docker-compose")),
        }

    async def run(self, *words: str) -> str:
        done = await anyio.run_process(
            [self.env["COMPOSE"], *words], check=False, cwd=HERE, env=self.env
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode()
            raise ProcessError(f"docker-compose {' '.join(words)}: {said}")
        return done.stdout.decode()

    async def all_up(self) -> bool:
        """As the balancer sees it: no part down, and each of them known."""
        async with httpx.AsyncClient(trust_env=False) as client:
            rows = (await client.get(f"{self.watch}/;csv")).text.splitlines()
        states = [row.split(",")[17] for row in rows[1:] if ",BACKEND," not in row]
        return set(states) == {"UP", "OPEN"}


@pytest.fixture(scope="module")
async def compose(docker: Docker) -> AsyncIterator[Compose]:
    await build(docker)
    await docker.run("build", "--network=host", "-q", "-t", IMAGE, str(HERE))
    compose = Compose(docker, await stand_ins.make_all(docker))
    try:
        await compose.run("up", "--detach", "--no-build")
        await wait_for(compose.all_up, what="all parts up", deadline=90)
        yield compose
    finally:
        # Users' servers are containers beside those of Compose. Volumes and networks
        # go with the engine.
        await docker.remove_containers()


async def test_parts_die_and_the_user_notices_nothing(compose: Compose) -> None:
    parts = ["traefik-1", "hub"]
    broken = await anyio.run_process(
        [HERE / "break.sh", "--compose", "--quick", "--rate=80", *parts],
        check=False,
        env=compose.env,
    )
    said = (broken.stdout + broken.stderr).decode()
    assert broken.returncode == 0, said
    assert "The user noticed nothing." in said
    rows = ROW.findall(said)
    assert len(rows) == len(parts)
    assert [(row[2], row[4]) for row in rows] == [("0", "0")] * len(parts)


async def test_secrets_are_made_for_their_readers_only(compose: Compose) -> None:
    listed = await compose.run(
        *("exec", "-T", "hub", "find", "/secrets", "-type", "f"),
        *("-printf", "%U %m %P\\n"),
    )
    readers = {"postgres": "999", "prometheus": "65534", "services": "1000"}
    for line in listed.splitlines():
        owner, mode, path = line.split()
        assert (owner, mode) == (readers.get(path.partition("/")[0], "0"), "600"), path
    for part in ("entrypoint-1", "status-2"):
        with pytest.raises(ProcessError, match="Permission denied"):
            await compose.run("exec", "-T", part, "cat", "/secrets/cookie-secret")


async def test_servers_of_users_reach_neither_etcd_nor_postgresql(
    compose: Compose,
) -> None:
    found = json.loads(await compose.docker.run("inspect", "jupyter-breaker"))
    assert [*found[0]["NetworkSettings"]["Networks"]] == ["jupyterhub-suite-servers"]
    assert found[0]["Config"]["User"] == "somebody"
    for part in ("etcd-1", "postgres"):
        with pytest.raises(ProcessError, match=r"not known|failure in name"):
            await compose.docker.run(
                *("exec", "jupyter-breaker", "python", "-c"),
                f"import socket; socket.getaddrinfo('{part}', 1)",
            )


@pytest.fixture
def described() -> Any:
    """The file as Compose reads it, without an engine."""
    ran = subprocess.run(
        [need("docker-compose"), "config"],
        check=True,
        capture_output=True,
        cwd=HERE,
        env={"PATH": os.environ["PATH"]},
    )
    return yaml.safe_load(ran.stdout)


def test_compose_has_every_part_and_publishes_on_loopback(described: Any) -> None:
    services = described["services"]
    assert set(services) == {*SCRAPED, "postgres", "prepare"}
    published = [
        port for service in services.values() for port in service.get("ports", ())
    ]
    assert len(published) == 3
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_compose_names_releases_and_not_just_the_newest(described: Any) -> None:
    for name, service in described["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert tag not in ("", "latest"), name
