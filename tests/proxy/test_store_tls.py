"""Stores that want TLS, a password and a certificate: of us, and of Traefik."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.classes import TraefikEtcdProxy, TraefikRedisProxy
from jupyterhub_suite.proxy.errors import StoreError
from jupyterhub_suite.proxy.proxy import TraefikProxy
from tests.harness.etcd import Etcd
from tests.harness.parts import need
from tests.harness.redis import Redis
from tests.proxy.conftest import who_answers


class Certificates(NamedTuple):
    """PEM files: whom both trust, the store's own, and the client's."""

    ca: str
    store: str
    store_key: str
    client: str
    client_key: str


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    authority = trustme.CA()
    paths = Certificates(*(str(tmp_path / f"{n}.pem") for n in Certificates._fields))
    authority.cert_pem.write_to_path(paths.ca)
    for identity, chain, key in [
        ("127.0.0.1", paths.store, paths.store_key),
        ("hub.example", paths.client, paths.client_key),
    ]:
        issued = authority.issue_cert(identity)
        issued.cert_chain_pems[0].write_to_path(chain)
        issued.private_key_pem.write_to_path(key)
    return paths


Start = Callable[..., Awaitable[TraefikProxy]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    need("traefik")
    started: list[TraefikProxy] = []

    async def start(kind: type[TraefikProxy], **settings: Any) -> TraefikProxy:
        started.append(
            kind(
                public_url=f"http://127.0.0.1:{free_port()}",
                traefik_api_url=f"http://127.0.0.1:{free_port()}",
                static_config_file=str(tmp_path / "static.toml"),
                log=logging.getLogger("proxy"),
                **settings,
            )
        )
        await started[-1].start()
        return started[-1]

    yield start
    for proxy in started:
        await proxy.stop()


async def test_etcd_that_wants_a_client_certificate(
    start: Start,
    start_etcd: Callable[..., Awaitable[Etcd]],
    certificates: Certificates,
    backend: Callable[[str], str],
) -> None:
    etcd = await start_etcd(
        options=[
            f"--cert-file={certificates.store}",
            f"--key-file={certificates.store_key}",
            "--client-cert-auth",
            f"--trusted-ca-file={certificates.ca}",
        ]
    )
    settings = {"etcd_url": etcd.endpoints[0], "etcd_ca_cert": certificates.ca}
    with pytest.raises(StoreError, match=r"127\.0\.0\.1"):
        await start(TraefikEtcdProxy, check_route_timeout=0, **settings)
    settings["etcd_cert_cert"] = certificates.client
    settings["etcd_cert_key"] = certificates.client_key
    proxy = await start(TraefikEtcdProxy, **settings)
    await proxy.add_route("/user/a/", backend("a"), {})
    assert await who_answers(proxy, "/user/a/") == "a"


async def test_redis_that_wants_a_password_and_a_client_certificate(
    start: Start,
    start_redis: Callable[..., Awaitable[Redis]],
    certificates: Certificates,
    backend: Callable[[str], str],
) -> None:
    port = free_port()
    await start_redis(
        options=[
            f"tls-port {port}",
            f"tls-cert-file {certificates.store}",
            f"tls-key-file {certificates.store_key}",
            f"tls-ca-cert-file {certificates.ca}",
            "tls-auth-clients yes",
            "user hub on >s3cret ~* &* +@all",
        ]
    )
    settings = {
        "redis_url": f"rediss://127.0.0.1:{port}",
        "redis_username": "hub",
        "redis_password": "s3cret",
        "redis_ca_cert": certificates.ca,
    }
    with pytest.raises(StoreError, match=r"127\.0\.0\.1"):
        await start(TraefikRedisProxy, check_route_timeout=0, **settings)
    settings["redis_client_cert"] = certificates.client
    settings["redis_client_key"] = certificates.client_key
    proxy = await start(TraefikRedisProxy, **settings)
    await proxy.add_route("/user/a/", backend("a"), {})
    assert await who_answers(proxy, "/user/a/") == "a"
