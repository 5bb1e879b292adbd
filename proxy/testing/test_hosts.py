"""With `JupyterHub.subdomain_host`, every user has a host of their own."""

from __future__ import annotations

from typing import Any

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB, HubUnderTest
from jupyterhub_suite.proxy.testing.servers import Server

pytestmark = pytest.mark.anyio

DOMAIN = "hub.example"
ALICES = f"alice.{DOMAIN}/user/alice/"
BOBS = f"bob.{DOMAIN}/user/bob/"


@pytest.fixture(scope="module")
def hub_settings() -> dict[str, Any]:
    return {"subdomain_host": f"http://{DOMAIN}:8000"}


async def test_a_user_is_reached_on_their_own_host(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    await proxy.add_route(BOBS, bob.url, {})
    assert await browser.on(f"alice.{DOMAIN}").who("/user/alice/lab") == "alice"
    assert await browser.on(f"bob.{DOMAIN}").who("/user/bob/lab") == "bob"


@pytest.mark.parametrize(
    "host",
    [
        DOMAIN,
        f"bob.{DOMAIN}",
        f"alice.alice.{DOMAIN}",
        f"malice.{DOMAIN}",
        f"alice.{DOMAIN}.example.com",
        f"alicex{DOMAIN}",
        "127.0.0.1",
    ],
)
async def test_no_other_host_reaches_them(
    host: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    assert await browser.on(host).who("/user/alice/") == THE_HUB


async def test_no_other_path_on_their_host_reaches_them(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    on_alices = browser.on(f"alice.{DOMAIN}")
    assert await on_alices.who("/user/alice") == "alice"
    assert await on_alices.who("/user/alicee/") == THE_HUB
    assert await on_alices.who("/hub/home") == THE_HUB


async def test_the_port_makes_no_difference(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    assert await browser.on(f"alice.{DOMAIN}:8000").who("/user/alice/") == "alice"


async def test_the_case_of_a_host_makes_no_difference(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    assert await browser.on(f"Alice.{DOMAIN.upper()}").who("/user/alice/") == "alice"


async def test_a_whole_host_can_be_routed(
    proxy: Proxy, browser: Browser, bob: Server
) -> None:
    await proxy.add_route(f"status.{DOMAIN}/", bob.url, {})
    assert await browser.on(f"status.{DOMAIN}").who("/") == "bob"
    assert await browser.on(f"status.{DOMAIN}").who("/any/thing") == "bob"
    assert await browser.on(DOMAIN).who("/any/thing") == THE_HUB


async def test_a_host_route_is_listed_and_deleted_by_its_name(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {"user": "alice"})
    assert sorted(await proxy.get_all_routes()) == ["/", ALICES]
    route = await proxy.get_route(ALICES)
    assert route is not None
    assert (route["target"], route["data"]["user"]) == (alice.url, "alice")
    await proxy.delete_route(ALICES)
    assert list(await proxy.get_all_routes()) == ["/"]
    assert await browser.on(f"alice.{DOMAIN}").who("/user/alice/") == THE_HUB


async def test_a_websocket_reaches_its_host(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    async with browser.on(f"alice.{DOMAIN}").socket("/user/alice/-/socket") as socket:
        assert await browser.say(socket, "who?") == "alice"


async def test_a_route_without_a_host_is_refused(proxy: Proxy, alice: Server) -> None:
    with pytest.raises(ValueError):
        await proxy.add_route("/user/alice/", alice.url, {})
    assert list(await proxy.get_all_routes()) == ["/"]


async def test_a_check_adds_users_under_their_hosts(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    assert hub.running_server("alice", alice) == ALICES
    await hub.check_routes()
    assert await browser.on(f"alice.{DOMAIN}").who("/user/alice/") == "alice"
    await hub.check_routes()
    assert sorted(await hub.proxy.get_all_routes()) == ["/", ALICES]


async def test_an_extra_route_has_a_host(
    hub: HubUnderTest, browser: Browser, bob: Server
) -> None:
    hub.proxy.extra_routes = {f"status.{DOMAIN}/page/": bob.url}
    await hub.check_routes()
    assert await browser.on(f"status.{DOMAIN}").who("/page/") == "bob"
