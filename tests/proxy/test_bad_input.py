"""Bad input gets a clear error, and loses nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from traitlets import TraitError

from jupyterhub_suite.proxy.classes import (
    TraefikEtcdProxy,
    TraefikFileProviderProxy,
    TraefikRedisProxy,
)
from jupyterhub_suite.proxy.errors import (
    BadRoute,
    BadSetting,
    StoreRefused,
    TraefikDied,
    TraefikMissing,
)
from jupyterhub_suite.proxy.releases import check
from tests.harness.redis import Redis
from tests.proxy.conftest import StartProxy, in_a_file, who_answers


@in_a_file
async def test_a_public_port_in_use_is_named(start_proxy: StartProxy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TraefikDied, match=f"{port}.*address already in use"):
            await start_proxy(public_url=f"http://127.0.0.1:{port}")


@in_a_file
async def test_settings_that_traefik_refuses_are_named(start_proxy: StartProxy) -> None:
    with pytest.raises(TraefikDied, match="nonsense"):
        await start_proxy(extra_static_config={"log": {"nonsense": 1}})


@in_a_file
async def test_a_missing_traefik_says_how_to_get_it(start_proxy: StartProxy) -> None:
    with pytest.raises(
        TraefikMissing, match=r"pip install 'jupyterhub-suite\[traefik\]"
    ):
        await start_proxy(traefik_command="no-such-traefik")


@in_a_file
async def test_a_refused_route_leaves_the_others_alone(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    await proxy.add_route("/user/a/", backend("a"), {})
    for spec, target in [("/user/../", "http://x"), ("/user/a/", "ftp://x")]:
        with pytest.raises(BadRoute):
            await proxy.add_route(spec, target, {})
    assert await who_answers(proxy, "/user/a/") == "a"


@in_a_file
async def test_a_file_that_is_damaged_is_named(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text("[http\n")
    with pytest.raises(StoreRefused, match=r"rules\.toml is damaged"):
        await start_proxy()


async def test_a_wrong_password_for_redis_is_refused(start_redis: Callable) -> None:
    redis: Redis = await start_redis(password="right")
    proxy = TraefikRedisProxy(
        redis_url=f"redis://127.0.0.1:{redis.port}", redis_password="wr0ng-one"
    )
    store = proxy.make_store()
    with pytest.raises(StoreRefused, match="redis_username") as refused:
        await store.load()
    assert "wr0ng-one" not in str(refused.value)
    await store.close()


@pytest.mark.parametrize("url", ["127.0.0.1:8099", "ftp://127.0.0.1", "http://"])
def test_an_api_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(TraitError, match="traefik_api_url must be http"):
        TraefikFileProviderProxy(traefik_api_url=url)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BadSetting, match="dynamic_config_file"):
        TraefikFileProviderProxy(dynamic_config_file="rules.ini").make_store()


def test_a_certificate_for_etcd_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSetting, match=r"/no/such/ca\.pem"):
        TraefikEtcdProxy(etcd_ca_cert="/no/such/ca.pem").make_store()


def test_a_hub_id_that_could_be_part_of_another_is_refused() -> None:
    with pytest.raises(TraitError, match="hub_id"):
        TraefikFileProviderProxy(hub_id="a-b")


def test_a_traefik_that_is_too_old_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"2\.11\.0 is too old"):
        check((2, 11, 0))


def test_a_traefik_with_known_faults_is_warned_about() -> None:
    assert "X_Forwarded_User" in " ".join(check((3, 7, 11)))
    assert check((3, 7, 15)) == []
