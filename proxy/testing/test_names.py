"""Whatever users are called, each reaches their own server and nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.names import (
    AWKWARD,
    DOUBTFUL,
    INJECTIONS,
    routespec,
    spellings,
)
from jupyterhub_suite.proxy.testing.servers import Server, Servers

pytestmark = pytest.mark.anyio

EVERYBODY = {**AWKWARD, **INJECTIONS}


@pytest.mark.parametrize("kind", EVERYBODY)
async def test_a_user_reaches_their_server(
    kind: str, proxy: Proxy, browser: Browser, server: Servers
) -> None:
    name = EVERYBODY[kind]
    await proxy.add_route(routespec(name), server(name).url, {"user": name})
    path = f"{routespec(name)}tree?x=1"
    answer = await browser.get(path)
    assert (answer.by, answer.seen["uri"]) == (name, path)


@pytest.mark.parametrize("kind", EVERYBODY)
async def test_a_named_server_is_reached(
    kind: str, proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    named = EVERYBODY[kind]
    await proxy.add_route(routespec("alice"), alice.url, {})
    await proxy.add_route(routespec("alice", named), bob.url, {})
    assert await browser.who(routespec("alice", named)) == "bob"
    assert await browser.who(routespec("alice")) == "alice"


@pytest.mark.parametrize("kind", AWKWARD)
async def test_a_name_means_the_same_however_a_browser_encodes_it(
    kind: str, proxy: Proxy, browser: Browser, server: Servers
) -> None:
    name = AWKWARD[kind]
    await proxy.add_route(routespec(name), server(name).url, {})
    reached = {path: await browser.who(path) for path in spellings(name)}
    assert reached == dict.fromkeys(reached, name)


@pytest.mark.parametrize("kind", EVERYBODY)
async def test_a_route_is_listed_under_the_name_it_was_added_by(
    kind: str, proxy: Proxy, alice: Server
) -> None:
    spec = routespec(EVERYBODY[kind])
    await proxy.add_route(spec, alice.url, {})
    assert sorted(await proxy.get_all_routes()) == ["/", spec]
    assert await proxy.get_route(spec) is not None


@pytest.mark.parametrize("kind", EVERYBODY)
async def test_a_route_is_deleted_by_the_name_it_was_added_by(
    kind: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    spec = routespec(EVERYBODY[kind])
    await proxy.add_route(spec, alice.url, {})
    await proxy.delete_route(spec)
    assert list(await proxy.get_all_routes()) == ["/"]
    assert await browser.who(spec) == THE_HUB


async def test_all_of_them_at_once_reach_their_own_servers(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    names = list(EVERYBODY.values())
    await asyncio.gather(
        *(proxy.add_route(routespec(name), server(name).url, {}) for name in names)
    )
    reached = {name: await browser.who(routespec(name)) for name in names}
    assert reached == {name: name for name in names}


async def test_names_that_differ_only_in_case_are_two_users(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    names = ["ada", "Ada", "ADA"]
    for name in names:
        await proxy.add_route(routespec(name), server(name).url, {})
    assert [await browser.who(routespec(name)) for name in names] == names
    await proxy.delete_route(routespec("Ada"))
    assert await browser.who(routespec("Ada")) == THE_HUB
    assert await browser.who(routespec("ada")) == "ada"


async def test_named_servers_that_differ_only_in_case_are_two_servers(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route(routespec("x", "gpu"), alice.url, {})
    await proxy.add_route(routespec("x", "GPU"), bob.url, {})
    assert await browser.who(routespec("x", "gpu")) == "alice"
    assert await browser.who(routespec("x", "GPU")) == "bob"


async def test_a_name_that_begins_with_anothers_is_another(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    names = ["x", "x ", "x%", "x@y", "x'", "x(", "xx", "x.x"]
    for name in names:
        await proxy.add_route(routespec(name), server(name).url, {})
    assert [await browser.who(routespec(name)) for name in names] == names


async def test_an_encoded_name_is_not_the_name_it_looks_like(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    names = ["a b", "a%20b", "a%2520b", "a+b", "a%2Bb"]
    for name in names:
        await proxy.add_route(routespec(name), server(name).url, {})
    assert [await browser.who(routespec(name)) for name in names] == names


@pytest.mark.parametrize("kind", INJECTIONS)
async def test_no_name_takes_the_requests_of_others(
    kind: str, proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route(routespec("alice"), alice.url, {})
    await proxy.add_route(routespec(INJECTIONS[kind]), bob.url, {})
    others = ["/", "/hub/login", "/user/x", "/user/x/", "/y", "/user/nobody/"]
    assert {path: await browser.who(path) for path in others} == dict.fromkeys(
        others, THE_HUB
    )
    assert await browser.who(routespec("alice")) == "alice"
    assert await browser.on("elsewhere.example").who("/hub/home") == THE_HUB


@pytest.mark.parametrize("kind", DOUBTFUL)
async def test_a_name_that_cannot_be_served_is_refused_and_harms_nobody(
    kind: str, proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    spec = routespec(DOUBTFUL[kind])
    await proxy.add_route(routespec("alice"), alice.url, {})
    results: tuple[Any] = await asyncio.gather(
        proxy.add_route(spec, bob.url, {}), return_exceptions=True
    )
    if results[0]:
        assert spec not in await proxy.get_all_routes()
    else:
        assert await browser.who(f"{spec}tree") == "bob"
    assert await browser.who(routespec("alice")) == "alice"
    assert await browser.who("/hub/home") == THE_HUB
