"""The Hub learns when a server was last used, as it does from CHP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyterhub_suite.proxy.activity import requests_by_service
from jupyterhub_suite.proxy.proxy import TraefikProxy
from jupyterhub_suite.proxy.testing.servers import Servers, servers as running_servers
from tests.proxy.conftest import StartProxy, in_a_file, who_answers


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with running_servers() as start:
        yield start


def test_requests_are_summed_over_status_and_method() -> None:
    metrics = """
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",protocol="http",service="a@file"} 3
traefik_service_requests_total{code="101",method="GET",protocol="websocket",service="a@file"} 1
traefik_service_requests_total{code="200",method="GET",protocol="http",service="b@file"} 1e+06
traefik_service_requests_bytes_total{code="200",service="b@file"} 9
"""
    assert requests_by_service(metrics) == {"a": 4, "b": 1e6}


@in_a_file
async def test_a_request_is_activity_of_that_server_alone(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy(track_activity=True)
    await proxy.add_route("/user/used/", backend("u"), {"user": "used"})
    await proxy.add_route("/user/idle/", backend("i"), {"user": "idle"})
    assert proxy._session
    await proxy._session.activity.once()
    before = datetime.now(timezone.utc).replace(microsecond=0)
    await who_answers(proxy, "/user/used/")
    await proxy._session.activity.once()
    routes = await proxy.get_all_routes()
    said = routes["/user/used/"]["data"]["last_activity"]
    assert datetime.fromisoformat(said.replace("Z", "+00:00")) >= before
    assert "last_activity" not in routes["/user/idle/"]["data"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@in_a_file
async def test_a_message_on_an_open_websocket_is_activity(
    start_proxy: StartProxy, servers: Servers
) -> None:
    proxy = await start_proxy(track_activity=True)
    await proxy.add_route("/user/open/", servers("o").url, {"user": "open"})
    connection = await open_websocket(proxy, "/user/open/-/socket")
    looks = []
    for _ in range(2):
        await connection.write_message("hello")
        await connection.read_message()
        looks.append(await last_activity(proxy, "/user/open/"))
    assert "" < looks[0] < looks[1]
    connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@in_a_file
async def test_an_open_websocket_on_which_nobody_speaks_is_none(
    start_proxy: StartProxy, servers: Servers
) -> None:
    proxy = await start_proxy(track_activity=True)
    await proxy.add_route("/user/mute/", servers("m").url, {"user": "mute"})
    connection = await open_websocket(proxy, "/user/mute/-/socket")
    seconds = []
    for _ in range(3):
        said = await last_activity(proxy, "/user/mute/")
        seconds.append(datetime.fromisoformat(said.replace("Z", "+00:00")))
        await asyncio.sleep(0.1)
    # The kernel counts in ticks of some milliseconds.
    assert seconds[-1] - seconds[0] < timedelta(seconds=0.1)
    connection.close()


async def open_websocket(proxy: TraefikProxy, path: str) -> WebSocketClientConnection:
    url = proxy.public_url.replace("http", "ws", 1).rstrip("/")
    return await websocket_connect(f"{url}{path}")


async def last_activity(proxy: TraefikProxy, routespec: str) -> str:
    assert proxy._session
    await proxy._session.activity.once()
    route = await proxy.get_route(routespec)
    assert route
    return str(route["data"].get("last_activity", ""))


@in_a_file
async def test_it_can_be_turned_off(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy(track_activity=False)
    assert proxy._session
    metrics = await proxy._session.replicas.replicas[0].get("/metrics")
    assert metrics.status_code == 404
