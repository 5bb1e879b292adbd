"""A proxy may tell when a server was last used; if it does, the Hub has to read it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from jupyterhub import orm
from jupyterhub.proxy import Proxy
from jupyterhub.utils import isoformat

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import HubUnderTest
from jupyterhub_suite.proxy.testing.servers import Server
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = pytest.mark.anyio

ALICES = "/user/alice/"


@pytest.fixture(autouse=True)
async def _told(
    proxy: Proxy, browser: Browser, alice: Server, settings: Conformance
) -> None:
    await proxy.add_route(ALICES, alice.url, {"user": "alice", "server_name": ""})
    await browser.get(ALICES)
    if await is_told(proxy):
        return
    if not settings.tells_last_activity:
        pytest.skip("this proxy does not tell the last activity")

    async def told() -> None:
        while not await is_told(proxy):
            await browser.get(ALICES)
            await asyncio.sleep(0.05)

    await asyncio.wait_for(told(), settings.patience)


async def is_told(proxy: Proxy) -> bool:
    return "last_activity" in (await proxy.get_all_routes())[ALICES]["data"]


async def last_activity(proxy: Proxy) -> datetime:
    text = (await proxy.get_all_routes())[ALICES]["data"]["last_activity"]
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


async def test_it_is_a_moment_of_now_in_universal_time(proxy: Proxy) -> None:
    off = datetime.now(timezone.utc) - await last_activity(proxy)
    assert abs(off) < timedelta(minutes=1)


async def test_it_moves_on_with_a_request(
    proxy: Proxy, browser: Browser, settings: Conformance
) -> None:
    before = await last_activity(proxy)

    async def moved_on() -> None:
        while await last_activity(proxy) <= before:
            await browser.get(ALICES)
            await asyncio.sleep(0.05)

    await asyncio.wait_for(moved_on(), settings.patience)


async def test_it_moves_on_with_a_message_on_a_websocket(
    proxy: Proxy, browser: Browser, settings: Conformance
) -> None:
    async with browser.socket(f"{ALICES}-/socket") as socket:
        await browser.say(socket, "hello")
        before = await last_activity(proxy)

        async def moved_on() -> None:
            while await last_activity(proxy) <= before:
                await browser.say(socket, "hello")
                await asyncio.sleep(0.05)

        await asyncio.wait_for(moved_on(), settings.patience)


async def test_it_does_not_move_on_by_itself(proxy: Proxy, browser: Browser) -> None:
    await browser.get(ALICES)
    # What counts is rounded: wait until two looks agree, then look once more.
    seen = [await last_activity(proxy), await last_activity(proxy)]
    while seen[-1] != seen[-2]:
        seen.append(await last_activity(proxy))
    await browser.get("/hub/home")
    assert await last_activity(proxy) == seen[-1]


async def test_the_hub_takes_it_over(
    hub: HubUnderTest, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    hub.running_server("alice", alice)
    await hub.check_routes()
    await browser.get(ALICES)
    await hub.app.update_last_activity()
    user = orm.User.find(hub.app.db, "alice")
    assert user is not None
    assert user.last_activity is not None, isoformat(datetime.now(timezone.utc))
