from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.harness.hub import RealHub

CONFIGURATION = """
from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import EntrypointSpawnerMixin
from jupyterhub.spawner import SimpleLocalProcessSpawner

class Spawner(EntrypointSpawnerMixin, SimpleLocalProcessSpawner):
    pass

c.JupyterHub.spawner_class = Spawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.load_groups = {{"science": {{"users": ["alice", "bob"]}}}}
configure(c, services=["entrypoint"], entrypoint={{
    "config_file": {config!r},
    "environment": {{"ENTRYPOINT_AUTH_TOKEN": "the hub's secret"}},
}})
c.EntrypointHook.system = "cori"
"""
# As sites have it, in words that they know.
SETTINGS = """
from jupyterhub_entrypoint.api import APIBaseHandler, BaseValidator
from jupyterhub_suite.services.entrypoint.validators import LocalValidator

class Images(APIBaseHandler):
    def initialize(self, kind):
        self.kind = kind

    async def get(self, user):
        self.verify_user(user)
        self.reply([self.kind])

class OwnUser(LocalValidator):
    async def validate(self, user, path, entrypoint_type, hosts):
        return await super().validate("{user}", path, entrypoint_type, hosts)

c.EntrypointService.systems = [
    {{"name": "cori", "display_name": "Cori", "hostname": ""}},
    {{"name": "pm", "display_name": "Perlmutter <b>", "hostname": ["a", "b"]}},
]
c.EntrypointService.entrypoint_types = [
    {{"name": "conda", "display_name": "Conda", "mutable": True,
      "help_link": "https://docs.example.org/conda"}},
    {{"name": "script", "display_name": "Startup Script", "mutable": True}},
    {{"name": "prepared", "display_name": "Prepared", "mutable": False,
      "class": "trusted_script", "scripts": {{"Plain": "/usr/bin/env"}}}},
]
c.EntrypointService.additional_handlers = [
    (r"entrypoints/users/(.+)/type/shifter", Images, {{"kind": "shifter"}}),
]
c.EntrypointService.storage_path = {folder!r}
c.EntrypointService.check_ttl = 0.01
c.APIBaseHandler.validator = OwnUser()
"""


@pytest.fixture(scope="session")
async def hub(
    shared: tuple[AsyncExitStack, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RealHub]:
    """One Hub with the service, for all tests of a worker: keep to your own users."""
    import getpass

    folder = tmp_path_factory.mktemp("entrypoint")
    config = folder / "entrypoint_config.py"
    config.write_text(SETTINGS.format(folder=str(folder), user=getpass.getuser()))
    python = Path(sys.executable)
    async with RealHub(
        folder / "hub", CONFIGURATION.format(config=str(config)), python=python
    ) as hub:
        yield hub


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A start-up script that leaves a trace in the server's environment."""
    path = tmp_path / "start.sh"
    path.write_text('#!/bin/sh\nexport CHOSEN_BY=script\nexec "$@"\n')
    path.chmod(0o755)
    return path
