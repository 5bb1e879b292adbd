"""What comes in pieces goes on in pieces; what is large arrives whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import pytest
from jupyterhub.proxy import Proxy

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.servers import PIECE, Server
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = pytest.mark.anyio

ALICES = "/user/alice/"
LARGE = 64  # MiB


@pytest.fixture(autouse=True)
async def alices_route(proxy: Proxy, alice: Server) -> None:
    await proxy.add_route(ALICES, alice.url, {})
    for event in (alice.go_on, alice.arriving, alice.left_alone):
        event.clear()


@pytest.mark.parametrize(
    "kind, first, last",
    [
        ("pieces", b"first", b"last"),
        ("events", b"data: first\n\n", b"data: last\n\n"),
    ],
)
async def test_the_browser_reads_the_first_piece_before_the_last_is_written(
    kind: str,
    first: bytes,
    last: bytes,
    browser: Browser,
    alice: Server,
    settings: Conformance,
) -> None:
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    answer = asyncio.ensure_future(
        browser.get(f"{ALICES}-/{kind}", listen=pieces.put_nowait)
    )
    assert await asyncio.wait_for(pieces.get(), settings.patience) == first
    alice.go_on.set()
    assert (await answer).status == 200
    assert pieces.get_nowait() == last


async def test_the_server_reads_the_first_piece_before_the_last_is_sent(
    browser: Browser, alice: Server, settings: Conformance
) -> None:
    async def upload(write: Callable[[bytes], Awaitable[None]]) -> None:
        await write(b"first")
        await asyncio.wait_for(alice.arriving.wait(), settings.patience)
        await write(b"last")

    answer = await browser.send("POST", f"{ALICES}-/upload", upload=upload)
    assert answer.seen["length"] == len(b"firstlast")


async def test_the_server_learns_that_the_browser_has_left(
    browser: Browser, alice: Server, settings: Conformance
) -> None:
    async with browser.line() as line:
        await line.send(f"GET {ALICES}-/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await line.headers()
    await asyncio.wait_for(alice.left_alone.wait(), settings.patience)


async def test_a_large_download_arrives_whole(browser: Browser) -> None:
    digest, length = hashlib.sha256(), 0

    def listen(piece: bytes) -> None:
        nonlocal length
        digest.update(piece)
        length += len(piece)

    await browser.get(f"{ALICES}-/download/{LARGE}", listen=listen, patience=120)
    assert length == LARGE * 1024**2
    assert digest.hexdigest() == hashlib.sha256(PIECE * 16 * LARGE).hexdigest()


@pytest.mark.parametrize("chunked", [True, False], ids=["in chunks", "of known length"])
async def test_a_large_upload_arrives_whole(chunked: bool, browser: Browser) -> None:
    async def upload(write: Callable[[bytes], Awaitable[None]]) -> None:
        for _ in range(16 * LARGE):
            await write(PIECE)

    length = {} if chunked else {"Content-Length": str(LARGE * 1024**2)}
    answer = await browser.send(
        "PUT", f"{ALICES}-/upload", upload=upload, headers=length, patience=120
    )
    assert answer.seen["length"] == LARGE * 1024**2
    assert answer.seen["sha256"] == hashlib.sha256(PIECE * 16 * LARGE).hexdigest()


async def test_a_long_answer_holds_up_no_other(browser: Browser, alice: Server) -> None:
    waiting = [
        asyncio.ensure_future(browser.get(f"{ALICES}-/events")) for _ in range(50)
    ]
    assert await browser.who(ALICES) == "alice"
    alice.go_on.set()
    answers = await asyncio.gather(*waiting)
    assert {answer.body for answer in answers} == {b"data: first\n\ndata: last\n\n"}
