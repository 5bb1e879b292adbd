"""Servers that really start in what was chosen: as batch jobs, and in profiles.

The batch system is three small scripts that run a job as a process of this machine,
as Slurm's own commands would on a node. All else is real: batchspawner submits,
polls and cancels, and its launcher reports the port from within the job.
"""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.harness.hub import RealHub
from tests.harness.processes import wait_for
from tests.services.entrypoint.visits import enter, selection

# Slurm looks its users up on the machine.
USER = getpass.getuser()
BIN = Path(sys.executable).parent
COMMANDS = {
    "sbatch": """
        # A job gets its user's own environment, as after a login on a node.
        export PATH={bin}:$PATH
        job=$(mktemp {jobs}/job.XXXXXX); cat > "$job"; chmod +x "$job"
        setsid "$job" > "$job.log" 2>&1 < /dev/null & echo $!""",
    # One that ended may still be there for its parent to see.
    "squeue": 'grep -q "State:.[^Z]" "/proc/$1/status" && echo RUNNING 127.0.0.1',
    "scancel": 'env kill -TERM -- "-$1"',
}
CONFIGURATION = """
from batchspawner import SlurmSpawner
from jupyterhub.spawner import SimpleLocalProcessSpawner
from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import pre_spawn_hook
from wrapspawner import ProfilesSpawner

c.JupyterHub.spawner_class = ProfilesSpawner
c.ProfilesSpawner.profiles = [
    ("This machine", "here", SimpleLocalProcessSpawner, {{}}),
    ("The cluster", "cluster", SlurmSpawner, {{"startup_poll_interval": 0.1}}),
]
c.ProfilesSpawner.pre_spawn_hook = pre_spawn_hook
c.ProfilesSpawner.env_keep = ["PATH"]
c.EntrypointHook.system = lambda spawner: spawner.child_profile or "here"
c.SlurmSpawner.exec_prefix = ""
c.SlurmSpawner.req_srun = ""
c.SlurmSpawner.batch_submit_cmd = "{folder}/sbatch"
c.SlurmSpawner.batch_query_cmd = "{folder}/squeue {{job_id}}"
c.SlurmSpawner.batch_cancel_cmd = "{folder}/scancel {{job_id}}"
configure(c, services=["entrypoint"], entrypoint={{
    "systems": [{{"name": "here", "hostname": ""}}, {{"name": "cluster", "hostname": ""}}],
    "entrypoint_types": [{{"name": "conda"}}, {{"name": "script"}}],
    "validator": "local",
}})
"""


@pytest.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("cluster")
    for name, text in COMMANDS.items():
        write_script(folder / name, text.format(jobs=folder, bin=BIN))
    async with AsyncExitStack() as stack:
        text = CONFIGURATION.format(folder=folder)
        yield await stack.enter_async_context(RealHub(folder / "hub", text))


def write_script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


async def choose(hub: RealHub, system: str, **record: Any) -> None:
    session = await enter(hub, USER)
    answer = await session.post(selection(USER, system), json=record)
    assert answer.status_code == 201, answer.text
    path = selection(USER, system)
    chosen = await session.put(path, json={"id": answer.json()["id"]})
    assert chosen.status_code == 200, chosen.text


async def words_of(hub: RealHub, profile: str) -> list[str]:
    """Start it with that profile: what runs, once it answers through the proxy."""
    await hub.start_server(USER, options={"profile": profile})
    headers = {"Authorization": f"token {hub.token}"}
    status = await hub.client().get(f"{hub.url}user/{USER}/api/status", headers=headers)
    assert status.status_code == 200, status.text
    commands = group_of(await leader_of(hub))
    return [word for command in commands for word in command]


async def leader_of(hub: RealHub) -> int:
    """The process that was started: of the server, or of its job."""
    state = (await hub.api("GET", f"/users/{USER}"))["servers"][""]["state"]
    child = state["child_state"]
    return int(child.get("pid") or child["job_id"])


def group_of(leader: int) -> list[list[str]]:
    """The command lines in a process group. Nothing is left of those that ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(folder.name)) == leader:
                found.append((folder / "cmdline").read_text().split("\0"))
    return [words for words in found if words != [""]]


@pytest.fixture
async def stopped(cluster: RealHub) -> AsyncIterator[None]:
    """Whatever a test starts ends with it, and nothing of a job is left."""
    yield
    leader = await leader_of(cluster)
    await cluster.stop_server(USER)

    async def ended() -> bool:
        return not group_of(leader)

    await wait_for(ended, what="the end of the server's processes")


@pytest.mark.parametrize("profile", ["here", "cluster"])
@pytest.mark.usefixtures("stopped")
async def test_a_script_prepares_what_starts(
    cluster: RealHub, tmp_path: Path, profile: str
) -> None:
    trace = tmp_path / "trace"
    script = write_script(
        tmp_path / "it's mine.sh", f'echo "$1" > "{trace}"; exec "$@"'
    )
    await choose(
        cluster, profile, name=f"my {profile}", type="script", entrypoint=str(script)
    )

    words = await words_of(cluster, profile)

    launched = {"here": "jupyterhub-singleuser", "cluster": "batchspawner-singleuser"}
    assert trace.read_text().strip() == launched[profile]
    assert any(word.endswith("jupyterhub-singleuser") for word in words), words


@pytest.mark.parametrize(
    ("profile", "program"),
    [("here", "jupyter-labhub"), ("cluster", "jupyterhub-singleuser")],
)
@pytest.mark.usefixtures("stopped")
async def test_a_conda_environment_brings_the_server_that_it_has(
    cluster: RealHub, tmp_path: Path, profile: str, program: str
) -> None:
    prefix = tmp_path / "an env"
    (prefix / "bin").mkdir(parents=True)
    for name in (program, "batchspawner-singleuser"):
        shutil.copy(BIN / name, prefix / "bin" / name)
    await choose(
        cluster,
        profile,
        name=f"{program} {profile}",
        type="conda",
        entrypoint=str(prefix),
    )

    words = await words_of(cluster, profile)

    assert f"{prefix}/bin/{program}" in words
