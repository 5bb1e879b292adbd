"""Those who are at work notice nothing of those who come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import HubUnderTest
from jupyterhub_suite.proxy.testing.servers import PIECE, Server

pytestmark = pytest.mark.anyio

ALICES = "/user/alice/"
COMING = [f"/user/visitor-{n}/" for n in range(200)]


@pytest.fixture(autouse=True)
async def alices_route(proxy: Proxy, alice: Server) -> None:
    await proxy.add_route(ALICES, alice.url, {})


async def come_and_go(proxy: Proxy, target: Server) -> None:
    for start in range(0, len(COMING), 50):
        some = COMING[start : start + 50]
        await asyncio.gather(*(proxy.add_route(s, target.url, {}) for s in some))
        await asyncio.gather(*map(proxy.delete_route, some))


@asynccontextmanager
async def repeated(do: Callable[[], Awaitable[object]]) -> AsyncIterator[list[object]]:
    """Do it over and over, from before to after the block; at least ten times."""
    results: list[object] = []
    over = asyncio.Event()

    async def repeat() -> None:
        while len(results) < 10 or not over.is_set():
            results.append(await do())

    work = asyncio.ensure_future(repeat())
    try:
        yield results
        over.set()
        await work
    finally:
        work.cancel()


async def test_no_request_fails(proxy: Proxy, browser: Browser, bob: Server) -> None:
    async with repeated(lambda: browser.who(ALICES)) as who:
        await come_and_go(proxy, bob)
    assert set(who) == {"alice"}


async def test_no_request_on_an_open_connection_fails(
    proxy: Proxy, browser: Browser, bob: Server
) -> None:
    async with browser.line() as line:

        async def ask() -> str | None:
            return (await line.get(ALICES)).by

        async with repeated(ask) as who:
            await come_and_go(proxy, bob)
    assert set(who) == {"alice"}


async def test_no_websocket_closes(proxy: Proxy, browser: Browser, bob: Server) -> None:
    async with (
        browser.socket(f"{ALICES}-/socket") as socket,
        repeated(lambda: browser.say(socket, "who?")) as who,
    ):
        await come_and_go(proxy, bob)
    assert set(who) == {"alice"}


async def test_no_answer_in_pieces_breaks_off(
    proxy: Proxy, browser: Browser, alice: Server, bob: Server
) -> None:
    alice.go_on.clear()
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    answer = asyncio.ensure_future(
        browser.get(f"{ALICES}-/events", listen=pieces.put_nowait)
    )
    await pieces.get()
    await come_and_go(proxy, bob)
    alice.go_on.set()
    assert (await answer).status == 200
    assert pieces.get_nowait() == b"data: last\n\n"


async def test_no_upload_breaks_off(
    proxy: Proxy, browser: Browser, bob: Server
) -> None:
    async def upload(write: Callable[[bytes], Awaitable[None]]) -> None:
        await write(PIECE)
        await come_and_go(proxy, bob)
        await write(PIECE)

    answer = await browser.send("PUT", f"{ALICES}-/upload", upload=upload, patience=300)
    assert answer.seen["length"] == 2 * len(PIECE)


async def test_a_check_of_all_routes_closes_no_websocket(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    spec = hub.running_server("alice", alice)
    await hub.check_routes()
    async with (
        browser.socket(f"{spec}-/socket") as socket,
        repeated(lambda: browser.say(socket, "who?")) as who,
    ):
        for _ in range(5):
            await hub.check_routes()
    assert set(who) == {"alice"}
