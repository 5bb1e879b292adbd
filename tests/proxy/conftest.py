"""Proxies of every class, each with what it needs, on free ports."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.netutil import bind_sockets

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.classes import (
    TraefikConsulProxy,
    TraefikEtcdProxy,
    TraefikFileProviderProxy,
    TraefikHTTPProviderProxy,
    TraefikRedisProxy,
)
from jupyterhub_suite.proxy.proxy import TraefikProxy
from tests.harness.etcd import Etcd
from tests.harness.parts import need
from tests.harness.redis import Redis
from tests.proxy.consul_standin import Consul

PROVIDERS = ["toml", "yaml", "json", "etcd", "redis", "consul", "http"]

StartProxy = Callable[..., Awaitable[TraefikProxy]]


@pytest.fixture
async def consul() -> AsyncIterator[Consul]:
    async with Consul() as consul:
        yield consul


@dataclass
class Place:
    """Where routes live: the class of such a proxy, and its settings."""

    kind: type[TraefikProxy]
    settings: dict[str, Any]


@pytest.fixture(params=PROVIDERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each place in turn, with keys and files of the test's own."""
    provider = request.param
    prefix = f"test-{secrets.token_hex(4)}"
    prefixes = {
        "kv_traefik_prefix": f"{prefix}/traefik",
        "kv_jupyterhub_prefix": f"{prefix}/jupyterhub",
    }
    if provider == "etcd":
        etcd: Etcd = request.getfixturevalue("etcd")
        return Place(TraefikEtcdProxy, {"etcd_url": etcd.endpoints[0], **prefixes})
    if provider == "redis":
        redis: Redis = request.getfixturevalue("redis")
        return Place(TraefikRedisProxy, {"redis_url": redis.url, **prefixes})
    if provider == "consul":
        consul: Consul = request.getfixturevalue("consul")
        return Place(TraefikConsulProxy, {"consul_url": consul.url, **prefixes})
    if provider == "http":
        url = f"http://127.0.0.1:{free_port()}"
        return Place(TraefikHTTPProviderProxy, {"http_provider_url": url})
    file = str(tmp_path / f"rules.{provider}")
    return Place(TraefikFileProviderProxy, {"dynamic_config_file": file})


in_a_file = pytest.mark.parametrize("place", ["toml"], indirect=True)
"""For what does not depend on where routes live."""


@pytest.fixture
async def start_proxy(tmp_path: Path, place: Place) -> AsyncIterator[StartProxy]:
    """Start a proxy and its Traefik: `await start_proxy(setting=value)`."""
    need("traefik")
    started: list[TraefikProxy] = []

    async def start(**settings: Any) -> TraefikProxy:
        proxy = place.kind(
            **{
                "public_url": f"http://127.0.0.1:{free_port()}",
                "traefik_api_url": f"http://127.0.0.1:{free_port()}",
                "static_config_file": str(tmp_path / "static.toml"),
                "check_route_timeout": 20,
                "log": logging.getLogger("proxy"),
                **place.settings,
                **settings,
            }
        )
        started.append(proxy)
        await proxy.start()
        return proxy

    yield start
    for proxy in started:
        await proxy.stop()


class Backend:
    """Answers every request, on a port of its own, with a name and the request's path."""

    def __init__(self, name: str) -> None:
        self.name = name
        (socket,) = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        self.server = HTTPServer(self.answer)
        self.server.add_sockets([socket])

    def answer(self, request: HTTPServerRequest) -> None:
        body = f"{self.name} {request.uri}".encode()
        connection = request.connection
        assert connection is not None
        headers = HTTPHeaders({"Content-Length": str(len(body))})
        connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers)
        connection.write(body)
        connection.finish()


@pytest.fixture
async def backend() -> AsyncIterator[Callable[[str], str]]:
    """Start a backend; its URL."""
    backends: list[Backend] = []

    def start(name: str) -> str:
        backends.append(Backend(name))
        return backends[-1].url

    yield start
    for started in backends:
        started.server.stop()
        await started.server.close_all_connections()


async def who_answers(proxy: TraefikProxy, path: str, host: str = "") -> str:
    """The name of the backend that a request reaches, sent byte for byte."""
    place = proxy.public_url.removeprefix("http://").rstrip("/")
    address, _, port = place.partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host or place}\r\nConnection: close\r\n\r\n"
    )
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1].decode()
    return body.split(b" ")[0].decode() if status == "200" else status


def spec_of(name: str) -> str:
    return f"/user/{quote(name, safe='@~')}/"
