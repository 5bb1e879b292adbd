"""The proxies by name: each says where routes live, and how to reach that place."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from traitlets import Dict, List, TraitError, Unicode, Union, default

from .errors import BadSetting
from .kv import TKvProxy
from .proxy import TraefikProxy
from .settings import listed
from .stores.base import Store
from .stores.consul import ConsulStore
from .stores.etcd import EtcdStore
from .stores.file import FileStore
from .stores.http import HttpStore
from .stores.redis_address import RedisAddress
from .stores.tls import ClientTls


class TraefikFileProviderProxy(TraefikProxy):
    """Routes in a file on this machine: the embedded default."""

    provider_name = "file"

    dynamic_config_file = Unicode(
        "rules.toml",
        config=True,
        help="The file that holds the routes: TOML, YAML or JSON by its name.",
    )

    toml_dynamic_config_file = Unicode(
        config=True, help="The old name of `dynamic_config_file`."
    ).tag(new_name="dynamic_config_file")

    def make_store(self) -> Store:
        return FileStore(self.dynamic_config_file)

    def files(self) -> list[Path]:
        return [*super().files(), *FileStore(self.dynamic_config_file).files]


class TraefikEtcdProxy(TKvProxy):
    """Routes in etcd, 3.4 or newer."""

    provider_name = "etcd"

    etcd_url = Union(
        [Unicode(), List(Unicode())],
        default_value="http://127.0.0.1:2379",
        config=True,
        help="The URL of etcd; those of several members as a list or with commas.",
    )
    etcd_username = Unicode(config=True, help="The user name for etcd.")
    etcd_password = Unicode(config=True, help="The password for etcd.")
    etcd_ca_cert = Unicode(config=True, help="A PEM file: whom to trust as etcd.")
    etcd_cert_cert = Unicode(config=True, help="A PEM file: our client certificate.")
    etcd_cert_key = Unicode(config=True, help="A PEM file: the key of that.")
    etcd_client_kwargs = Dict(
        config=True,
        help="""
        More for the client: `timeout` in seconds, and `ca_cert`, `cert_cert` and
        `cert_key` as etcd3 knew them. The rest goes to `httpx.AsyncClient`.
        """,
    )
    kv_url = Unicode(config=True, help="Old name of `etcd_url`.").tag(
        new_name="etcd_url"
    )
    kv_username = Unicode(config=True, help="Old name of `etcd_username`.").tag(
        new_name="etcd_username"
    )
    kv_password = Unicode(config=True, help="Old name of `etcd_password`.").tag(
        new_name="etcd_password"
    )

    def make_store(self) -> Store:
        options = dict(self.etcd_client_kwargs)
        tls = ClientTls(
            options.pop("ca_cert", None) or self.etcd_ca_cert,
            options.pop("cert_cert", None) or self.etcd_cert_cert,
            options.pop("cert_key", None) or self.etcd_cert_key,
        )
        username = options.pop("user", None) or self.etcd_username
        password = options.pop("password", None) or self.etcd_password
        for name in ("host", "port", "grpc_options"):
            options.pop(name, None)
        return EtcdStore(
            self.roots,
            [_with_scheme(url, tls) for url in listed(self.etcd_url)],
            username=username,
            password=password,
            tls=tls,
            options=options,
        )


def _with_scheme(url: str, tls: ClientTls) -> str:
    return url if "://" in url else f"{'https' if tls else 'http'}://{url}"


class TraefikRedisProxy(TKvProxy):
    """Routes in Redis or Valkey."""

    provider_name = "redis"

    redis_url = Unicode(
        "redis://localhost:6379",
        config=True,
        help="""
        The URL of Redis; rediss:// for TLS, or
        redis+sentinel://host:26379,host:26379/0?master=mymaster for sentinels.
        """,
    )
    redis_username = Unicode(config=True, help="The user name for Redis.")
    redis_password = Unicode(config=True, help="The password for Redis.")
    redis_sentinel_password = Unicode(config=True, help="The password for sentinels.")
    redis_ca_cert = Unicode(config=True, help="A PEM file: whom to trust as Redis.")
    redis_client_cert = Unicode(config=True, help="A PEM file: our certificate.")
    redis_client_key = Unicode(config=True, help="A PEM file: the key of that.")
    redis_client_kwargs = Dict(
        config=True, help="More for the constructor of `redis.asyncio.Redis`."
    )

    def make_store(self) -> Store:
        try:
            from .stores.redis import RedisStore
        except ImportError:
            raise BadSetting(
                "TraefikRedisProxy needs pip install 'jupyterhub-suite[redis]'"
            ) from None
        address = RedisAddress.parse(
            self.redis_url,
            self.redis_username,
            self.redis_password,
            self.redis_sentinel_password,
        )
        tls = ClientTls(
            self.redis_ca_cert, self.redis_client_cert, self.redis_client_key
        )
        return RedisStore(
            self.roots, address, tls=tls, options=self.redis_client_kwargs
        )


class TraefikConsulProxy(TKvProxy):
    """Routes in Consul's key-value store."""

    provider_name = "consul"

    consul_url = Unicode(
        "http://127.0.0.1:8500", config=True, help="The URL of Consul's agent."
    )
    consul_username = Unicode(
        config=True, help="A user name, if a proxy before Consul asks for one."
    )
    consul_password = Unicode(
        config=True, help="Consul's token, or the password of `consul_username`."
    )
    consul_ca_cert = Unicode(config=True, help="A PEM file: whom to trust as Consul.")
    consul_client_cert = Unicode(config=True, help="A PEM file: our certificate.")
    consul_client_key = Unicode(config=True, help="A PEM file: the key of that.")
    consul_client_kwargs = Dict(
        config=True, help="More for the constructor of `httpx.AsyncClient`."
    )
    kv_url = Unicode(config=True, help="Old name of `consul_url`.").tag(
        new_name="consul_url"
    )
    kv_username = Unicode(config=True, help="Old name of `consul_username`.").tag(
        new_name="consul_username"
    )
    kv_password = Unicode(config=True, help="Old name of `consul_password`.").tag(
        new_name="consul_password"
    )

    @property
    def roots(self) -> Any:
        """Consul's keys never begin with a slash."""
        roots = super().roots
        return type(roots)(
            roots.traefik.lstrip("/"), roots.jupyterhub.lstrip("/"), roots.separator
        )

    def make_store(self) -> Store:
        return ConsulStore(
            self.roots,
            self.consul_url,
            token="" if self.consul_username else self.consul_password,
            username=self.consul_username,
            password=self.consul_password,
            tls=ClientTls(
                self.consul_ca_cert, self.consul_client_cert, self.consul_client_key
            ),
            options=self.consul_client_kwargs,
        )

    def secret_env(self) -> dict[str, str]:
        """Traefik's own client of Consul reads these."""
        if not self.consul_password:
            return {}
        if self.consul_username:
            login = f"{self.consul_username}:{self.consul_password}"
            return {"CONSUL_HTTP_AUTH": login}
        return {"CONSUL_HTTP_TOKEN": self.consul_password}


