"""Hubs are upgraded, and proxies restarted: afterwards all is as before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from traitlets.config import Config

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB, HubUnderTest, running_hub
from jupyterhub_suite.proxy.testing.names import AWKWARD
from jupyterhub_suite.proxy.testing.servers import Server, Servers
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = pytest.mark.anyio


@pytest.fixture
async def first(
    hub_config: Config, folder: Path, server: Servers
) -> AsyncIterator[HubUnderTest]:
    """A Hub in its first life. Its address stays the same in its later ones."""
    if "bind_url" not in hub_config.JupyterHub:
        hub_config.JupyterHub.bind_url = f"http://127.0.0.1:{free_port()}"
    async with running_hub(hub_config, server(THE_HUB)) as hub:
        await hub.forget_everything()
        yield hub


async def next_life(hub: HubUnderTest, config: Config, server: Server) -> HubUnderTest:
    await hub.stop()
    reborn = HubUnderTest(config, server)
    await reborn.start()
    return reborn


def skip_if_external(hub: HubUnderTest) -> None:
    if not hub.proxy.should_start:
        pytest.skip("the Hub does not start this proxy")


async def test_after_stop_nobody_listens(
    first: HubUnderTest, browser_of_first: Browser, settings: Conformance
) -> None:
    skip_if_external(first)
    await first.stop()

    async def refused() -> None:
        while True:
            try:
                async with browser_of_first.line():
                    await asyncio.sleep(0.05)
            except ConnectionRefusedError:
                return
            except ConnectionResetError:
                continue  # it was accepted by one who is about to end

    await asyncio.wait_for(refused(), settings.patience)


async def test_a_second_hub_brings_all_routes_back(
    first: HubUnderTest,
    browser_of_first: Browser,
    hub_config: Config,
    server: Servers,
) -> None:
    for name in AWKWARD.values():
        first.running_server(name, server(name))
    await first.check_routes()
    second = await next_life(first, hub_config, server(THE_HUB))
    try:
        specs = {second.running_server(n, server(n)): n for n in AWKWARD.values()}
        await second.check_routes()
        assert {s: await browser_of_first.who(s) for s in specs} == specs
        assert await browser_of_first.who("/hub/home") == THE_HUB
    finally:
        await second.stop()


async def test_routes_of_users_who_left_meanwhile_are_gone(
    first: HubUnderTest,
    browser_of_first: Browser,
    hub_config: Config,
    server: Servers,
) -> None:
    spec = first.running_server("alice", server("alice"))
    await first.check_routes()
    second = await next_life(first, hub_config, server(THE_HUB))
    try:
        assert await browser_of_first.who(spec) == THE_HUB
        assert list(await second.proxy.get_all_routes()) == ["/"]
    finally:
        await second.stop()


async def test_a_proxy_that_lost_its_routes_has_them_restored(
    first: HubUnderTest, browser_of_first: Browser, server: Servers
) -> None:
    spec = first.running_server("alice", server("alice"))
    await first.check_routes()
    await first.proxy.delete_route(spec)
    await first.proxy.restore_routes()
    assert await browser_of_first.who(spec) == "alice"


@pytest.fixture
def browser_of_first(first: HubUnderTest, settings: Conformance) -> Browser:
    return Browser(first.public_url, settings.patience)
