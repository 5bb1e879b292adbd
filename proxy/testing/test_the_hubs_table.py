"""The Hub knows who runs what; after each of its checks the proxy knows it too."""

from __future__ import annotations

from typing import Any

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB, HubUnderTest
from jupyterhub_suite.proxy.testing.names import AWKWARD, routespec
from jupyterhub_suite.proxy.testing.servers import Server, Servers

pytestmark = pytest.mark.anyio

GRADES = "/services/grades/"


@pytest.fixture(scope="module")
def hub_settings(server: Servers) -> dict[str, Any]:
    return {"services": [{"name": "grades", "url": server("grades").url}]}


async def test_a_users_server_is_added_and_deleted(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    spec = hub.running_server("alice", alice)
    user = hub.app.users["alice"]
    await hub.proxy.add_user(user)
    assert await browser.who(spec) == "alice"
    await hub.proxy.delete_user(user)
    assert await browser.who(spec) == THE_HUB


async def test_a_named_server_is_added_and_deleted(
    hub: HubUnderTest, browser: Browser, alice: Server, bob: Server
) -> None:
    default = hub.running_server("alice", alice)
    named = hub.running_server("alice", bob, name="big one")
    user = hub.app.users["alice"]
    await hub.proxy.add_user(user)
    await hub.proxy.add_user(user, "big one")
    assert (await browser.who(default), await browser.who(named)) == ("alice", "bob")
    await hub.proxy.delete_user(user, "big one")
    assert (await browser.who(default), await browser.who(named)) == ("alice",) * 2


async def test_a_service_is_added_and_deleted(
    hub: HubUnderTest, browser: Browser
) -> None:
    service = hub.app._service_map["grades"]
    assert await browser.who(GRADES) == "grades"
    await hub.proxy.delete_service(service)
    assert await browser.who(GRADES) == THE_HUB
    await hub.proxy.add_service(service)
    assert await browser.who(GRADES) == "grades"


async def test_a_check_adds_what_is_missing(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    spec = hub.running_server("alice", alice)
    await hub.proxy.delete_route(GRADES)
    await hub.check_routes()
    assert await browser.who(spec) == "alice"
    assert await browser.who(GRADES) == "grades"


async def test_a_check_adds_every_awkward_name(
    hub: HubUnderTest, browser: Browser, server: Servers
) -> None:
    # The Hub gives each user's prefix a normal form itself; take that one.
    specs = {hub.running_server(name, server(name)): name for name in AWKWARD.values()}
    await hub.check_routes()
    assert {spec: await browser.who(spec) for spec in specs} == specs


async def test_a_second_check_finds_nothing_to_do(
    hub: HubUnderTest, server: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    for name in AWKWARD.values():
        hub.running_server(name, server(name))
    await hub.check_routes()
    caplog.clear()
    await hub.check_routes()
    mended = ("Adding missing", "Updating", "Deleting stale")
    assert [
        record.getMessage()
        for record in caplog.records
        if record.getMessage().startswith(mended)
    ] == []


async def test_a_check_moves_what_has_moved(
    hub: HubUnderTest, browser: Browser, alice: Server, bob: Server
) -> None:
    spec = hub.running_server("alice", alice)
    await hub.proxy.add_route(spec, bob.url, {"user": "alice", "server_name": ""})
    await hub.check_routes()
    assert await browser.who(spec) == "alice"


async def test_a_check_moves_the_hubs_own_route_back(
    hub: HubUnderTest, browser: Browser, bob: Server
) -> None:
    await hub.proxy.add_route("/", bob.url, {"hub": True})
    await hub.check_routes()
    assert await browser.who("/hub/login") == THE_HUB


async def test_a_check_deletes_what_nobody_runs_any_more(
    hub: HubUnderTest, browser: Browser, bob: Server
) -> None:
    await hub.proxy.add_route(routespec("bob"), bob.url, {"user": "bob"})
    await hub.proxy.add_route("/services/old/", bob.url, {"service": "old"})
    await hub.check_routes()
    assert await browser.who(routespec("bob")) == THE_HUB
    assert sorted(await hub.proxy.get_all_routes()) == ["/", GRADES]


async def test_a_check_leaves_right_routes_alone(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    spec = hub.running_server("alice", alice)
    await hub.check_routes()
    before = await hub.proxy.get_route(spec)
    await hub.check_routes()
    after = await hub.proxy.get_route(spec)
    assert before is not None and after is not None
    assert before["target"] == after["target"]
    assert before["data"].keys() == after["data"].keys()
    assert await browser.who(spec) == "alice"


async def test_a_configured_extra_route_works_and_stays(
    hub: HubUnderTest, browser: Browser, bob: Server
) -> None:
    hub.proxy.extra_routes = {"/status-page/": bob.url}
    await hub.check_routes()
    assert await browser.who("/status-page/") == "bob"
    await hub.check_routes()
    assert await browser.who("/status-page/x") == "bob"


async def test_an_extra_route_taken_out_of_the_configuration_goes(
    hub: HubUnderTest, browser: Browser, bob: Server
) -> None:
    hub.proxy.extra_routes = {"/status-page/": bob.url}
    await hub.check_routes()
    hub.proxy.extra_routes = {}
    await hub.check_routes()
    assert await browser.who("/status-page/") == THE_HUB


async def test_checks_do_not_add_up(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    spec = hub.running_server("alice", alice)
    for _ in range(3):
        await hub.check_routes()
    assert sorted(await hub.proxy.get_all_routes()) == ["/", GRADES, spec]


async def test_the_routes_can_be_given_to_a_check(
    proxy: Proxy, hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    """JupyterHub does so after it has read the last activity out of them."""
    spec = hub.running_server("alice", alice)
    routes = await proxy.get_all_routes()
    await proxy.check_routes(hub.app.users, hub.app._service_map, routes)
    assert await browser.who(spec) == "alice"
