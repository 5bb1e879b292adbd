"""A class of a thousand logs in at nine o'clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.servers import Server, Servers
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = pytest.mark.anyio

SPECS = [f"/user/student-{n}/" for n in range(1000)]
SAMPLE = SPECS[::83]


async def add_all(proxy: Proxy, servers: Servers, specs: list[str]) -> None:
    await asyncio.gather(
        *(
            proxy.add_route(spec, servers(f"shared {n % 10}").url, {"n": n})
            for n, spec in enumerate(specs)
        )
    )


async def test_a_thousand_routes_added_at_once_all_work(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    await add_all(proxy, server, SPECS)
    routes = await proxy.get_all_routes()
    assert sorted(routes) == sorted(["/", *SPECS])
    assert [routes[spec]["data"]["n"] for spec in SPECS] == list(range(1000))
    reached = {spec: await browser.who(spec) for spec in SAMPLE}
    assert reached == {spec: f"shared {SPECS.index(spec) % 10}" for spec in SAMPLE}


async def test_a_thousand_routes_deleted_at_once_are_all_gone(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    await add_all(proxy, server, SPECS)
    await asyncio.gather(*map(proxy.delete_route, SPECS))
    assert list(await proxy.get_all_routes()) == ["/"]
    assert {await browser.who(spec) for spec in SAMPLE} == {THE_HUB}


async def test_adds_and_deletes_at_once_do_not_disturb_each_other(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    leaving, coming = SPECS[:300], SPECS[300:600]
    await add_all(proxy, server, leaving)
    await asyncio.gather(
        add_all(proxy, server, coming), *map(proxy.delete_route, leaving)
    )
    assert sorted(await proxy.get_all_routes()) == sorted(["/", *coming])
    assert {await browser.who(spec) for spec in leaving[::50]} == {THE_HUB}
    reached = {spec: await browser.who(spec) for spec in coming[:10]}
    assert list(reached.values()) == [f"shared {n}" for n in range(10)]


async def test_each_route_works_as_soon_as_its_own_add_returns(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    async def add_and_visit(spec: str) -> str | None:
        await proxy.add_route(spec, alice.url, {})
        return await browser.who(spec)

    who = await asyncio.gather(*map(add_and_visit, SPECS[:100]))
    assert who == ["alice"] * 100


async def test_each_route_is_gone_as_soon_as_its_own_delete_returns(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    async def delete_and_visit(spec: str) -> str | None:
        await proxy.delete_route(spec)
        return await browser.who(spec)

    await add_all(proxy, server, SPECS[:100])
    who = await asyncio.gather(*map(delete_and_visit, SPECS[:100]))
    assert who == [THE_HUB] * 100


async def test_many_adds_of_one_route_leave_one_route_that_works(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    names = [f"shared {n}" for n in range(10)]
    await asyncio.gather(
        *(proxy.add_route("/user/alice/", server(n).url, {"n": n}) for n in names)
    )
    routes = await proxy.get_all_routes()
    assert sorted(routes) == ["/", "/user/alice/"]
    winner = routes["/user/alice/"]
    assert await browser.who("/user/alice/") == winner["data"]["n"]
    assert winner["target"] == server(winner["data"]["n"]).url


async def test_a_bad_add_among_good_ones_fails_alone(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    outcomes: tuple[Any, ...] = await asyncio.gather(
        add_all(proxy, server, SPECS[:20]),
        proxy.add_route("/user/bad/", server("alice").url, {"x": object()}),
        add_all(proxy, server, SPECS[20:40]),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Exception)
    assert (outcomes[0], outcomes[2]) == (None, None)
    assert sorted(await proxy.get_all_routes()) == sorted(["/", *SPECS[:40]])


async def test_an_add_that_nobody_waits_for_any_more_harms_no_other(
    proxy: Proxy, browser: Browser, server: Servers, settings: Conformance
) -> None:
    given_up = asyncio.ensure_future(
        proxy.add_route("/user/gone/", server("gone").url, {})
    )
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait_for(add_all(proxy, server, SPECS[:20]), settings.patience)
    routes = await proxy.get_all_routes()
    assert set(SPECS[:20]) <= set(routes)
    # Done or not done are both fine, as long as table and traffic agree.
    expected = "gone" if "/user/gone/" in routes else THE_HUB
    assert await browser.who("/user/gone/") == expected
