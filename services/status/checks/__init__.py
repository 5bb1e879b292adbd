"""What is looked at. A kind of check is a class in KINDS, and nothing more.

base         the contract: options, and a probe that returns what it found
hub          the Hub's API, its database, its servers
proxy        the public address, routes against servers
certificate  … and its certificate
http         any URL
binderhub    a BinderHub's own word on its health
heartbeat    a job elsewhere that reports in
spawn        a user's whole way: start, open, run code, keep a file, stop
notebook     … through a notebook server's REST API
kernel       … and a kernel's WebSocket
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyterhub_suite.services import bodies
from jupyterhub_suite.services.errors import PublicError, SettingError

from .base import Check
from .binderhub import BinderHubCheck
from .heartbeat import HeartbeatCheck
from .http import HTTPCheck
from .hub import HubCheck
from .proxy import ProxyCheck
from .spawn import SpawnCheck

KINDS: dict[str, type[Check]] = {
    kind.kind: kind
    for kind in (
        HubCheck,
        ProxyCheck,
        SpawnCheck,
        HTTPCheck,
        BinderHubCheck,
        HeartbeatCheck,
    )
}

NAME = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]{0,62}$"}


def schema(kind: type[Check]) -> bodies.Schema:
    """What a check of this kind can be told in the setting `checks`."""
    seconds = {"type": "number", "exclusiveMinimum": 0, "maximum": 31 * 86400}
    return {
        "type": "object",
        "properties": {
            "name": NAME,
            "kind": {"const": kind.kind},
            "title": {"type": "string", "maxLength": 100},
            "interval": seconds,
            "timeout": seconds,
            **kind.options,
        },
        "required": ["name", *kind.required],
        "additionalProperties": False,
    }


def make_checks(wanted: Iterable[Mapping[str, Any]]) -> dict[str, Check]:
    """The checks of a setting, by name; says which is wrong, and where."""
    checks: dict[str, Check] = {}
    for number, options in enumerate(wanted):
        check = make_check(f"checks[{number}]", options)
        if check.name in checks:
            raise SettingError(f"checks[{number}]: the name {check.name!r} is taken")
        checks[check.name] = check
    return checks


def make_check(where: str, options: Mapping[str, Any]) -> Check:
    name = options.get("kind", options.get("name"))
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        known = ", ".join(KINDS)
        raise SettingError(f"{where}: there is no kind {name!r} (known: {known})")
    try:
        bodies.check(dict(options), schema(kind))
    except PublicError as error:
        raise SettingError(f"{where}: {error.message}") from None
    return kind(**{key: value for key, value in options.items() if key != "kind"})
