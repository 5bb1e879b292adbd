"""The Hub of the Docker example, on one machine and with a local account a user.

To use it elsewhere, see to four things: the accounts and their group (users.py), the
rule that lets the Hub become them (sudoers), the folders STATE and RUN, and where users
reach the Hub (bind_url).
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from jupyterhub_suite import configure

HERE = Path(__file__).resolve().parent
STATE = Path("/srv/jupyterhub/hub")
RUN = Path("/run/jupyterhub")
sys.path.insert(0, str(HERE))

from accounts import AccountSpawner
from passwords import FileAuthenticator

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = "http://0.0.0.0:8000"
# Nobody's server starts before they could choose what it starts in.
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")

c.JupyterHub.authenticator_class = FileAuthenticator
c.FileAuthenticator.path = str(STATE / "passwords")
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"admin"}

c.JupyterHub.spawner_class = AccountSpawner
c.Spawner.ip = "127.0.0.1"
c.JupyterHub.allow_named_servers = True
c.EntrypointHook.system = "lab"
c.EntrypointHook.systems_by_server = {"cluster*": "cluster"}

# The list of images that the type "shifter" offers.
c.JupyterHub.services = [
    {"name": "images", "command": [sys.executable, str(HERE / "images.py"), "8087"]}
]
configure(
    c,
    proxy="file",
    # Not beside what is kept: routes of the last run lead nowhere.
    proxy_settings={
        "static_config_file": str(RUN / "traefik.toml"),
        "dynamic_config_file": str(RUN / "rules.toml"),
    },
    services=["culler", "entrypoint", "status"],
    culler={"timeout": 3600, "lease_hours": 8},
    entrypoint={"config_file": str(HERE / "entrypoint_config.py")},
    status={
        "public_url": "http://127.0.0.1:8000",
        "checks": [
            {"name": "hub"},
            {"name": "proxy"},
            {"name": "spawn", "interval": 600},
        ],
    },
)


def kept_token(path: Path) -> str:
    """Made at the first start, all or nothing, and read from then on."""
    if not path.exists():
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secrets.token_hex(32))
        new.replace(path)
    return path.read_text()


# With the same token in the next run, whoever is logged in to a service stays so.
for service in c.JupyterHub.services:
    service["api_token"] = kept_token(STATE / f"{service['name']}.token")
