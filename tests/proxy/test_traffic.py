"""What notebooks need of Traefik: long requests, large headers, odd paths."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.proxy.conftest import StartProxy, in_a_file


@in_a_file
async def test_odd_paths_and_large_headers_arrive_as_they_were_sent(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    await proxy.add_route("/user/a/", backend("a"), {})
    async with httpx.AsyncClient(trust_env=False, base_url=proxy.public_url) as client:
        for path in (
            "/user/a/x%2Fy",
            "/user/a/x%25y",
            "/user/a/%5C%3B%3F%23",
            "/user/a/é",
        ):
            answer = await client.get(path)
            assert answer.text == f"a {answer.request.url.raw_path.decode()}"
        cookie = {"Cookie": "c=" + "x" * 50_000}
        assert (await client.get("/user/a/", headers=cookie)).status_code == 200


@in_a_file
async def test_there_is_no_time_limit_on_a_request(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    assert proxy._session
    replica = proxy._session.replicas.replicas[0]
    limits = await replica.json(f"/api/entrypoints/{proxy.traefik_entrypoint}")
    timeouts = limits["transport"]["respondingTimeouts"]
    assert timeouts.get("readTimeout", "0s") in ("0s", 0)
    assert timeouts.get("writeTimeout", "0s") in ("0s", 0)
