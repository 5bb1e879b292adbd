"""A site to run checks against: a real Hub, seen with the service's own token."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from jupyterhub_suite.services.hub import HubClient
from jupyterhub_suite.services.status.checks import make_checks
from jupyterhub_suite.services.status.checks.base import PassingMemo, Site
from jupyterhub_suite.services.status.model import Result
from jupyterhub_suite.services.status.registration import REGISTRATION
from jupyterhub_suite.services.status.runner import run_check
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for

TOKEN = "0123456789abcdef0123456789abcdef"
LOG = logging.getLogger("status-test")

# What a user can ask for with `user_options`, and what then goes wrong.
CASES = """
import sys

def break_it(spawner):
    case = spawner.user_options.get("case")
    if case == "never starts":
        spawner.cmd, spawner.args, spawner.start_timeout = ["sleep", "600"], [], 3
        spawner.http_timeout = 3
    if case == "ends at once":
        spawner.cmd, spawner.args, spawner.http_timeout = ["false"], [], 3
    if case == "kernel dies":
        spawner.args = [*spawner.args, "--MappingKernelManager.default_kernel_name=dying"]
        spawner.environment = {"JUPYTER_PATH": spawner.user_options["path"]}
    if case == "disk is full":
        spawner.notebook_dir = spawner.user_options["path"]

c.Spawner.pre_spawn_hook = break_it
c.JupyterHub.allow_named_servers = True
"""


def hub_settings(scopes: tuple[str, ...] = REGISTRATION.scopes) -> dict[str, Any]:
    return {
        "JupyterHub": {
            "services": [{"name": "status", "api_token": TOKEN}],
            "load_roles": [
                {"name": "status", "scopes": list(scopes), "services": ["status"]}
            ],
        }
    }


@asynccontextmanager
async def site_of(hub: RealHub, token: str = TOKEN) -> AsyncIterator[Site]:
    async with site_at(hub.api_url, hub.url, token) as site:
        yield site


@asynccontextmanager
async def site_at(api_url: str, public_url: str, token: str) -> AsyncIterator[Site]:
    client = HubClient(api_url, token, attempts=1)
    async with httpx.AsyncClient(timeout=30, trust_env=False) as web:
        yield Site(client, web, public_url, token, PassingMemo())
    await client.close()


async def run(site: Site, **options: Any) -> Result:
    """Run the one check that the options describe."""
    described: Mapping[str, Any] = {"name": options["kind"], **options}
    (check,) = make_checks([described]).values()
    return await run_check(check, site, LOG)


def at(site: Site, public_url: str) -> Site:
    return replace(site, public_url=public_url)


async def until(true: Callable[[], bool], what: str) -> None:
    async def asked() -> bool:
        return true()

    await wait_for(asked, what=what)
