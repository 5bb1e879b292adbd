"""The settings of every Traefik proxy, by the names that operators know.

Each can be set on the class in use or on `TraefikProxy`, as in
``c.TraefikProxy.traefik_api_url = "http://127.0.0.1:8099"``. Those that
jupyterhub-traefik-proxy 2.1 has mean here what they mean there.
"""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from jupyterhub.proxy import Proxy
from traitlets import (
    Bool,
    Dict,
    Float,
    Integer,
    List,
    TraitError,
    Unicode,
    Union,
    default,
    observe,
    validate,
)

from .traefik import cheap_hash, is_https


class TraefikSettings(Proxy):
    """What can be set; nothing here does anything."""

    traefik_command = Unicode(
        "traefik", config=True, help="The program to start, if `should_start`."
    )

    traefik_env = Dict(
        config=True,
        help="Environment variables for the Traefik that the Hub starts.",
    )

    traefik_log_level = Unicode(config=True, help="Traefik's log level. Default: WARN.")

    static_config_file = Unicode(
        "traefik.toml",
        config=True,
        help="""
        Where to write Traefik's static configuration, if `should_start`: TOML, YAML or
        JSON by its name.
        """,
    )

    extra_static_config = Dict(
        config=True,
        help="""
        More of Traefik's static configuration; has its way where it differs from ours.
        Has no effect unless `should_start`.
        """,
    )

    extra_dynamic_config = Dict(
        config=True,
        help="""
        More of Traefik's dynamic configuration; has its way where it differs from ours.
        """,
    )

    enable_setup_dynamic_config = Bool(
        True,
        config=True,
        help="""
        Whether to give an external Traefik the router of its API, the certificate and
        `extra_dynamic_config`. If False, all that must be configured elsewhere, and
        match `traefik_api_url`, `traefik_api_username` and `traefik_api_password`.
        A Traefik that the Hub starts is always given these.
        """,
    )

    traefik_providers_throttle_duration = Unicode(
        "0s",
        config=True,
        help="""
        How long Traefik waits between two reloads. Changes are gathered on our side, so
        that waiting on Traefik's adds nothing but delay.
        """,
    )

    traefik_entrypoint = Unicode(
        config=True,
        help="""
        Traefik's name of the public entry point. Default: https or http, as the
        public URL.
        """,
    )

    traefik_api_entrypoint = Unicode(
        "auth_api",
        config=True,
        help="Traefik's name of the entry point of its API, which is never public.",
    )

    traefik_api_url = Unicode(
        "http://localhost:8099",
        config=True,
        help="The URL of Traefik's API.",
    )

    traefik_api_urls = Union(
        [List(Unicode()), Unicode()],
        config=True,
        help="""
        The URLs of the APIs of several Traefiks that serve this Hub, as a list or with
        commas between them. A route counts as added when all of them have loaded it.
        Default: `traefik_api_url` alone.
        """,
    )

    traefik_api_username = Unicode(
        "jupyterhub", config=True, help="The user name for Traefik's API."
    )

    traefik_api_password = Unicode(
        config=True,
        help="""
        The password for Traefik's API. A random one is made if none is set, which only
        does for a Traefik that the Hub starts. Make yours as random: Traefik checks it
        at every look, so it is hashed the fast way.
        """,
    )

    traefik_api_hashed_password = Unicode(
        config=True,
        help="""
        The password for Traefik's API as an htpasswd hash, for those who need another
        one than ours.
        """,
    )

    traefik_api_validate_cert = Bool(
        True,
        config=True,
        help="Whether to check the certificate of an API with https.",
    )

    check_route_timeout = Integer(
        30,
        config=True,
        help="""
        Seconds within which every Traefik must have loaded a change; then whoever asked
        for it gets an error, and a route to add is taken back.
        """,
    )

    concurrency = Integer(
        10,
        config=True,
        help="""
        Has no effect, and is here so that old configuration loads: changes are written
        together, however many there are.
        """,
    )

    hub_id = Unicode(
        "jupyterhub",
        config=True,
        help="""
        Lower-case letters and digits that begin the name of all that this Hub puts into
        Traefik. Must differ between Hubs that share a Traefik or a store.
        """,
    )

    public_hosts = List(
        Unicode(),
        config=True,
        help="""
        Host names that this Hub answers to, where several share a Traefik: no other
        request reaches it. Default: all.
        """,
    )

    shard_routes = Bool(
        True,
        config=True,
        help="Whether to nest routers when there are many; needs Traefik 3.6.",
    )

    trusted_proxies = List(
        Unicode(),
        config=True,
        help="""
        Addresses or networks of proxies in front of Traefik whose X-Forwarded headers
        are believed. Has no effect unless `should_start`.
        """,
    )

    redirect_http_port = Integer(
        0,
        config=True,
        help="A port that sends plain HTTP on to HTTPS; 80 is usual, 0 is none.",
    )

    acme = Dict(
        config=True,
        help="""
        Get certificates from Let's Encrypt: Traefik's settings of an ACME resolver,
        such as {"email": "me@example.org", "storage": "acme.json", "tlsChallenge": {}}.
        Needs a public URL with https and, unless hosts are routed, `public_hosts`.
        """,
    )

    http3 = Bool(False, config=True, help="Whether to offer HTTP/3; needs HTTPS.")

    patrol_interval = Float(
        5,
        config=True,
        help="""
        Seconds between two looks at whether the store and every Traefik still have all
        routes, and whether the certificate on disk has changed; what differs is written
        again, and no connection is dropped by that.
        """,
    )

    track_activity = Bool(
        True,
        config=True,
        help="""
        Whether to tell the Hub, from Traefik's metrics, when each server was last used.
        """,
    )

    activity_interval = Float(
        30, config=True, help="Seconds between two looks at those metrics."
    )

    access_log = Unicode(
        config=True,
        help="""
        A file for Traefik's access log, or "-" for the Hub's own log. Paths, queries,
        cookies and tokens are left out.
        """,
    )

    @default("traefik_entrypoint")
    def _default_entrypoint(self) -> str:
        return "https" if is_https(self.public_url) else "http"

    @default("traefik_api_urls")
    def _default_api_urls(self) -> list[str]:
        return [self.traefik_api_url]

    @default("traefik_api_password")
    def _default_password(self) -> str:
        if self.should_start:
            return secrets.token_urlsafe(32)
        raise TraitError(
            "c.TraefikProxy.traefik_api_password must be set if should_start is False"
        )

    @default("traefik_api_hashed_password")
    def _default_hash(self) -> str:
        return cheap_hash(self.traefik_api_password)

    @validate("public_url", "traefik_api_url")
    def _with_port(self, proposal: Any) -> str:
        return with_port(f"c.TraefikProxy.{proposal.trait.name}", proposal.value)

    @validate("traefik_api_urls")
    def _as_list(self, proposal: Any) -> list[str]:
        name = "c.TraefikProxy.traefik_api_urls"
        urls = [with_port(name, url) for url in listed(proposal.value)]
        if not urls:
            raise TraitError(f"{name} is empty")
        return urls

    @validate("hub_id")
    def _plain_id(self, proposal: Any) -> str:
        if not re.fullmatch("[a-z0-9]+", proposal.value):
            raise TraitError(
                f"c.TraefikProxy.hub_id = {proposal.value!r}: only lower-case letters "
                "and digits"
            )
        return str(proposal.value)

    toml_static_config_file = Unicode(
        config=True, help="The old name of `static_config_file`."
    ).tag(new_name="static_config_file")

    def __init__(self, **kwargs: Any) -> None:
        old = [n for n, t in self.traits().items() if t.metadata.get("new_name")]
        self.observe(self._renamed, old)
        super().__init__(**kwargs)

    def _renamed(self, change: Any) -> None:
        new_name = self.traits()[change.name].metadata["new_name"]
        kind = type(self).__name__
        self.log.warning("c.%s.%s is now %s", kind, change.name, new_name)
        setattr(self, new_name, change.new)

    @observe("concurrency")
    def _no_effect(self, change: Any) -> None:
        self.log.debug("c.TraefikProxy.concurrency has no effect any more")


def listed(value: str | list[str]) -> list[str]:
    """A list, or what stands between commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return [part.strip() for part in parts if part.strip()]


def with_port(name: str, url: str) -> str:
    """The URL with the port that it implies."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise TraitError(f"{name} must be http[s]://host:port, not {url!r}")
    if parts.port is None:
        port = 443 if parts.scheme == "https" else 80
        parts = parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{port}")
    return urlunsplit(parts)
