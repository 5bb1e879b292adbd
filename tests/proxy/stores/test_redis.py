"""Redis: notifications, sentinels, and servers that we may not configure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio as aioredis

from jupyterhub_suite.proxy.entries import Change
from jupyterhub_suite.proxy.errors import BadSetting, StoreUnavailable
from jupyterhub_suite.proxy.stores.keyvalue import Roots
from jupyterhub_suite.proxy.stores.redis import RedisStore, notifies
from jupyterhub_suite.proxy.stores.redis_address import RedisAddress
from tests.harness.redis import Redis, Sentinel

Start = Callable[..., Awaitable[Any]]
PATH = ("http", "routers", "a")
SEAL: Any = {("http", "middlewares", "seal"): {"addPrefix": {"prefix": "/x-1"}}}


async def test_notifications_are_switched_on_and_a_write_makes_one(
    start_redis: Start,
) -> None:
    redis: Redis = await start_redis(options=['notify-keyspace-events ""'])
    store = RedisStore(Roots(), RedisAddress.parse(redis.url))
    await store.load()
    client = aioredis.Redis.from_url(redis.url, decode_responses=True)
    async with client.pubsub() as listener:
        await listener.psubscribe("__keyspace@*__:traefik/*")
        await listener.get_message(timeout=5)
        many: Any = {("http", "routers", f"r{n}"): {"rule": "x"} for n in range(100)}
        await store.write(Change(many, [], SEAL))
        message = await listener.get_message(ignore_subscribe_messages=True, timeout=5)
        assert message and message["channel"].endswith("seal/addPrefix/prefix")
        assert await listener.get_message(timeout=0.1) is None
    flags = (await client.config_get("notify-*"))["notify-keyspace-events"]
    assert flags and notifies(flags)
    await client.aclose()
    await store.close()


async def test_a_server_that_we_may_not_configure_will_do(start_redis: Start) -> None:
    redis: Redis = await start_redis(
        options=["user hub on >s3cret ~* &* +@all -config"]
    )
    url = f"redis://hub:s3cret@127.0.0.1:{redis.port}"
    store = RedisStore(Roots(), RedisAddress.parse(url))
    await store.load()
    await store.write(Change({PATH: {"rule": "x"}}, [], SEAL))
    assert (await store.load())[PATH] == {"rule": "x"}
    await store.close()


async def test_the_master_that_sentinels_name_is_asked(
    start_redis: Start, start_sentinel: Start
) -> None:
    master: Redis = await start_redis()
    sentinel: Sentinel = await start_sentinel(master)
    url = f"redis+sentinel://127.0.0.1:{sentinel.port}/0?master=master"
    store = RedisStore(Roots(), RedisAddress.parse(url))
    await store.load()
    await store.write(Change({PATH: {"rule": "x"}}, [], SEAL))
    assert await master.command("EXISTS", "traefik/http/routers/a/rule") == ":1"
    await store.close()


async def test_a_server_that_comes_back_is_not_sent_a_change_again(
    start_redis: Start,
) -> None:
    redis: Redis = await start_redis()
    store = RedisStore(Roots(), RedisAddress.parse(redis.url))
    [path] = SEAL
    await store.write(Change(seal=SEAL))
    assert await store.peek(path) == SEAL[path]
    await redis.restart()
    with pytest.raises(StoreUnavailable):
        await store.write(Change(seal=SEAL))
    assert await store.peek(path) is None
    assert await store.load() == {}
    await store.close()


@pytest.mark.parametrize("url", ["localhost:6379", "http://x", "redis://x/one"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="redis_url"):
        RedisAddress.parse(url)


def test_a_password_is_in_no_repr() -> None:
    address = RedisAddress.parse("redis://u:hunter2@x", sentinel_password="hunter3")
    assert "hunter" not in f"{address} {address!r}"


@pytest.mark.parametrize(
    ("flags", "enough"), [("KEA", True), ("AK", True), ("Kg$", True), ("EA", False)]
)
def test_flags_are_read_as_redis_means_them(flags: str, enough: bool) -> None:
    assert notifies(flags) is enough
