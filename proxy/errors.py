"""What can go wrong in a proxy, as one tree.

Whatever a client library raises is turned into one of these where it is called,
so that callers, and the operator who reads the log, only ever meet this tree.
No message carries a password: URLs go through `without_secrets` first.

ProxyError
├── BadRoute            a route that cannot be served as asked
├── BadSetting          a setting that cannot work
├── StoreError
│   ├── StoreUnavailable    nobody answers; worth trying again
│   └── StoreRefused        it answers, and says no
└── TraefikError
    ├── TraefikMissing      there is no such program
    ├── TraefikDied         it ended by itself
    ├── TraefikUnavailable  its API does not answer
    ├── TraefikRefused      its API answers, and says no
    └── NotConfirmed        it did not load a change in time
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit


class ProxyError(Exception):
    """Something that the operator can read and act on."""


class BadRoute(ProxyError, ValueError):
    """A route that cannot be served as asked."""


class BadSetting(ProxyError, ValueError):
    """A setting that cannot work."""


class StoreError(ProxyError):
    """The store of routes did not do what was asked."""


class StoreUnavailable(StoreError):
    """The store does not answer; trying again may help."""


class StoreRefused(StoreError):
    """The store answered, and said no."""


class TraefikError(ProxyError):
    """A Traefik did not do what was asked."""


class TraefikMissing(TraefikError):
    """There is no Traefik to start."""


class TraefikDied(TraefikError):
    """Traefik ended by itself."""


class TraefikUnavailable(TraefikError):
    """The API of a Traefik does not answer."""


class TraefikRefused(TraefikError):
    """The API of a Traefik answered, and said no."""


class NotConfirmed(TraefikError, TimeoutError):
    """A change was written, but not loaded in time."""


def login_in(url: str) -> tuple[str, str]:
    """User and password that a URL names."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")


def without_secrets(url: str) -> str:
    """The URL as it may be shown: without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit(
        (parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")
    )
