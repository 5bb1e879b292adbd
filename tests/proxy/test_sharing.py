"""Two hubs, one store, and one Traefik that neither of them started."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.classes import TraefikRedisProxy
from jupyterhub_suite.proxy.traefik import Static, static
from tests.harness.redis import Redis
from tests.harness.traefik import Traefik
from tests.proxy.conftest import who_answers

PASSWORD = "p" * 32
Hubs = tuple[TraefikRedisProxy, TraefikRedisProxy]


@pytest.fixture
async def hubs(
    tmp_path: Path,
    start_redis: Callable[..., Awaitable[Redis]],
    start_traefik: Callable[..., Awaitable[Traefik]],
) -> AsyncIterator[Hubs]:
    redis = await start_redis()
    public, api = (f"http://127.0.0.1:{free_port()}" for _ in "pa")

    def hub(name: str) -> TraefikRedisProxy:
        return TraefikRedisProxy(
            should_start=False,
            hub_id=name,
            public_hosts=[f"{name}.example"],
            public_url=public,
            traefik_api_url=api,
            traefik_api_password=PASSWORD,
            redis_url=redis.url,
            log=logging.getLogger(name),
        )

    one, two = hub("one"), hub("two")
    settings = static(
        Static(
            public_url=public,
            api_url=api,
            entrypoint="http",
            api_entrypoint="auth_api",
            providers=one.make_store().static(),
        )
    )
    # The harness asks an API of its own whether a Traefik is up.
    settings.pop("api")
    await start_traefik(settings)
    yield one, two
    await one.stop()
    await two.stop()


async def test_each_hub_answers_to_its_own_host(
    hubs: Hubs, backend: Callable[[str], str]
) -> None:
    one, two = hubs
    await one.add_route("/", backend("one"), {"hub": True})
    await two.add_route("/", backend("two"), {"hub": True})
    await one.add_route("/user/a/", backend("a-of-one"), {})
    assert await who_answers(one, "/", "one.example") == "one"
    assert await who_answers(one, "/", "two.example") == "two"
    assert await who_answers(one, "/user/a/", "one.example") == "a-of-one"
    assert await who_answers(one, "/user/a/", "two.example") == "two"
    assert await who_answers(one, "/", "three.example") == "404"


async def test_no_hub_sees_or_mends_away_what_is_the_others(
    hubs: Hubs, backend: Callable[[str], str]
) -> None:
    one, two = hubs
    await one.add_route("/user/a/", backend("a-of-one"), {})
    await two.add_route("/user/a/", backend("a-of-two"), {})
    await one.delete_route("/user/a/")
    assert one._session
    await one._session.writer.reconcile()
    assert list(await one.get_all_routes()) == []
    assert list(await two.get_all_routes()) == ["/user/a/"]
    assert await who_answers(two, "/user/a/", "two.example") == "a-of-two"
    assert await who_answers(two, "/user/a/", "one.example") == "404"
