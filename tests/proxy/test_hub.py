"""A real JupyterHub with a real Traefik."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from jupyterhub_suite.ports import free_port
from tests.harness.fixtures import both_hubs
from tests.harness.hub import RealHub
from tests.harness.parts import need
from tests.harness.processes import wait_for

StartHub = Callable[..., Awaitable[RealHub]]


def settings(provider: str, **more: Any) -> dict[str, dict[str, Any]]:
    need("traefik")
    return {
        "JupyterHub": {"proxy_class": f"traefik_{provider}"},
        "TraefikProxy": {"traefik_api_url": f"http://127.0.0.1:{free_port()}", **more},
    }


async def is_up(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(url)
    except httpx.ConnectError:
        return False
    return True


@both_hubs
async def test_a_user_reaches_their_server(start_hub: StartHub) -> None:
    hub = await start_hub(settings=settings("file"))
    session = await hub.login("o'brien")
    await hub.start_server("o'brien")
    (await session.get("/user/o%27brien/lab")).raise_for_status()
    answer = await session.get("/user/o%27brien/api/status")
    assert answer.status_code == 200
    assert "kernels" in answer.json()
    await hub.stop_server("o'brien")
    assert (await session.get("/user/o%27brien/api/status")).status_code == 424


async def test_a_hub_with_internal_ssl_reaches_its_servers(start_hub: StartHub) -> None:
    hub = await start_hub(settings=settings("file"), internal_ssl=True)
    session = await hub.login("alice")
    await hub.start_server("alice")
    (await session.get("/user/alice/lab")).raise_for_status()


async def test_traefik_ends_with_a_hub_that_is_killed(start_hub: StartHub) -> None:
    hub = await start_hub(settings=settings("file"))
    assert await is_up(hub.url)
    await hub.kill()

    async def gone() -> bool:
        return not await is_up(hub.url)

    await wait_for(gone, what="the end of Traefik")


async def test_a_restarted_hub_finds_its_users(start_hub: StartHub) -> None:
    keep = {"cleanup_servers": False}
    chosen = settings("file")
    chosen["JupyterHub"] |= keep
    hub = await start_hub(settings=chosen)
    session = await hub.login("alice")
    await hub.start_server("alice")
    (await session.get("/user/alice/lab")).raise_for_status()
    await hub.restart()
    assert (await session.get("/user/alice/api/status")).status_code == 200
    await hub.stop_server("alice")


async def test_the_hub_shows_our_metrics(start_hub: StartHub) -> None:
    hub = await start_hub(
        settings=settings("file"), text="c.JupyterHub.authenticate_prometheus = False"
    )
    answer = await hub.client().get(f"{hub.url}hub/metrics")
    assert "jupyterhub_proxy_batch_size_count" in answer.text
    assert "jupyterhub_proxy_replica_current" in answer.text


@pytest.mark.parametrize("provider", ["etcd", "redis", "consul"])
async def test_a_store_that_is_away_is_one_clear_line(
    start_hub: StartHub, provider: str
) -> None:
    scheme = {"redis": "redis"}.get(provider, "http")
    url = f"{scheme}://user:hunter2@127.0.0.1:{free_port()}"
    chosen = settings(provider, check_route_timeout=1)
    chosen[f"Traefik{provider.title()}Proxy"] = {f"{provider}_url": url}
    with pytest.raises(AssertionError) as failed:
        await start_hub(settings=chosen)
    said = str(failed.value)
    assert "does not answer" in said
    assert "Traceback" not in said
    assert "hunter2" not in said


async def test_the_api_wants_a_password(start_hub: StartHub) -> None:
    chosen = settings("file")
    await start_hub(settings=chosen)
    async with httpx.AsyncClient(trust_env=False) as client:
        url = chosen["TraefikProxy"]["traefik_api_url"]
        assert (await client.get(f"{url}/api/overview")).status_code == 401
