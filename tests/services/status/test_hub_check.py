"""The hub and the proxy check: a Hub that is well, down, slow, or answers 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.status.checks.base import Site
from jupyterhub_suite.services.status.model import Code
from jupyterhub_suite.services.status.registration import CHECK_GROUP, REGISTRATION
from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import RealHub

from .sites import TOKEN, at, hub_settings, run, site_at, site_of

SERVER_ERROR = b"HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("hub-check")
    async with RealHub(folder, settings=hub_settings()) as hub:
        yield hub


@pytest.fixture
async def site(hub: RealHub) -> AsyncIterator[Site]:
    async with site_of(hub) as site:
        yield site


@asynccontextmanager
async def something_that_answers(answer: bytes | None) -> AsyncIterator[Site]:
    """In the Hub's place: it says this to everything, or nothing at all."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        async with site_at(f"{url}hub/api", url, TOKEN) as site:
            yield site
    finally:
        server.close()


@both_hubs
async def test_a_hub_is_well_and_its_database_is_written(start_hub: StartHub) -> None:
    hub = await start_hub(settings=hub_settings())
    async with site_of(hub) as site:
        found = await run(site, kind="hub")
        assert (found.code, found.msg.endswith("0 servers running, 0 pending")) == (
            Code.OK,
            True,
        ), found
        assert (await run(site, kind="proxy")).code is Code.OK
    assert await hub.api("GET", "/groups") == []


async def test_a_group_that_a_broken_run_left_is_removed(
    hub: RealHub, site: Site
) -> None:
    await hub.api("POST", f"/groups/{CHECK_GROUP}")
    assert (await run(site, kind="hub")).code is Code.OK
    assert await hub.api("GET", "/groups") == []


async def test_a_wrong_token_is_unknown_and_is_not_told(hub: RealHub) -> None:
    async with site_of(hub, "wr0ng-t0ken") as site:
        found = await run(site, kind="hub")
    assert (found.code, found.failed_stage) == (Code.UNKNOWN, "write")
    assert "refused this service's token" in found.msg
    assert "wr0ng" not in str(found)


async def test_a_token_without_a_scope_is_unknown_and_says_which(
    start_hub: StartHub,
) -> None:
    scopes = tuple(s for s in REGISTRATION.scopes if "groups" not in s)
    hub = await start_hub(settings=hub_settings(scopes))
    async with site_of(hub) as site:
        found = await run(site, kind="hub")
    assert (found.code, found.failed_stage) == (Code.UNKNOWN, "write")
    assert "admin:groups" in found.msg


async def test_a_hub_that_is_down_is_critical() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    async with site_at(f"{url}hub/api", url, TOKEN) as site:
        for kind in ("hub", "proxy", "spawn"):
            found = await run(site, kind=kind)
            assert found.code is Code.CRITICAL, found
            assert "No answer" in found.msg or "does not answer" in found.msg


@pytest.mark.parametrize("kind", ["hub", "proxy", "spawn"])
async def test_a_hub_that_answers_500_is_critical(kind: str) -> None:
    async with something_that_answers(SERVER_ERROR) as site:
        found = await run(site, kind=kind)
    assert found.code is Code.CRITICAL
    assert "500" in found.msg


@pytest.mark.parametrize("kind", ["hub", "proxy"])
async def test_a_slow_hub_is_critical_in_time(kind: str) -> None:
    async with something_that_answers(None) as site:
        found = await run(site, kind=kind, timeout=0.3)
    assert found.code is Code.CRITICAL
    assert found.msg.endswith("Not done after 0.3 s")
    assert found.seconds < 5


async def test_a_proxy_that_leads_elsewhere_is_critical(hub: RealHub) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    async with site_of(hub) as ours, something_that_answers(answer) as other:
        found = await run(at(ours, other.public_url), kind="proxy")
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "login page")
    assert "not by a JupyterHub" in found.msg


async def test_an_http_check_looks_at_status_and_text(hub: RealHub, site: Site) -> None:
    url = f"{hub.url}hub/login"
    well = await run(site, kind="http", url=url, text="JupyterHub")
    textless = await run(site, kind="http", url=url, text="no such words")
    other = await run(site, kind="http", url=f"{hub.url}nowhere")
    slow = await run(site, kind="http", url=url, warn_after=0.000001)
    codes = [result.code for result in (well, textless, other, slow)]
    assert codes == [Code.OK, Code.CRITICAL, Code.CRITICAL, Code.WARNING]
