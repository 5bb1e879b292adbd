"""Settings -> the configuration of Traefik, apart from the routes.

The *static* configuration is what Traefik reads once, when it starts: entry points,
where routes come from, limits. `base` is the part of the *dynamic* configuration that
every table has: who may use Traefik's API, the certificate, and the generation.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .errors import BadSetting
from .table import INTERNAL, Naming

API_HEADER = "X-JupyterHub-Id"
"""Tells the API routers of several Hubs apart where they share a Traefik."""

ENCODED = {
    "allowEncodedSlash": True,
    "allowEncodedBackSlash": True,
    "allowEncodedNullCharacter": False,
    "allowEncodedSemicolon": True,
    "allowEncodedPercent": True,
    "allowEncodedQuestionMark": True,
    "allowEncodedHash": True,
}
"""Names of users, servers and files contain all of these, except NUL."""


@dataclass(frozen=True)
class Tls:
    """How the public entry point speaks TLS."""

    certificate: str = ""
    key: str = ""
    acme: Mapping[str, Any] = field(default_factory=dict)
    redirect_port: int = 0
    http3: bool = False


@dataclass(frozen=True)
class Static:
    """All that the static configuration depends on."""

    public_url: str
    api_url: str
    entrypoint: str
    api_entrypoint: str
    providers: Mapping[str, Any]
    throttle: str = "0s"
    log_level: str = "WARN"
    tls: Tls = Tls()
    metrics: bool = True
    access_log: str = ""
    trusted_ips: tuple[str, ...] = ()
    release: tuple[int, ...] = (3, 7, 15)
    here: bool = True
    """Whether it will run on the Hub's machine."""


def static(settings: Static) -> dict[str, Any]:
    """The static configuration of a Traefik that serves a Hub."""
    configuration: dict[str, Any] = {
        "api": {},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": settings.log_level.upper(), "format": "json"},
        "entryPoints": {
            settings.entrypoint: public_entrypoint(settings),
            settings.api_entrypoint: {
                "address": address(settings.api_url, here=settings.here)
            },
            **redirecting_entrypoint(settings),
        },
        "providers": {
            "providersThrottleDuration": settings.throttle,
            **settings.providers,
        },
    }
    for entrypoint in configuration["entryPoints"].values():
        http = entrypoint.setdefault("http", {})
        if settings.release >= (3, 6, 4):
            http["encodedCharacters"] = dict(ENCODED)
        if settings.release >= (3, 7, 12):
            # A header X_Forwarded_User must not pass for X-Forwarded-User.
            http["aliasHeadersStrategy"] = "delete"
    if settings.metrics:
        configuration["metrics"] = {"prometheus": prometheus(settings.api_entrypoint)}
    if settings.access_log:
        configuration["accessLog"] = access_log(settings.access_log)
    if settings.tls.acme:
        configuration["certificatesResolvers"] = {
            "jupyterhub": {"acme": settings.tls.acme}
        }
    return configuration


def public_entrypoint(settings: Static) -> dict[str, Any]:
    """Where users come in: no time limit on a body, and every name they may have."""
    # Paths and queries belong to the servers: they get them as they were sent.
    http: dict[str, Any] = {"encodeQuerySemicolons": True}
    if settings.release >= (3, 6):
        http |= {"sanitizePath": False, "maxHeaderBytes": 1 << 20}
    entrypoint: dict[str, Any] = {
        "address": address(settings.public_url, here=settings.here),
        "http": http,
        "transport": {
            "respondingTimeouts": {
                "readTimeout": "0s",
                "writeTimeout": "0s",
                "idleTimeout": "180s",
            },
            "lifeCycle": {"graceTimeOut": "3s"},
        },
    }
    if is_https(settings.public_url):
        http["tls"] = {"options": "default"}
        if settings.tls.acme:
            http["tls"]["certResolver"] = "jupyterhub"
        if settings.tls.http3:
            entrypoint["http3"] = {}
    if settings.trusted_ips:
        entrypoint["forwardedHeaders"] = {"trustedIPs": list(settings.trusted_ips)}
    return entrypoint


