"""Where users reach a Hub, read from its configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

# Asks for a trait of JupyterHub: what is set, or what is given as its default.
Get = Callable[[str, Any], Any]

EVERYWHERE = {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def base_path(get: Get) -> str:
    """The path of the whole deployment, such as / or /base/."""
    path = str(get("base_url", "") or urlsplit(get("bind_url", "")).path).strip("/")
    return f"/{path}/" if path else "/"


def public_url(get: Get) -> str:
    """What the operator calls the public address, or else where the proxy listens.

    Empty if the proxy listens at a unix socket: then only another proxy knows.
    """
    said = get("public_url", "") or get("subdomain_host", "")
    if said:
        parts = urlsplit(said if "://" in said else f"https://{said}")
        return f"{parts.scheme}://{parts.netloc}{base_path(get)}"
    bind = urlsplit(get("bind_url", "http://:8000"))
    if bind.scheme.endswith("unix") or bind.scheme.startswith("unix"):
        return ""
    tls = bind.scheme == "https" or get("ssl_cert", "")
    port = get("port", bind.port)
    origin = host(get("ip", bind.hostname or "")) + (f":{port}" if port else "")
    return f"{'https' if tls else 'http'}://{origin}{base_path(get)}"


def host(address: str) -> str:
    """Who listens everywhere is reached on this machine."""
    address = EVERYWHERE.get(address, address)
    return f"[{address}]" if ":" in address else address
