"""The Hub learns when a server was last used, as it does from CHP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from jupyterhub_suite.proxy.activity import requests_by_service
from tests.proxy.conftest import StartProxy, in_a_file, who_answers


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
    await proxy._session.activity.look()
    before = datetime.now(timezone.utc).replace(microsecond=0)
    await who_answers(proxy, "/user/used/")
    await proxy._session.activity.look()
    routes = await proxy.get_all_routes()
    said = routes["/user/used/"]["data"]["last_activity"]
    assert datetime.fromisoformat(said.replace("Z", "+00:00")) >= before
    assert "last_activity" not in routes["/user/idle/"]["data"]


@in_a_file
async def test_it_can_be_turned_off(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy(track_activity=False)
    assert proxy._session
    metrics = await proxy._session.replicas.replicas[0].get("/metrics")
    assert metrics.status_code == 404
