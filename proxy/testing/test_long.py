"""What lasts longer than a minute is not cut off.

The three last at the same time, or the suite would last three times as long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jupyterhub_suite.proxy.testing.browser import Answer, Browser
from jupyterhub_suite.proxy.testing.hub import HubUnderTest
from jupyterhub_suite.proxy.testing.servers import Server, Servers
from jupyterhub_suite.proxy.testing.settings import Conformance

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ALICES = "/user/alice/"


@pytest.fixture(scope="module")
async def outcomes(
    running: HubUnderTest, server: Servers, settings: Conformance
) -> list[Any]:
    alice = server("alice")
    browser = Browser(running.public_url, settings.patience)
    await running.proxy.add_route(ALICES, alice.url, {})
    results = await asyncio.gather(
        long_upload(browser, settings.long),
        long_download(browser, alice, settings.long),
        idle_websocket(browser, settings.long),
        return_exceptions=True,
    )
    return list(results)


async def long_upload(browser: Browser, seconds: float) -> Answer:
    async def upload(write: Callable[[bytes], Awaitable[None]]) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await write(b"x" * 1000)
            await asyncio.sleep(0.5)
        await write(b"end")

    return await browser.send(
        "PUT", f"{ALICES}-/upload", upload=upload, patience=2 * seconds
    )


async def long_download(browser: Browser, alice: Server, seconds: float) -> Answer:
    """Nothing comes between the first piece and the last."""
    alice.go_on.clear()
    asyncio.get_running_loop().call_later(seconds, alice.go_on.set)
    return await browser.get(f"{ALICES}-/pieces", patience=2 * seconds)


async def idle_websocket(browser: Browser, seconds: float) -> str | bytes | None:
    async with browser.socket(f"{ALICES}-/socket") as socket:
        await asyncio.sleep(seconds)
        return await browser.say(socket, "who?")


async def test_a_long_upload_arrives_whole(outcomes: list[Any]) -> None:
    upload = outcomes[0]
    assert isinstance(upload, Answer), upload
    assert upload.seen["length"] % 1000 == len(b"end")


async def test_a_long_download_arrives_whole(outcomes: list[Any]) -> None:
    download = outcomes[1]
    assert isinstance(download, Answer), download
    assert download.body == b"firstlast"


async def test_an_idle_websocket_stays_open(outcomes: list[Any]) -> None:
    assert outcomes[2] == "alice"
