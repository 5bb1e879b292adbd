"""The Hub that `make demo` runs: the suite on its embedded defaults."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import EntrypointSpawnerMixin

c = get_config()  # noqa: F821

HERE = Path(__file__).resolve().parent
DATA = Path.cwd()

# Loopback only, for the demo's users have no accounts: one password opens them all.
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['DEMO_PORT']}"
c.JupyterHub.hub_port = int(os.environ["DEMO_HUB_PORT"])
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["DEMO_PASSWORD"]
c.SharedPasswordAuthenticator.admin_password = os.environ["DEMO_ADMIN_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"admin"}


class DemoSpawner(EntrypointSpawnerMixin, SimpleLocalProcessSpawner):
    """JupyterLab as a process of whoever runs the demo, in a folder for each user."""


c.JupyterHub.spawner_class = DemoSpawner
c.SimpleLocalProcessSpawner.home_dir_template = str(DATA / "home" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.ip = "127.0.0.1"
c.EntrypointHook.system = "lab"
c.EntrypointHook.systems_by_server = {"cluster*": "cluster"}
c.JupyterHub.allow_named_servers = True

configure(
    c,
    proxy="file",
    proxy_settings={"traefik_api_url": os.environ["DEMO_TRAEFIK_API"]},
    services=["culler", "entrypoint", "status"],
    culler={"timeout": 3600, "lease_hours": 8},
    entrypoint={"config_file": str(HERE / "entrypoint_config.py")},
    status={
        "public_url": c.JupyterHub.bind_url,
        "checks": [{"name": "hub"}, {"name": "spawn", "interval": 60}],
    },
)
