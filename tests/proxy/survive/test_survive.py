"""Parts die while users work and others come and go: nobody's work is disturbed."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx

from tests.harness.etcd import Etcd, EtcdMember
from tests.harness.redis import Redis
from tests.proxy.survive.changes import Changes, Event, meanwhile
from tests.proxy.survive.load import Noticed
from tests.proxy.survive.site import STEADY, Site, site

TIMEOUT = 30  # check_route_timeout, after which a server's start fails
NUMBER_OF_CHANGES = int(os.environ.get("SURVIVE_CHANGES", "200"))


async def test_with_etcd_a_replica_the_leader_and_the_hub_may_die(
    tmp_path: Path, start_etcd: Callable[..., Awaitable[Etcd]]
) -> None:
    etcd = await start_etcd(members=3)
    hosts = [endpoint.partition("//")[2] for endpoint in etcd.endpoints]

    async def kill_the_leader() -> None:
        await (await leader(etcd)).kill()

    async with site(
        tmp_path,
        "TraefikEtcdProxy",
        {"etcd_url": etcd.endpoints},
        {"etcd": {"endpoints": hosts, "rootKey": "traefik"}},
    ) as large:
        await survive(
            "etcd: a replica, the leader and the Hub are killed",
            large,
            [
                large.kill_a_replica,
                large.bring_it_back,
                kill_the_leader,
                large.restart_the_hub,
            ],
        )


async def test_with_redis_a_replica_and_the_hub_may_die(
    tmp_path: Path, start_redis: Callable[..., Awaitable[Redis]]
) -> None:
    redis = await start_redis()
    async with on_redis(tmp_path, redis) as large:
        await survive(
            "Redis: a replica and the Hub are killed",
            large,
            [large.kill_a_replica, large.bring_it_back, large.restart_the_hub],
        )


async def test_redis_may_die_and_come_back_empty(
    tmp_path: Path, start_redis: Callable[..., Awaitable[Redis]]
) -> None:
    redis = await start_redis()

    async def lose_the_store() -> None:
        """It keeps nothing on disk: it comes back empty."""
        await redis.kill()
        await redis.start()

    async with on_redis(tmp_path, redis) as large:
        await survive(
            "Redis: it is killed and comes back empty", large, [lose_the_store]
        )


def on_redis(folder: Path, redis: Redis) -> AbstractAsyncContextManager[Site]:
    host = redis.url.partition("//")[2].partition("/")[0]
    return site(
        folder,
        "TraefikRedisProxy",
        {"redis_url": redis.url},
        {"redis": {"endpoints": [host], "rootKey": "traefik"}},
    )


async def survive(what: str, large: Site, events: list[Event]) -> None:
    changes = Changes(large.hub, NUMBER_OF_CHANGES)
    async with large.load.running() as noticed:
        await meanwhile(changes, events)
    missing, left_over = await large.settled(
        [*STEADY, *changes.staying], sorted(changes.going)
    )
    write_down(what, figures(noticed, changes, missing, left_over))
    assert noticed.failed == []
    assert noticed.closed == []
    assert (missing, left_over) == ([], [])
    assert changes.done == changes.number
    # Whoever starts a server waits for a part that is away, and is not refused.
    assert changes.slowest < TIMEOUT
    assert noticed.requests > changes.number / 10


def figures(
    noticed: Noticed, changes: Changes, missing: list[str], left_over: list[str]
) -> dict[str, Any]:
    return {
        "requests": noticed.requests,
        "untouched_failed": len(noticed.failed),
        "slowest_request": noticed.slowest,
        "websocket_messages": noticed.messages,
        "websockets_closed": len(noticed.closed),
        "changes": changes.done,
        "changes_failed": changes.repeated,
        "slowest_change": changes.slowest,
        "missing": len(missing),
        "left_over": len(left_over),
    }


def write_down(what: str, scenario: dict[str, Any]) -> None:
    """For benchmarks/survive.py, which says where."""
    if target := os.environ.get("SURVIVE_FIGURES"):
        file = Path(target)
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, what: scenario}, indent=1))


async def leader(etcd: Etcd) -> EtcdMember:
    async with httpx.AsyncClient() as client:
        for member in etcd.members:
            metrics = await client.get(f"{member.metrics_url}/metrics")
            if "etcd_server_is_leader 1" in metrics.text:
                return member
    raise AssertionError("no member of etcd says that it leads")
