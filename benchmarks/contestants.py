"""Who is compared: ours over each store, and the peers, each with what it needs."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parts
from peers import CHP, CHP_VERSION, TRAEFIK_PROXY_PYTHON

from jupyterhub_suite.ports import free_port

Settings = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Contestant:
    name: str
    proxy_class: str
    settings: Callable[[parts.Parts], Settings]
    python: Path = Path(sys.executable)
    # A peer that needs minutes for a thousand routes is not asked for ten thousand.
    most_routes: int = 10_000

    @property
    def is_ours(self) -> bool:
        return self.proxy_class.startswith("jupyterhub_suite.")


def chp(given: parts.Parts) -> Settings:
    return {
        "ConfigurableHTTPProxy": {
            "command": [str(CHP)],
            "api_url": f"http://127.0.0.1:{free_port()}",
            "log_level": "error",
        }
    }


def traefik(given: parts.Parts) -> dict[str, Any]:
    return {
        "traefik_api_url": f"http://127.0.0.1:{free_port()}",
        "traefik_api_username": "admin",
        "traefik_api_password": secrets.token_hex(32),
    }


def with_file(given: parts.Parts) -> Settings:
    file = str(given.folder / "rules.toml")
    settings = {**traefik(given), "dynamic_config_file": file}
    return {"TraefikFileProviderProxy": settings}


def with_etcd(given: parts.Parts) -> Settings:
    return {"TraefikEtcdProxy": {**traefik(given), "etcd_url": given.etcd()}}


def with_redis(given: parts.Parts) -> Settings:
    return {"TraefikRedisProxy": {**traefik(given), "redis_url": given.redis()}}


def with_http_provider(given: parts.Parts) -> Settings:
    return {"TraefikHTTPProviderProxy": traefik(given)}


def ours(name: str, proxy_class: str, settings: Any) -> Contestant:
    return Contestant(name, f"jupyterhub_suite.proxy.classes.{proxy_class}", settings)


def peer(name: str, proxy_class: str, settings: Any) -> Contestant:
    return Contestant(
        name,
        f"jupyterhub_traefik_proxy.{proxy_class}",
        settings,
        python=TRAEFIK_PROXY_PYTHON,
        most_routes=1_000,
    )


CONTESTANTS = {
    each.name: each
    for each in [
        ours("file", "TraefikFileProviderProxy", with_file),
        ours("etcd", "TraefikEtcdProxy", with_etcd),
        ours("redis", "TraefikRedisProxy", with_redis),
        ours("http", "TraefikHTTPProviderProxy", with_http_provider),
        Contestant("chp", "jupyterhub.proxy.ConfigurableHTTPProxy", chp),
        peer("peer-file", "fileprovider.TraefikFileProviderProxy", with_file),
        peer("peer-etcd", "etcd.TraefikEtcdProxy", with_etcd),
        peer("peer-redis", "redis.TraefikRedisProxy", with_redis),
    ]
}

LABELS = {
    "file": "ours, file",
    "etcd": "ours, etcd",
    "redis": "ours, Redis",
    "http": "ours, HTTP provider",
    "chp": f"configurable-http-proxy {CHP_VERSION}",
    "peer-file": "jupyterhub-traefik-proxy 2.1.0, file",
    "peer-etcd": "jupyterhub-traefik-proxy 2.1.0, etcd",
    "peer-redis": "jupyterhub-traefik-proxy 2.1.0, Redis",
    "none": "no proxy at all",
}
