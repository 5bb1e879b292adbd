"""Kernels and terminals talk over WebSockets."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from jupyterhub.proxy import Proxy
from tornado.httpclient import HTTPClientError

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB
from jupyterhub_suite.proxy.testing.servers import Server
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = pytest.mark.anyio

SOCKET = "/user/alice/-/socket"


@pytest.fixture(autouse=True)
async def alices_route(proxy: Proxy, alice: Server) -> None:
    await proxy.add_route("/user/alice/", alice.url, {})


async def test_a_websocket_reaches_its_server(browser: Browser) -> None:
    async with browser.socket(SOCKET) as socket:
        assert await browser.say(socket, "who?") == "alice"


async def test_a_websocket_reaches_the_hub_where_no_route_is(browser: Browser) -> None:
    async with browser.socket("/user/nobody/-/socket") as socket:
        assert await browser.say(socket, "who?") == THE_HUB


@pytest.mark.parametrize(
    "message",
    ["", "text", "用户 🦊", b"", bytes(range(256)), "x" * 2**20, b"\0" * 2**23],
    ids=["empty", "text", "script", "no bytes", "bytes", "a MiB", "eight MiB"],
)
async def test_a_message_passes_unchanged(
    message: str | bytes, browser: Browser
) -> None:
    async with browser.socket(SOCKET) as socket:
        assert await browser.say(socket, message) == message


async def test_messages_keep_their_order(
    browser: Browser, settings: Conformance
) -> None:
    messages = [str(n) for n in range(1000)]
    async with browser.socket(SOCKET) as socket:
        for message in messages:
            await socket.write_message(message)
        back = [
            await asyncio.wait_for(socket.read_message(), settings.patience)
            for _ in messages
        ]
    assert back == messages


async def test_a_hundred_websockets_stay_apart(browser: Browser) -> None:
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(browser.socket(SOCKET)) for _ in range(100)
        ]
        said = [browser.say(socket, str(n)) for n, socket in enumerate(sockets)]
        assert await asyncio.gather(*said) == [str(n) for n in range(100)]


async def test_the_subprotocol_is_negotiated(browser: Browser) -> None:
    protocols = ["other", "v1.kernel.websocket.jupyter.org"]
    async with browser.socket(SOCKET, subprotocols=protocols) as socket:
        assert socket.selected_subprotocol == "v1.kernel.websocket.jupyter.org"


async def test_the_handshakes_headers_arrive(browser: Browser) -> None:
    sent = {
        "Cookie": "jupyterhub-session-id=x",
        "Origin": "https://hub.example",
        "Authorization": "token 0123456789abcdef",
    }
    async with browser.socket(SOCKET, headers=sent) as socket:
        seen = json.loads(await browser.say(socket, "headers?") or "{}")
    assert {name: seen.get(name) for name in sent} == sent


async def test_the_servers_goodbye_arrives(browser: Browser) -> None:
    async with browser.socket(SOCKET) as socket:
        assert await browser.say(socket, "close 4321 enough for today") is None
        assert (socket.close_code, socket.close_reason) == (4321, "enough for today")


async def test_the_browsers_goodbye_arrives(
    browser: Browser, alice: Server, settings: Conformance
) -> None:
    async with browser.socket(SOCKET) as socket:
        await browser.say(socket, "hello")
        [there] = alice.sockets
        socket.close(4321, "enough for today")
        await asyncio.wait_for(there.closed.wait(), settings.patience)
    assert (there.close_code, there.close_reason) == (4321, "enough for today")


async def test_a_refused_websocket_is_refused(browser: Browser) -> None:
    with pytest.raises(HTTPClientError) as refused:
        async with browser.socket("/user/alice/-/closed-socket"):
            pass
    assert refused.value.code == 403


async def test_a_dead_servers_websocket_ends(
    proxy: Proxy, browser: Browser, settings: Conformance
) -> None:
    dying = Server("dying")
    await proxy.add_route("/user/dying/", dying.url, {})
    async with browser.socket("/user/dying/-/socket") as socket:
        assert await browser.say(socket, "who?") == "dying"
        await dying.stop()
        assert await asyncio.wait_for(socket.read_message(), settings.patience) is None


async def test_a_dead_server_opens_no_websocket(proxy: Proxy, browser: Browser) -> None:
    dead = Server("dead")
    await proxy.add_route("/user/dead/", dead.url, {})
    await dead.stop()
    with pytest.raises((HTTPClientError, OSError)):
        async with browser.socket("/user/dead/-/socket"):
            pass


async def test_a_deleted_routes_websockets_go_to_its_server_no_more(
    proxy: Proxy, browser: Browser
) -> None:
    await proxy.delete_route("/user/alice/")
    async with browser.socket(SOCKET) as socket:
        assert await browser.say(socket, "who?") == THE_HUB