def redirecting_entrypoint(settings: Static) -> dict[str, Any]:
    """A plain HTTP port that sends everybody to HTTPS."""
    port = settings.tls.redirect_port
    if not port:
        return {}
    if not is_https(settings.public_url):
        raise BadSetting("redirect_port needs HTTPS: set ssl_key and ssl_cert, or acme")
    host = address(settings.public_url, here=settings.here).rpartition(":")[0]
    to = {"to": settings.entrypoint, "scheme": "https"}
    redirect = {"redirections": {"entryPoint": to}}
    return {
        f"{settings.entrypoint}-redirect": {
            "address": f"{host}:{port}",
            "http": redirect,
        }
    }


def prometheus(entrypoint: str) -> dict[str, Any]:
    return {
        "entryPoint": entrypoint,
        "manualRouting": True,
        # Sums of what services tell, and they would cost a sixth of all requests/s.
        "addEntryPointsLabels": False,
        "addServicesLabels": True,
        "buckets": [0.1, 1.0, 10.0],
    }


def access_log(path: str) -> dict[str, Any]:
    """An access log that shows no credentials: tokens travel in headers and queries."""
    configuration: dict[str, Any] = {
        "format": "json",
        "fields": {
            "names": {"RequestPath": "drop", "RequestLine": "drop"},
            "headers": {
                "defaultMode": "drop",
                "names": {"User-Agent": "keep", "Referer": "drop"},
            },
        },
    }
    if path != "-":
        configuration["filePath"] = path
    return configuration


def base(
    naming: Naming,
    api: Api,
    tls: Tls,
    *,
    metrics: bool = True,
    internal: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The dynamic configuration that does not depend on routes."""
    name = naming.of("api")
    rule = f"PathPrefix(`{api.path}`)"
    if api.shared:
        rule += f" && Header(`{API_HEADER}`, `{naming.hub}`)"
    users = {"users": [f"{api.username}:{api.hashed_password}"], "removeHeader": True}
    router = {"entryPoints": [api.entrypoint], "middlewares": [name], "priority": 1}
    routers = {name: {**router, "rule": rule, "service": "api@internal"}}
    if metrics:
        rule = rule.replace(api.path, "/metrics", 1)
        routers[naming.of("metrics")] = {
            **router,
            "rule": rule,
            "service": "prometheus@internal",
        }
    configuration: dict[str, Any] = {
        "http": {"routers": routers, "middlewares": {name: {"basicAuth": users}}}
    }
    if internal:
        transports = {naming.of(INTERNAL): dict(internal)}
        configuration["http"]["serversTransports"] = transports
    if tls.certificate:
        certificate = {"certFile": tls.certificate, "keyFile": tls.key}
        stores = {"default": {"defaultCertificate": certificate}}
        configuration["tls"] = {"stores": stores}
    return configuration


@dataclass(frozen=True)
class Api:
    """Who may use Traefik's API, and where."""

    entrypoint: str
    username: str
    hashed_password: str = field(repr=False)
    path: str = "/api"
    shared: bool = False


def generation(mark: str) -> dict[str, Any]:
    """A middleware that nobody uses; its prefix says which table is loaded."""
    return {"addPrefix": {"prefix": f"/{mark}"}}


def mark_of(middleware: Mapping[str, Any]) -> str:
    return str(middleware.get("addPrefix", {}).get("prefix", "")).lstrip("/")


def cheap_hash(password: str) -> str:
    """The hash that costs Traefik least, since it checks it at every look.

    A password of 256 random bits cannot be guessed, whatever the hash.
    """
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "{SHA}" + base64.b64encode(digest).decode()


def is_https(url: str) -> bool:
    return urlsplit(url).scheme == "https"


def address(url: str, *, here: bool = True) -> str:
    """What to listen on: host and port, the host empty for every interface.

    A name says where we listen on this machine, and nothing about another one.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not here and host != "localhost" and not _is_ip(host):
        host = ""
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def release(version: str) -> tuple[int, ...]:
    """ "3.7.15" and "v3.6.0-rc1" as numbers; an unknown build counts as new."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(n or 0) for n in found.groups()) if found else (3, 7, 15)
