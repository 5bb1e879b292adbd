"""A prefix matches its path with and without the slash, and nothing else."""

from __future__ import annotations

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.servers import Server

pytestmark = pytest.mark.anyio

UNDER_IT = [
    "/user/alice",
    "/user/alice/",
    "/user/alice?redirects=1",
    "/user/alice/?next=/user/bob/",
    "/user/alice/lab/tree/a%20b.ipynb",
    "/user/alice/api/kernels/1-2-3/channels?session_id=x",
    "/user/alice/user/bob/",
    "/user/alice//twice",
]
BESIDE_IT = [
    "/",
    "/user",
    "/user/",
    "/user/alic",
    "/user/alicee",
    "/user/alice-lab/",
    "/user/alice.lab",
    "/user/alice_/",
    "/user/alice%20/",
    "/user/alice%2Flab",
    "/user/alice@x/",
    "/user/Alice/",
    "/users/alice/",
    "/hub/user/alice/",
    "/user?/user/alice/",
]
ENCODED = {
    "a space": "a%20b",
    "a slash": "a%2Fb",
    "a slash in lower case": "a%2fb",
    "a percent sign": "100%25",
    "looks encoded": "a%252Fb",
    "a question mark": "who%3F",
    "a hash": "a%23b",
    "a semicolon": "a%3Bb",
    "a bare semicolon": "a;b",
    "a backslash": "a%5Cb",
    "a plus": "a+b",
    "an encoded plus": "a%2Bb",
    "brackets": "%5Bx%5D",
    "braces": "%7B%7Bx%7D%7D",
    "another script": "%E7%94%A8%E6%88%B7",
    "no character at all": "%FF%FE",
    "a needlessly encoded letter": "%61",
}


@pytest.mark.parametrize("path", UNDER_IT)
async def test_a_path_under_the_prefix_reaches_its_server(
    path: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    assert await browser.who(path) == "alice"


@pytest.mark.parametrize("path", BESIDE_IT)
async def test_a_path_that_merely_resembles_the_prefix_does_not(
    path: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    assert await browser.who(path) == THE_HUB


@pytest.mark.parametrize("path", UNDER_IT)
async def test_the_server_sees_the_path_as_it_was_sent(
    path: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    assert (await browser.get(path)).seen["uri"] == path


@pytest.mark.parametrize("kind", ENCODED)
async def test_encoded_characters_arrive_as_they_were_sent(
    kind: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    path = f"/user/alice/files/{ENCODED[kind]}/x"
    answer = await browser.get(path)
    assert (answer.by, answer.seen["uri"]) == ("alice", path)


@pytest.mark.parametrize(
    "query", ["a=1&a=2", "x=%2F%20%25", "q=a;b", "{{x}}=[y]", "?", "next=http://x/?y=z"]
)
async def test_queries_arrive_as_they_were_sent(
    query: str, proxy: Proxy, browser: Browser, alice: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    path = f"/user/alice/tree?{query}"
    assert (await browser.get(path)).seen["uri"] == path


async def test_the_longest_prefix_wins(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    await proxy.add_route("/user/alice/gpu/", bob.url, {})
    assert await browser.who("/user/alice/") == "alice"
    assert await browser.who("/user/alice/gpus/") == "alice"
    assert await browser.who("/user/alice/gpu") == "bob"
    assert await browser.who("/user/alice/gpu/lab") == "bob"


async def test_the_order_of_adding_makes_no_difference(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route("/user/alice/gpu/", bob.url, {})
    await proxy.add_route("/user/alice/", alice.url, {})
    assert await browser.who("/user/alice/gpu/") == "bob"
    assert await browser.who("/user/alice/lab") == "alice"


async def test_a_deleted_prefix_falls_to_the_next_longest(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    await proxy.add_route("/user/alice/gpu/", bob.url, {})
    await proxy.delete_route("/user/alice/gpu/")
    assert await browser.who("/user/alice/gpu/") == "alice"


async def test_deleting_a_prefix_leaves_the_longer_ones(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})
    await proxy.add_route("/user/alice/gpu/", bob.url, {})
    await proxy.delete_route("/user/alice/")
    assert await browser.who("/user/alice/") == THE_HUB
    assert await browser.who("/user/alice/gpu/") == "bob"


async def test_prefixes_may_be_deep(
    proxy: Proxy, browser: Browser, alice: Server
) -> None:
    deep = "/services/" + "/".join("abcdefgh") + "/"
    await proxy.add_route(deep, alice.url, {})
    assert await browser.who(f"{deep}x") == "alice"
    assert await browser.who("/services/a/b/c/d/") == THE_HUB


async def test_the_default_route_can_be_moved(
    proxy: Proxy, browser: Browser, bob: Server
) -> None:
    await proxy.add_route("/", bob.url, {"hub": True})
    assert await browser.who("/anything/at/all") == "bob"
