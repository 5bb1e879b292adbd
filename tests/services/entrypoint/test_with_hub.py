"""The service under a real Hub, and servers that really start in what was chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.hub import RealHub, Session

SERVICE = "/services/entrypoint/"
CONFIGURATION = """
from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import EntrypointSpawnerMixin
from jupyterhub.spawner import SimpleLocalProcessSpawner

class Spawner(EntrypointSpawnerMixin, SimpleLocalProcessSpawner):
    pass

c.JupyterHub.spawner_class = Spawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.load_groups = {"science": {"users": ["alice", "bob"]}}
configure(
    c,
    services=["entrypoint"],
    entrypoint={
        "systems": [
            {"name": "cori", "display_name": "Cori", "hostname": ""},
            {"name": "pm", "display_name": "Perlmutter", "hostname": ""},
        ],
        "entrypoint_types": [
            {"name": "conda", "display_name": "Conda"},
            {"name": "script", "display_name": "Start-up script"},
        ],
    },
)
c.EntrypointHook.system = "cori"
"""
SCRIPT = """#!/bin/sh
export CHOSEN_BY=script
exec "$@"
"""


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("hub")
    async with RealHub(folder, CONFIGURATION) as hub:
        yield hub


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "start.sh"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    return path


async def enter(hub: RealHub, name: str) -> Session:
    """Logged in at the Hub, and at the service."""
    session = await hub.login(name)
    (await session.get(SERVICE)).raise_for_status()
    return session


def selection(user: str, system: str = "cori") -> str:
    return f"{SERVICE}users/{user}/systems/{system}"


async def add(session: Session, **record: Any) -> dict[str, Any]:
    answer = await session.post(selection(session.name), json=record)
    assert answer.status_code == 201, answer.text
    return answer.json()


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text()


async def server_pid(hub: RealHub, user: str) -> int:
    model = await hub.api("GET", f"/users/{user}?include_stopped_servers=1")
    return model["servers"][""]["state"]["pid"]


async def test_a_server_starts_in_the_script_that_its_user_selected(
    hub: RealHub, script: Path
) -> None:
    alice = await enter(hub, "alice")
    added = await add(alice, name="mine", type="script", entrypoint=str(script))
    chosen = await alice.put(selection("alice"), json={"id": added["id"]})
    assert chosen.status_code == 200, chosen.text

    await hub.start_server("alice")
    assert "CHOSEN_BY=script" in environment_of(await server_pid(hub, "alice"))
    await hub.stop_server("alice")

    await alice.delete(selection("alice"))
    await hub.start_server("alice")
    assert "CHOSEN_BY" not in environment_of(await server_pid(hub, "alice"))
    await hub.stop_server("alice")
