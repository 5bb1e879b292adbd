"""The Hub that `make demo` runs: the suite on its embedded defaults."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jupyterhub_suite import configure

c = get_config()  # noqa: F821

# Loopback only, for the demo's users have no accounts: one password opens them all.
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['DEMO_PORT']}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["DEMO_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"admin"}

# JupyterLab as a process of whoever runs the demo, each user in a folder below it.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(Path.cwd() / "home" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.ip = "127.0.0.1"

configure(c, proxy="file", services=[])
