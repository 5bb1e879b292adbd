"""What is added is there, what is deleted is gone, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.servers import Server

pytestmark = pytest.mark.anyio

ALICES = "/user/alice/"

DATA: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a user": {"user": "alice", "server_name": ""},
    "another script": {"user": "用户", "server_name": "ü 🦊"},
    "a long list": {"list": list(range(25))},
    "something nested": {"a": {"b": [{"c": []}, {}], "": {"d/e": "f.g"}}},
    "all of JSON": {"null": None, "yes": True, "no": False, "n": -1.5, "s": ""},
    "a number in a string": {"n": "007", "yes": "true", "null": "null"},
    "a template": {"user": "{{ .x }}", "rule": "`) || PathPrefix(`/"},
}


async def test_a_new_proxy_has_the_hubs_route_alone(proxy: Proxy) -> None:
    assert list(await proxy.get_all_routes()) == ["/"]


async def test_the_hub_answers_where_no_route_is(browser: Browser) -> None:
    assert await browser.who("/user/nobody/") == THE_HUB


async def test_an_added_route_works_at_once(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    assert await browser.who("/user/alice/tree") == "alice"


async def test_an_added_route_is_listed_as_it_was_given(
    proxy: Proxy, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {"user": "alice"})
    route = (await proxy.get_all_routes())[ALICES]
    assert route["routespec"] == ALICES
    assert route["target"] == alice.url
    assert route["data"]["user"] == "alice"


@pytest.mark.parametrize("kind", DATA)
async def test_data_comes_back_as_it_was_given(
    kind: str, proxy: Proxy, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, dict(DATA[kind]))
    data = (await proxy.get_all_routes())[ALICES]["data"]
    # A proxy may add what it knows itself, such as the last activity.
    assert {key: data[key] for key in DATA[kind]} == DATA[kind]


async def test_the_callers_data_is_left_alone(proxy: Proxy, alice: Server) -> None:
    data = {"user": "alice"}
    await proxy.add_route(ALICES, alice.url, data)
    assert data == {"user": "alice"}


async def test_a_route_added_twice_is_one_route(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    await proxy.add_route(ALICES, alice.url, {})
    assert sorted(await proxy.get_all_routes()) == ["/", ALICES]
    assert await browser.who(ALICES) == "alice"


async def test_a_route_added_again_moves_to_its_new_target(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {"was": "alice"})
    await proxy.add_route(ALICES, bob.url, {"now": "bob"})
    assert await browser.who(ALICES) == "bob"
    route = await proxy.get_route(ALICES)
    assert route is not None
    assert route["target"] == bob.url
    assert route["data"].get("now") == "bob"
    assert "was" not in route["data"]


async def test_a_deleted_route_is_gone_at_once(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    await proxy.delete_route(ALICES)
    assert await browser.who(ALICES) == THE_HUB
    assert list(await proxy.get_all_routes()) == ["/"]


async def test_deleting_a_route_leaves_the_others(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    await proxy.add_route("/user/bob/", bob.url, {})
    await proxy.delete_route(ALICES)
    assert await browser.who("/user/bob/") == "bob"
    assert sorted(await proxy.get_all_routes()) == ["/", "/user/bob/"]


async def test_deleting_a_route_that_is_not_there_is_no_error(proxy: Proxy) -> None:
    await proxy.delete_route("/user/nobody/")
    assert list(await proxy.get_all_routes()) == ["/"]


async def test_a_deleted_route_can_be_added_again(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    await proxy.delete_route(ALICES)
    await proxy.add_route(ALICES, alice.url, {})
    assert await browser.who(ALICES) == "alice"


async def test_get_route_finds_one_route(
    proxy: Proxy, alice: Server, bob: Server
) -> None:
    await proxy.add_route(ALICES, alice.url, {"user": "alice"})
    await proxy.add_route("/user/bob/", bob.url, {"user": "bob"})
    route = await proxy.get_route(ALICES)
    assert route is not None
    assert (route["routespec"], route["target"]) == (ALICES, alice.url)
    assert route["data"]["user"] == "alice"


async def test_get_route_finds_nothing_where_nothing_is(proxy: Proxy) -> None:
    assert await proxy.get_route("/user/nobody/") is None


async def test_get_route_does_not_find_a_part_of_a_route(
    proxy: Proxy, alice: Server
) -> None:
    await proxy.add_route("/user/alice/lab/", alice.url, {})
    assert await proxy.get_route(ALICES) is None


async def test_a_missing_last_slash_makes_no_difference(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/alice", alice.url, {})
    assert await browser.who("/user/alice/tree") == "alice"
    assert ALICES in await proxy.get_all_routes()
    assert await proxy.get_route("/user/alice") is not None
    await proxy.delete_route("/user/alice")
    assert await browser.who("/user/alice/tree") == THE_HUB


async def test_two_routes_may_have_one_target(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/one/", alice.url, {})
    await proxy.add_route("/user/two/", alice.url, {})
    await proxy.delete_route("/user/one/")
    assert await browser.who("/user/one/") == THE_HUB
    assert await browser.who("/user/two/") == "alice"
