"""A configuration for jupyterhub-traefik-proxy 2.1 moves over as it is."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets.config import Config

from jupyterhub_suite.proxy import classes
from jupyterhub_suite.proxy.entries import Change, Path as EntryPath, same
from jupyterhub_suite.proxy.kv import TKvProxy

COMMON = [
    "should_start",
    "extra_routes",
    "concurrency",
    "static_config_file",
    "toml_static_config_file",
    "extra_static_config",
    "extra_dynamic_config",
    "enable_setup_dynamic_config",
    "traefik_providers_throttle_duration",
    "traefik_api_url",
    "traefik_api_validate_cert",
    "traefik_log_level",
    "traefik_api_password",
    "traefik_api_username",
    "traefik_env",
    "traefik_api_hashed_password",
    "traefik_entrypoint",
    "traefik_api_entrypoint",
    "check_route_timeout",
]
KV = ["kv_traefik_prefix", "kv_jupyterhub_prefix", "kv_separator"]
OLD = ["kv_url", "kv_username", "kv_password"]
KNOWN = {
    classes.TraefikFileProviderProxy: ["dynamic_config_file"],
    classes.TraefikEtcdProxy: [
        *KV,
        *OLD,
        *(f"etcd_{n}" for n in ("url", "username", "password", "client_kwargs")),
    ],
    classes.TraefikRedisProxy: [
        *KV,
        *(f"redis_{n}" for n in ("url", "username", "password", "client_kwargs")),
    ],
    classes.TraefikConsulProxy: [
        *KV,
        *OLD,
        *(f"consul_{n}" for n in ("url", "username", "password", "client_kwargs")),
    ],
}


@pytest.mark.parametrize("kind", KNOWN)
def test_every_known_setting_is_there(kind: Any) -> None:
    configurable = kind.class_traits(config=True)
    assert {*COMMON, *KNOWN[kind]} <= configurable.keys()


@pytest.mark.parametrize("kind", [*KNOWN, classes.TraefikHTTPProviderProxy])
def test_every_setting_says_what_it_is(kind: Any) -> None:
    for name, trait in kind.class_own_traits(config=True).items():
        assert trait.help.strip(), name


def test_settings_may_be_on_the_base_class() -> None:
    config = Config()
    config.TraefikProxy.traefik_api_url = "http://127.0.0.1:1234"
    config.TKvProxy.kv_traefik_prefix = "here/"
    proxy = classes.TraefikEtcdProxy(config=config)
    assert proxy.traefik_api_url == "http://127.0.0.1:1234"
    assert proxy.kv_traefik_prefix == "here"


def test_old_names_still_do() -> None:
    assert classes.TraefikEtcdProxy(kv_url="http://a:1").etcd_url == "http://a:1"


def test_urls_may_be_a_list_or_have_commas() -> None:
    for urls in (["http://a:1", "http://b"], "http://a:1, http://b"):
        proxy = classes.TraefikFileProviderProxy(traefik_api_urls=urls)
        assert proxy.traefik_api_urls == ["http://a:1", "http://b:80"]


@pytest.mark.parametrize("kind", [*KNOWN, classes.TraefikHTTPProviderProxy])
def test_no_secret_is_in_a_repr(kind: Any) -> None:
    secret = "hunter2-hunter2"
    names = [n for n in kind.class_traits(config=True) if n.endswith("_password")]
    proxy = kind(**dict.fromkeys(names, secret))
    assert secret not in repr(proxy)
    assert secret not in repr(proxy.make_store())


class DictionaryProxy(TKvProxy):
    """The three methods of somebody's own store."""

    provider_name = "dictionary"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pairs: dict[str, str] = {}

    async def _kv_atomic_set(self, to_set: dict[str, str]) -> None:
        self.pairs.update(to_set)

    async def _kv_atomic_delete(self, *keys: str) -> None:
        for key in keys:
            for held in list(self.pairs):
                if held == key or (key.endswith("/") and held.startswith(key)):
                    del self.pairs[held]

    async def _kv_get_tree(self, prefix: str) -> Any:
        below = [(k, v) for k, v in self.pairs.items() if k.startswith(f"{prefix}/")]
        return self.unflatten_dict_from_kv(below, root_key=prefix)


async def test_three_methods_make_a_store_of_ones_own() -> None:
    proxy = DictionaryProxy()
    store = proxy.make_store()
    path = ("http", "routers", "a")
    seal: dict[EntryPath, Any] = {
        ("http", "middlewares", "seal"): {"addPrefix": {"prefix": "/x-1"}}
    }
    await store.write(Change({path: {"rule": "x", "entryPoints": ["http"]}}, [], seal))
    assert proxy.pairs["traefik/http/routers/a/entryPoints/0"] == "http"
    assert same((await store.load())[path], {"rule": "x", "entryPoints": ["http"]})
    await store.write(Change({}, [path], seal))
    assert path not in await store.load()
