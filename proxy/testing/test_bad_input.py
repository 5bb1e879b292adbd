"""Bad input is refused with an error, and nothing is lost by it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.servers import Server
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = pytest.mark.anyio

ALICES = "/user/alice/"
BAD_TARGETS = {
    "nothing": "",
    "no URL": "not a url",
    "no scheme": "127.0.0.1:8888",
    "no host": "http://",
    "another scheme": "ftp://127.0.0.1:8888",
    "a script": "javascript:alert(1)",
    "a file": "file:///etc/passwd",
    "no port": "http://127.0.0.1:port",
    "too high a port": "http://127.0.0.1:65536",
    "two lines": "http://127.0.0.1:8888\nX: y",
}
BAD_SPECS = {
    "nothing": "",
    "a query": "/user/bob/?x=1",
    "a fragment": "/user/bob/#x",
}
# The Hub encodes names; a proxy may do so for it, or refuse what is not encoded.
UNENCODED_SPECS = {
    "a space": "/user/b ob/",
    "two lines": "/user/b\nob/",
    "half an escape": "/user/bob%2/",
    "no escape": "/user/bob%zz/",
    "a backtick": "/user/`bob/",
    "a rule": "/user/bob`) || PathPrefix(`/",
    "a quote": '/user/"bob/',
    "a template": '/user/{{ env "HOME" }}/',
}


@pytest.fixture(autouse=True)
async def alices_route(proxy: Proxy, alice: Server) -> None:
    await proxy.add_route(ALICES, alice.url, {"user": "alice"})


async def assert_nothing_changed(proxy: Proxy, browser: Browser) -> None:
    routes = await proxy.get_all_routes()
    assert sorted(routes) == ["/", ALICES]
    assert routes[ALICES]["data"]["user"] == "alice"
    assert await browser.who(ALICES) == "alice"
    assert await browser.who("/user/bob/") == THE_HUB
    assert await browser.who("/hub/home") == THE_HUB


async def refuse(proxy: Proxy, patience: float, *route: Any) -> None:
    with pytest.raises(Exception) as refused:
        await asyncio.wait_for(proxy.add_route(*route), patience)
    # A time-out is no refusal: the Hub, and a user in front of it, would wait.
    assert not isinstance(refused.value, (TimeoutError, asyncio.TimeoutError))
    assert str(refused.value)


@pytest.mark.parametrize("kind", BAD_TARGETS)
async def test_a_bad_target_is_refused(
    kind: str, proxy: Proxy, browser: Browser, settings: Conformance
) -> None:
    await refuse(proxy, settings.patience, "/user/bob/", BAD_TARGETS[kind], {})
    await assert_nothing_changed(proxy, browser)


async def test_a_bad_target_leaves_the_good_one(
    proxy: Proxy, browser: Browser, settings: Conformance
) -> None:
    await refuse(proxy, settings.patience, ALICES, "ftp://127.0.0.1", {})
    await assert_nothing_changed(proxy, browser)


@pytest.mark.parametrize("kind", BAD_SPECS)
async def test_a_bad_routespec_is_refused(
    kind: str, proxy: Proxy, browser: Browser, bob: Server, settings: Conformance
) -> None:
    await refuse(proxy, settings.patience, BAD_SPECS[kind], bob.url, {})
    await assert_nothing_changed(proxy, browser)


@pytest.mark.parametrize("spec", ["alice.example.com/user/alice/", "user/"])
async def test_a_routespec_with_a_host_is_refused(
    spec: str, proxy: Proxy, browser: Browser, bob: Server, settings: Conformance
) -> None:
    """Without `JupyterHub.subdomain_host`, a host in a route is a mistake."""
    await refuse(proxy, settings.patience, spec, bob.url, {})
    await assert_nothing_changed(proxy, browser)


@pytest.mark.parametrize("kind", UNENCODED_SPECS)
async def test_an_unencoded_routespec_harms_nobody(
    kind: str, proxy: Proxy, browser: Browser, bob: Server, settings: Conformance
) -> None:
    spec = UNENCODED_SPECS[kind]
    with suppress(Exception):
        await asyncio.wait_for(proxy.add_route(spec, bob.url, {}), settings.patience)
    assert await browser.who(ALICES) == "alice"
    assert await browser.who("/user/bob/") == THE_HUB
    assert await browser.who("/hub/home") == THE_HUB


@pytest.mark.parametrize(
    "data",
    [{"x": object()}, {"x": {1, 2}}, {"x": b"bytes"}],
    ids=["an object", "a set", "bytes"],
)
async def test_data_that_json_cannot_hold_is_refused(
    data: dict[str, Any],
    proxy: Proxy,
    browser: Browser,
    bob: Server,
    settings: Conformance,
) -> None:
    await refuse(proxy, settings.patience, "/user/bob/", bob.url, data)
    await assert_nothing_changed(proxy, browser)


async def test_a_good_route_is_added_after_a_bad_one(
    proxy: Proxy, browser: Browser, bob: Server, settings: Conformance
) -> None:
    await refuse(proxy, settings.patience, "/user/bob/", bob.url, {"x": object()})
    await proxy.add_route("/user/bob/", bob.url, {})
    assert await browser.who("/user/bob/") == "bob"


async def test_a_bad_extra_route_is_refused_by_name(proxy: Proxy, bob: Server) -> None:
    with pytest.raises(Exception, match="status-page"):
        proxy.extra_routes = {"status-page/": bob.url}
    with pytest.raises(Exception, match="status-page"):
        proxy.extra_routes = {"/status-page/": "ftp://127.0.0.1"}