class TraefikHTTPProviderProxy(TraefikProxy):
    """Routes in the Hub's own process, where every Traefik asks for them."""

    provider_name = "http"

    http_provider_url = Unicode(
        "http://127.0.0.1:8098",
        config=True,
        help="Where the Hub listens for Traefiks that ask for their routes.",
    )
    http_provider_connect_url = Unicode(
        config=True,
        help="That place as Traefiks see it. Default: `http_provider_url`.",
    )
    http_provider_token = Unicode(
        config=True, help="What a Traefik must show to be given routes."
    )
    http_provider_cert = Unicode(config=True, help="A PEM file, if the URL is https.")
    http_provider_key = Unicode(config=True, help="A PEM file: the key of that.")
    http_provider_ca = Unicode(config=True, help="A PEM file for Traefik to trust.")

    @default("check_route_timeout")
    def _default_timeout(self) -> int:
        """A Traefik that found no Hub for a while asks again after a minute only."""
        return 90

    @default("http_provider_token")
    def _default_token(self) -> str:
        if self.should_start:
            return secrets.token_urlsafe(32)
        raise TraitError(
            "c.TraefikHTTPProviderProxy.http_provider_token must be set if should_start "
            "is False"
        )

    def make_store(self) -> Store:
        return HttpStore(
            self.http_provider_url,
            self.http_provider_connect_url,
            self.http_provider_token,
            certificate=self.http_provider_cert,
            key=self.http_provider_key,
            ca=self.http_provider_ca,
        )
