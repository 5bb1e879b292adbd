"""A JupyterHub may live under a prefix of a site that has other things as well."""

from __future__ import annotations

from typing import Any

import pytest

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import THE_HUB, HubUnderTest
from jupyterhub_suite.proxy.testing.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def hub_settings() -> dict[str, Any]:
    return {"base_url": "/~physics/jupyter/"}


@pytest.fixture
def base(hub: HubUnderTest) -> str:
    return hub.app.base_url


async def test_the_hub_is_reached_under_the_prefix(base: str, browser: Browser) -> None:
    assert await browser.who(f"{base}hub/login") == THE_HUB
    assert await browser.who(base) == THE_HUB


async def test_a_user_is_reached_under_the_prefix(
    base: str, hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    spec = hub.running_server("alice", alice)
    await hub.check_routes()
    assert spec == f"{base}user/alice/"
    assert await browser.who(spec) == "alice"
    assert await browser.who(f"{base}user/alicee/") == THE_HUB


async def test_nothing_is_reached_beside_the_prefix(
    hub: HubUnderTest, browser: Browser, alice: Server
) -> None:
    hub.running_server("alice", alice)
    await hub.check_routes()
    assert await browser.who("/user/alice/") is None
    assert await browser.who("/~physics/hub/login") is None
