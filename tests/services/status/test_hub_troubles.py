"""A real Hub in real trouble: each ends in the right code, and nothing is left."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jupyterhub_suite.services.status.checks import proxy
from jupyterhub_suite.services.status.checks.base import Site
from jupyterhub_suite.services.status.model import Code
from jupyterhub_suite.services.status.registration import CHECK_USER
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for

from .sites import CASES, hub_settings, run, site_of

# One Hub for all of them, and not one for each worker.
pytestmark = pytest.mark.xdist_group("status-hub-troubles")

# The proxy forgets a route as soon as this file says which.
FORGETFUL = """
from pathlib import Path
from tests.harness.proxy import HarnessProxy

class Forgetful(HarnessProxy):
    async def get_all_routes(self):
        routes = await super().get_all_routes()
        forgotten = Path({forgotten!r})
        named = forgotten.read_text() if forgotten.exists() else None
        return {{spec: route for spec, route in routes.items() if spec != named}}

c.JupyterHub.proxy_class = Forgetful
c.JupyterHub.cleanup_servers = False
# How long a Hub that starts again waits for a server that it finds.
c.Spawner.http_timeout = 15
# It does not wait for long for a database that is locked.
c.JupyterHub.db_kwargs = {{
    "connect_args": {{"check_same_thread": False, "timeout": 0.2}}
}}
"""


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("hub-in-trouble")
    text = FORGETFUL.format(forgotten=str(folder / "forgotten"))
    async with RealHub(folder, text + CASES, hub_settings()) as hub:
        yield hub


@pytest.fixture
async def site(hub: RealHub) -> AsyncIterator[Site]:
    async with site_of(hub) as site:
        yield site


async def users(hub: RealHub) -> list[str]:
    return [user["name"] for user in await hub.api("GET", "/users")]


@pytest.mark.parametrize("kind", ["hub", "proxy"])
async def test_a_hub_that_stands_still_is_critical_until_it_goes_on(
    hub: RealHub, site: Site, kind: str
) -> None:
    hub.process.send_signal(signal.SIGSTOP)
    try:
        found = await run(site, kind=kind, timeout=0.5)
    finally:
        hub.process.send_signal(signal.SIGCONT)
    assert found.code is Code.CRITICAL
    assert found.msg.endswith("Not done after 0.5 s")
    assert (await run(site, kind=kind)).code is Code.OK


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """As by a backup that never ends: nobody can read or write."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_hub_whose_database_does_not_answer_is_critical(
    hub: RealHub, site: Site
) -> None:
    assert (await run(site, kind="hub")).code is Code.OK
    with locked(hub.folder / "jupyterhub.sqlite"):
        found = await run(site, kind="hub")
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "write"), found
    assert "its database does not answer" in found.msg
    assert (await run(site, kind="hub")).code is Code.OK
    assert await hub.api("GET", "/groups") == []


async def test_a_server_without_a_route_is_critical_and_named(
    hub: RealHub, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "SECOND_LOOK", 0.1)
    await hub.start_server("alice")
    forgotten = hub.folder / "forgotten"
    forgotten.write_text("/user/alice/")
    try:
        found = await run(site, kind="proxy")
    finally:
        forgotten.unlink()
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "routes")
    assert "1 without a route (/user/alice/)" in found.msg
    assert (await run(site, kind="proxy")).code is Code.OK


async def test_a_hub_that_dies_during_a_start_is_critical_and_cleaned_up_after(
    hub: RealHub, site: Site
) -> None:
    check = asyncio.create_task(run(site, kind="spawn"))

    async def starting() -> bool:
        return CHECK_USER in await users(hub) and bool(await hub.servers(CHECK_USER))

    await wait_for(starting, what="a server on its way")
    await hub.kill()
    found = await check
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "start"), found
    await hub.start()
    again = await run(site, kind="spawn", user_options={"case": "ends at once"})
    assert again.failed_stage == "start", again
    assert CHECK_USER not in await users(hub)
