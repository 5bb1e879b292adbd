"""The Hub: its routes in etcd, its records in PostgreSQL, its services elsewhere.

Whatever it must not lose lives outside of it, and nothing that runs ends with it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import EntrypointSpawnerMixin

c = get_config()  # noqa: F821

SECRETS = Path(os.environ["SECRETS"])


def secret(name: str) -> str:
    return (SECRETS / name).read_text().strip()


# Who talks to the Hub directly: servers, services, Traefik.
c.JupyterHub.bind_url = "http://traefik-1:8000"
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = "http://hub:8081"
c.JupyterHub.db_url = (
    f"postgresql+psycopg://jupyterhub:{secret('database-password')}"
    "@postgres:5432/jupyterhub"
)
c.JupyterHub.cookie_secret_file = str(SECRETS / "cookie-secret")
# A Hub that ends, for an update or because it must, takes nobody's work with it.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = secret("user-password")
c.SharedPasswordAuthenticator.admin_password = secret("admin-password")
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"admin"}

if "DOCKER_NETWORK" in os.environ:
    from dockerspawner import DockerSpawner as Spawner

    c.DockerSpawner.image = os.environ["SERVER_IMAGE"]
    c.DockerSpawner.network_name = os.environ["DOCKER_NETWORK"]
    c.DockerSpawner.remove = True
    # The account of the image, and what it keeps at home.
    c.DockerSpawner.extra_create_kwargs = {"user": "somebody"}
    c.DockerSpawner.volumes = {"jupyterhub-home-{username}": "/work"}
    c.DockerSpawner.notebook_dir = "/work"
    c.Spawner.cmd = ["jupyterhub-singleuser"]
else:
    from jupyterhub.spawner import SimpleLocalProcessSpawner as Spawner

    c.SimpleLocalProcessSpawner.home_dir_template = str(Path.cwd() / "home/{username}")
    c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
    c.Spawner.args = ["--allow-root"]
    c.Spawner.ip = "127.0.0.1"


class ExampleSpawner(EntrypointSpawnerMixin, Spawner):
    """Starts what the user has selected at Services > entrypoint."""


c.JupyterHub.spawner_class = ExampleSpawner

configure(
    c,
    proxy="etcd",
    proxy_settings={
        "should_start": False,
        "etcd_url": ["http://etcd-1:2379", "http://etcd-2:2379", "http://etcd-3:2379"],
        "traefik_api_urls": ["http://traefik-1:8099", "http://traefik-2:8099"],
        "traefik_api_password": secret("traefik-password"),
        # The balancer says who came, and takes no visitor's word for it.
        "trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12"],
        "extra_dynamic_config": {
            "tls": {
                "stores": {
                    "default": {
                        "defaultCertificate": {
                            "certFile": secret("placeholder.pem"),
                            "keyFile": secret("placeholder.key"),
                        }
                    }
                }
            }
        },
    },
    services=["entrypoint", "status"],
    # Two replicas each, which nobody here starts: the balancer knows where they are.
    entrypoint={
        "url": "http://balancer:10101",
        "api_token": secret("entrypoint-token"),
    },
    status={"url": "http://balancer:10102", "api_token": secret("status-token")},
)

c.JupyterHub.services.append(
    {"name": "prometheus", "api_token": secret("prometheus-token")}
)
c.JupyterHub.load_roles.append(
    {"name": "prometheus", "scopes": ["read:metrics"], "services": ["prometheus"]}
)
