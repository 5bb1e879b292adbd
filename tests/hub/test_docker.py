"""A server that really starts in a container of the image that was chosen."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

from jupyterhub_suite.ports import free_port
from tests.harness.docker import Docker
from tests.harness.fixtures import StartHub, one_engine
from tests.services.entrypoint.visits import enter, selection

# Programs are this machine's own, so an image needs to hold nothing, and takes no time.
LENT = ["/bin", "/etc", "/lib", "/lib64", "/usr", sys.base_prefix, sys.prefix]
CONFIGURATION = """
from dockerspawner import DockerSpawner
from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import EntrypointSpawnerMixin

class Spawner(EntrypointSpawnerMixin, DockerSpawner):
    async def get_ip_and_port(self):
        return "127.0.0.1", self.port  # on the host's network

c.JupyterHub.spawner_class = Spawner
c.DockerSpawner.image = "site/plain:1"
c.DockerSpawner.port = {port}
c.DockerSpawner.extra_host_config = {{"network_mode": "host"}}
c.DockerSpawner.network_name = "host"
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.read_only_volumes = {lent!r}
c.DockerSpawner.environment = {{"HOME": "/tmp"}}
c.DockerSpawner.remove = True
configure(c, services=["entrypoint"], entrypoint={{
    "systems": [{{"name": "lab", "hostname": ""}}],
    "entrypoint_types": [{{"name": "container", "allowed_images": ["site/*"]}}],
}})
"""


def lent() -> dict[str, str]:
    return {folder: folder for folder in LENT if Path(folder).exists()}


async def make_image(docker: Docker, folder: Path, name: str) -> None:
    root = folder / "root"
    (root / "tmp").mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "image.tar", "w") as archive:
        archive.add(root, ".")
    await docker.run("import", str(folder / "image.tar"), name)


@one_engine
async def test_a_container_is_of_the_image_that_its_user_selected(
    docker: Docker, start_hub: StartHub, tmp_path: Path
) -> None:
    await make_image(docker, tmp_path, "site/chosen:2")
    text = CONFIGURATION.format(port=free_port(), lent=lent())
    hub = await start_hub(text, env=docker.client_env)

    alice = await enter(hub, "alice")
    body = {"name": "mine", "type": "container", "entrypoint": "site/chosen:2"}
    added = await alice.post(selection("alice", "lab"), json=body)
    assert added.status_code == 201, added.text
    await alice.put(selection("alice", "lab"), json={"id": added.json()["id"]})

    await hub.start_server("alice")

    headers = {"Authorization": f"token {hub.token}"}
    status = await hub.client().get(f"{hub.url}user/alice/api/status", headers=headers)
    assert status.status_code == 200, status.text
    running = await docker.run("ps", "--format", "{{.Image}}")
    assert running.split() == ["site/chosen:2"]
    await hub.stop_server("alice")
