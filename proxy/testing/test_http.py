"""HTTP passes through the proxy whole, in both directions."""

from __future__ import annotations

import asyncio
import gzip
import hashlib

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.servers import PIECE, Server, Servers

pytestmark = pytest.mark.anyio

ALICES = "/user/alice/"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.fixture(autouse=True)
async def alices_route(proxy: Proxy, alice: Server) -> None:
    await proxy.add_route(ALICES, alice.url, {})


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_passes(method: str, browser: Browser) -> None:
    answer = await browser.send(method, ALICES)
    assert (answer.by, answer.seen["method"]) == ("alice", method)


async def test_head_tells_the_length_and_sends_no_body(browser: Browser) -> None:
    answer = await browser.send("HEAD", ALICES)
    assert (answer.by, answer.headers["Content-Length"]) == ("alice", "12345")
    assert answer.body == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_body_arrives_unchanged(method: str, browser: Browser) -> None:
    body = bytes(range(256)) * 1000
    answer = await browser.send(
        method, ALICES, body=body, headers={"Content-Type": "application/octet-stream"}
    )
    assert answer.seen["length"] == len(body)
    assert answer.seen["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 403, 404, 409, 500, 503])
async def test_every_status_passes(status: int, browser: Browser) -> None:
    answer = await browser.get(f"{ALICES}-/status/{status}")
    assert (answer.by, answer.status) == ("alice", status)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_left_to_the_browser(status: int, browser: Browser) -> None:
    answer = await browser.get(f"{ALICES}-/status/{status}")
    assert answer.status == status
    assert answer.headers["Location"] == "/elsewhere?next=%2Fuser%2Fx"


async def test_several_cookies_stay_several(browser: Browser) -> None:
    answer = await browser.get(f"{ALICES}-/cookies")
    cookies = answer.headers.get_list("Set-Cookie")
    assert cookies == ["one=1; Path=/user/alice/", "two=2; HttpOnly"]


async def test_a_compressed_answer_stays_compressed(browser: Browser) -> None:
    answer = await browser.get(
        f"{ALICES}-/compressed", headers={"Accept-Encoding": "gzip"}
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == PIECE


async def test_an_uncompressed_answer_stays_uncompressed(browser: Browser) -> None:
    answer = await browser.get(
        f"{ALICES}-/download/1", headers={"Accept-Encoding": "gzip"}
    )
    assert "Content-Encoding" not in answer.headers
    assert answer.body == PIECE * 16


@pytest.mark.parametrize(
    "header, value",
    [
        ("Authorization", "token 0123456789abcdef"),
        ("Cookie", "jupyterhub-session-id=x; _xsrf=2|3|4"),
        ("X-Xsrftoken", "2|3|4"),
        ("Accept-Language", "de,en;q=0.5"),
        ("Referer", "https://hub.example/user/alice/lab?x=%20"),
        ("Range", "bytes=0-99"),
        ("If-None-Match", '"a,b"'),
        ("X-Custom_Name", "underscore"),
    ],
)
async def test_a_header_arrives_unchanged(
    header: str, value: str, browser: Browser
) -> None:
    seen = (await browser.get(ALICES, headers={header: value})).seen["headers"]
    assert {name.lower(): v for name, v in seen.items()}[header.lower()] == value


async def test_large_headers_arrive(browser: Browser) -> None:
    cookie = "c=" + "x" * 12_000
    answer = await browser.get(ALICES, headers={"Cookie": cookie})
    assert answer.seen["headers"]["Cookie"] == cookie


async def test_a_long_query_arrives(browser: Browser) -> None:
    path = f"{ALICES}git-pull?repo={'x' * 6_000}"
    assert (await browser.get(path)).seen["uri"] == path


async def test_the_server_sees_the_host_that_the_browser_asked_for(
    browser: Browser,
) -> None:
    answer = await browser.on("hub.example:8443").get(ALICES)
    assert answer.seen["headers"]["Host"] == "hub.example:8443"


async def test_the_server_is_told_the_browsers_address_and_scheme(
    browser: Browser,
) -> None:
    headers = (await browser.get(ALICES)).seen["headers"]
    assert headers["X-Forwarded-For"].split(",")[0] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"


async def test_many_requests_share_a_connection(browser: Browser) -> None:
    async with browser.line() as line:
        answers = [await line.get(f"{ALICES}{n}") for n in range(50)]
    assert [answer.seen["uri"] for answer in answers] == [
        f"{ALICES}{n}" for n in range(50)
    ]


async def test_one_connection_reaches_many_servers(
    proxy: Proxy, browser: Browser, bob: Server
) -> None:
    await proxy.add_route("/user/bob/", bob.url, {})
    async with browser.line() as line:
        paths = [ALICES, "/user/bob/", "/hub/home"] * 5
        assert [(await line.get(path)).by for path in paths] == [
            "alice",
            "bob",
            THE_HUB,
        ] * 5


async def test_a_hundred_requests_at_once_get_their_own_answers(
    browser: Browser,
) -> None:
    paths = [f"{ALICES}{n}" for n in range(100)]
    answers = await asyncio.gather(*(browser.get(path) for path in paths))
    assert [answer.seen["uri"] for answer in answers] == paths


async def test_a_dead_server_is_reported_as_such(
    proxy: Proxy, browser: Browser
) -> None:
    dead = Server("dead")
    await proxy.add_route("/user/dead/", dead.url, {})
    await dead.stop()
    answer = await browser.get("/user/dead/")
    assert answer.by in {None, THE_HUB}
    assert answer.status in {502, 503, 504}


async def test_a_dead_server_harms_no_other(proxy: Proxy, browser: Browser) -> None:
    dead = Server("dead")
    await proxy.add_route("/user/dead/", dead.url, {})
    await dead.stop()
    who = await asyncio.gather(
        *(browser.who(path) for path in ["/user/dead/", ALICES] * 20)
    )
    assert who[1::2] == ["alice"] * 20


async def test_a_server_that_returns_is_reached_again(
    proxy: Proxy, browser: Browser
) -> None:
    first = Server("phoenix")
    await proxy.add_route("/user/phoenix/", first.url, {})
    assert await browser.who("/user/phoenix/") == "phoenix"
    await first.stop()
    await browser.get("/user/phoenix/")
    second = Server("phoenix again", port=first.port)
    try:
        assert await browser.who("/user/phoenix/") == "phoenix again"
    finally:
        await second.stop()


async def test_a_named_target_works_as_well_as_an_address(
    proxy: Proxy, browser: Browser, server: Servers
) -> None:
    bob = server("bob")
    await proxy.add_route("/user/bob/", f"http://localhost:{bob.port}", {})
    assert await browser.who("/user/bob/") == "bob"
