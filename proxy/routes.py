"""A route: from a routespec of JupyterHub to a rule of Traefik.

A routespec is ``[host]/path/``, percent-encoded as in a URL. What it means is its
`Address`: the host in lower-case ASCII, and the path decoded and without its last
slash, so that all spellings of one address are equal. An encoded slash is the one
character whose meaning changes when it is decoded; it is kept apart as `SLASH`.

Everything in here is pure. A rule is built from an address alone, and each
character that might mean something to Traefik's rule language is written as a code
point, so that no name can end its quotation and begin a rule of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

import idna

from .errors import BadRoute, without_secrets

SLASH = "\ue000"
"""An encoded slash within a path: a private character, so no name contains it."""

HOSTS_FIRST = 100_000
"""Lifts a route with a host above every route without; longer than any path."""

LONGEST_NAME = 512
"""Longer names in stores are hashed; a hub's id goes before them."""

RESERVED = frozenset(":/?#[]@!$&'()*+,;=%")
"""What RFC 3986 reserves: Traefik compares these as they were sent, raw or encoded."""

ONLY_ENCODED = frozenset("?#%")
"""Those that no client can send raw within a path."""

_PLAIN = re.compile(r"[A-Za-z0-9/._~-]*", re.ASCII)
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)


class Address(NamedTuple):
    """Where a route begins; sorts by path, which is what sharding needs."""

    path: str
    host: str = ""

    @classmethod
    def parse(cls, routespec: str) -> Address:
        return _parse(routespec)

    @property
    def priority(self) -> int:
        """The longer path wins, and a host wins over none."""
        return (HOSTS_FIRST if self.host else 0) + len(self.path) + 1


@dataclass(frozen=True)
class Route:
    """What JupyterHub asked for: requests under `spec` go to `target`."""

    spec: str
    target: str
    data: str = "{}"
    """JSON, so that nobody can change it under us."""

    @classmethod
    def make(cls, spec: str, target: str, data: Any) -> Route:
        check_target(spec, target)
        try:
            return cls(spec, target, json.dumps(data or {}))
        except (TypeError, ValueError) as e:
            raise BadRoute(f"the data of route {spec!r} is not JSON: {e}") from None

    def as_dict(self) -> dict[str, Any]:
        """In the shape in which JupyterHub asks for it."""
        data = json.loads(self.data)
        return {"routespec": self.spec, "target": self.target, "data": data}

    def as_json(self) -> str:
        return json.dumps(self.as_dict())

    @classmethod
    def from_json(cls, text: str) -> Route:
        """Read back what `as_json` wrote; what anybody else wrote is refused."""
        try:
            fields = json.loads(text)
            return cls.make(fields["routespec"], fields["target"], fields["data"])
        except (ValueError, KeyError, TypeError) as e:
            raise BadRoute(
                f"the store holds a route that cannot be read: {e}"
            ) from None


@lru_cache(maxsize=65536)
def _parse(routespec: str) -> Address:
    if "?" in routespec or "#" in routespec:
        raise BadRoute(f"route {routespec!r} must be a path, without query or fragment")
    host, slash, path = routespec.partition("/")
    if not slash:
        raise BadRoute(f"route {routespec!r} has no path: it must contain a '/'")
    return Address(_decode_path(routespec, path), _normal_host(routespec, host))


def _decode_path(routespec: str, path: str) -> str:
    segments = [_decode(routespec, s) for s in path.rstrip("/").split("/")]
    if segments == [""]:
        return ""
    for segment in segments:
        if segment in ("", ".", ".."):
            raise BadRoute(
                f"route {routespec!r} can never be reached: clients and proxies remove "
                f"the path segment {segment!r} from URLs"
            )
    return "/" + "/".join(segments)


def _decode(routespec: str, segment: str) -> str:
    try:
        decoded = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRoute(f"route {routespec!r} is not UTF-8 when decoded") from None
    except UnicodeEncodeError:
        raise BadRoute(f"route {routespec!r} is not a string of Unicode") from None
    if SLASH in decoded or "\0" in decoded:
        raise BadRoute(
            f"route {routespec!r} contains a character that cannot be served"
        )
    return decoded.replace("/", SLASH)


def _normal_host(routespec: str, host: str) -> str:
    if not host:
        return ""
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as e:
            raise BadRoute(f"route {routespec!r} has no valid host: {e}") from None
    host = host.lower()
    if not _HOST.fullmatch(host):
        raise BadRoute(f"route {routespec!r} has no valid host: {host!r}")
    return host


def check_target(spec: str, target: str) -> None:
    """A target is the URL of a server; anything else is refused before it is stored."""
    try:
        parts = urlsplit(target)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or parts.scheme not in ("http", "https", "h2c"):
        raise BadRoute(
            f"route {spec!r} has a target that Traefik cannot reach: "
            f"{without_secrets(target) if valid else target!r} (want http://host:port)"
        )


def rule(address: Address, hosts: tuple[str, ...] = ()) -> str:
    """The rule that matches exactly what lies at or under an address.

    `hosts` confine a route that names no host itself.
    """
    path = _path_rule(address.path)
    names = (address.host,) if address.host else hosts
    return f"{_host_rule(names)} && {path}" if names else path


def prefix_rule(prefix: str, hosts: tuple[str, ...] = ()) -> str:
    """The rule for every path that begins with these characters, whole name or not."""
    if _PLAIN.fullmatch(prefix):
        path = f"PathPrefix(`{prefix}`)"
    else:
        path = f"PathRegexp(`^{_pattern(prefix)}`)"
    return f"{_host_rule(hosts)} && {path}" if hosts else path


def host_rule(address: Address) -> str:
    """The rule for every path, on the address's own host if it names one."""
    return _host_rule((address.host,)) if address.host else "PathPrefix(`/`)"


def _host_rule(hosts: tuple[str, ...]) -> str:
    rules = " || ".join(f"Host(`{host}`)" for host in hosts)
    return f"({rules})" if len(hosts) > 1 else rules


def _path_rule(path: str) -> str:
    if not path:
        return "PathPrefix(`/`)"
    if _PLAIN.fullmatch(path):
        return f"(Path(`{path}`) || PathPrefix(`{path}/`))"
    return f"PathRegexp(`^{_pattern(path)}(?:/|$)`)"


def _pattern(path: str) -> str:
    return "".join(map(_pattern_of, path))


def _pattern_of(char: str) -> str:
    if char == SLASH:
        return "%2F"
    if char == "/" or (char.isascii() and char.isalnum()):
        return char
    raw = rf"\x{{{ord(char):X}}}"
    if char not in RESERVED:
        return raw
    encoded = f"%{ord(char):02X}"
    return encoded if char in ONLY_ENCODED else f"(?:{raw}|{encoded})"


def route_name(address: Address) -> str:
    """A name for an address that no other address has, in any store.

    Key-value providers of Traefik fold case and split at slashes, so names consist of
    lower-case letters, digits, ``-`` for a slash and ``_xx`` for each other byte.
    """
    host = f"--{_safe(address.host)}" if address.host else ""
    return _bounded(f"route{host}{_safe(address.path)}")


def address_of(name: str) -> Address | None:
    """The address that `route_name` made a name of; None if no name tells it."""
    if not name.startswith("route"):
        return None
    rest, host = name.removeprefix("route"), ""
    if rest.startswith("--"):
        host, slash, path = rest[2:].partition("-")
        rest = slash + path
    return Address(_unsafe(rest), _unsafe(host))


def shard_name(prefix: str) -> str:
    return _bounded(f"shard{_safe(prefix)}")


def fallback_name(prefix: str, address: Address) -> str:
    return _bounded(f"above{_safe(prefix)}--{_safe(address.host)}")


def _bounded(name: str) -> str:
    """A name that may be a key of YAML, which ends at 1,024 characters."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"long-{hashlib.sha256(name.encode()).hexdigest()}"


def _unsafe(text: str) -> str:
    def decoded(found: re.Match[str]) -> str:
        return bytes.fromhex(found.group().replace("_", "")).decode("utf-8", "replace")

    return re.sub("(?:_[0-9a-f]{2})+", decoded, text.replace("-", "/"))


def _safe(text: str) -> str:
    return "".join(
        chr(byte)
        if chr(byte) in "abcdefghijklmnopqrstuvwxyz0123456789"
        else "-"
        if byte == 0x2F
        else f"_{byte:02x}"
        for byte in text.encode("utf-8")
    )
