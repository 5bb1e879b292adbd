"""`configure`: the suite in a Hub's configuration, in one call.

Everything that it sets can be written by hand, and `explain=True` prints it as
one would write it. What the operator has set already stays as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from pprint import pformat
from typing import Any

from .addresses import base_path, public_url
from .ports import LOOPBACK, free_port
from .registry import PROXIES, SERVICES, registration
from .services.registration import SETTINGS_VARIABLE, Registration

# Settings of a service that the Hub keeps; all others are the service's own.
HUB_KEYS = frozenset(
    [
        "url",
        "api_token",
        "command",
        "cwd",
        "environment",
        "user",
        "display",
        "oauth_no_confirm",
    ]
)


class ConfigurationError(ValueError):
    """A call of `configure` that cannot be meant; the message says what to write."""


def configure(
    c: Any,
    *,
    proxy: str | None = None,
    services: Iterable[str] = (),
    open_to_users: bool = True,
    explain: bool = False,
    **settings: Mapping[str, Any],
) -> None:
    """Set up the suite in `jupyterhub_config.py`.

    proxy: one of PROXIES, or None to leave the Hub's proxy as it is.
    services: names of SERVICES to run under the Hub.
    open_to_users: let every user of the Hub reach the services.
    explain: print what was set, as configuration that one can paste.
    settings: by the name of a service, or `proxy_settings`, a dictionary each.
        A service's `url`, `environment` … go to the Hub, all else to the service.
    """
    services = list(services)
    check_names(proxy, services, settings)
    changes = Changes(c)
    if proxy is not None:
        _configure_proxy(changes, proxy, settings.get("proxy_settings", {}))
    look = hub_look(changes, services)
    for name in services:
        needs = registration(name)
        own = settings.get(name, {})
        known = {**look, **where_users_are(changes, needs)}
        _configure_service(changes, needs, {**known, **own})
        _configure_scopes(changes, needs, needs.own_scopes(own), open_to_users)
    if services and changes.get("JupyterHub", "internal_ssl", False):
        # The Hub's own process has loaded it all; other users of this package not.
        from .internal_ssl import mend_service_check

        mend_service_check()
    if explain:
        sys.stdout.write(changes.explain())


def check_names(
    proxy: str | None, services: Iterable[str], settings: Mapping[str, Any]
) -> None:
    """Refuse what nobody knows, by name, before anything is changed."""
    if proxy is not None and proxy not in PROXIES:
        raise unknown("proxy", proxy, PROXIES)
    for name in services:
        if name not in SERVICES:
            raise unknown("service", name, SERVICES)
    for name in settings:
        if name != "proxy_settings" and name not in services:
            known = [*services, "proxy_settings"]
            raise unknown("setting", name, known)


def unknown(kind: str, name: object, known: Iterable[str]) -> ConfigurationError:
    close = get_close_matches(str(name), list(known), n=1)
    advice = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    return ConfigurationError(f"configure: there is no {kind} {name!r}; {advice}")


class Changes:
    """Writes into the configuration what is not there yet, and remembers where."""

    def __init__(self, c: Any) -> None:
        self.c = c
        self._touched: dict[tuple[str, str], None] = {}

    def get(self, section: str, trait: str, default: Any) -> Any:
        """What is set, also if it was written as c.Section.trait.append(…)."""
        value = self.c[section].get(trait, default)
        # A LazyConfigValue; to ask for that type would load traitlets for everybody.
        return value.get_value(default) if hasattr(value, "get_value") else value

    def set(self, section: str, trait: str, value: Any) -> None:
        if trait not in self.c[section]:
            self.c[section][trait] = value
            self._touched[section, trait] = None

    def add(self, section: str, trait: str, item: dict[str, Any]) -> dict[str, Any]:
        """The item of that name in a list, completed by what it has not set."""
        items = self._container(section, trait, [])
        present = next((old for old in items if old["name"] == item["name"]), None)
        if present is None:
            items.append(item)
            return item
        for key, value in item.items():
            present.setdefault(key, value)
        return present

    def put(self, section: str, trait: str, key: str, value: Any) -> None:
        self._container(section, trait, {}).setdefault(key, value)

    def _container(self, section: str, trait: str, empty: Any) -> Any:
        self.c[section][trait] = self.get(section, trait, empty)
        self._touched[section, trait] = None
        return self.c[section][trait]

    def explain(self) -> str:
        """All traits that were touched, as one would write them. No token."""
        lines = [
            f"c.{section}.{trait} = {pformat(without_tokens(self.c[section][trait]))}\n"
            for section, trait in self._touched
        ]
        return "".join(["# jupyterhub_suite.configure sees to this:\n", *lines])


def without_tokens(value: Any) -> Any:
    if isinstance(value, list):
        return [without_tokens(item) for item in value]
    if isinstance(value, dict):
        return {
            key: "(secret)"
            if "token" in key or "password" in key
            else without_tokens(v)
            for key, v in value.items()
        }
    return value


def _configure_proxy(changes: Changes, name: str, settings: Mapping[str, Any]) -> None:
    path = PROXIES[name]
    changes.set("JupyterHub", "proxy_class", path)
    for trait, value in settings.items():
        changes.set(path.rpartition(".")[2], trait, value)


def hub_look(changes: Changes, services: Iterable[str]) -> dict[str, Any]:
    """What makes the services' pages look like the Hub's own."""
    prefix = f"{base_path(partial(changes.get, 'JupyterHub'))}services"
    menu = [{"name": name, "href": f"{prefix}/{name}/"} for name in services]
    templates = changes.get("JupyterHub", "template_paths", [])
    return {"menu": menu, "template_paths": [str(path) for path in templates]}


def where_users_are(changes: Changes, needs: Registration) -> dict[str, str]:
    """For a service that goes the way that users go."""
    if not needs.wants_public_url:
        return {}
    url = public_url(partial(changes.get, "JupyterHub"))
    return {"public_url": url} if url else {}


def _configure_service(
    changes: Changes, needs: Registration, settings: Mapping[str, Any]
) -> None:
    for_hub = {key: value for key, value in settings.items() if key in HUB_KEYS}
    own = {key: value for key, value in settings.items() if key not in HUB_KEYS}
    item = {
        "name": needs.name,
        "url": for_hub.get("url")
        or free_url(changes.get("JupyterHub", "internal_ssl", False)),
        "command": [sys.executable, "-m", needs.module],
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": list(needs.client_scopes),
        **for_hub,
        "environment": {
            SETTINGS_VARIABLE: json.dumps(own),
            **for_hub.get("environment", {}),
        },
    }
    if "api_token" in for_hub and "command" not in for_hub:
        # Somebody else starts it: the Hub only needs to know it.
        del item["command"], item["environment"]
    changes.add("JupyterHub", "services", item)


def _configure_scopes(
    changes: Changes, needs: Registration, scopes: list[str], open_to_users: bool
) -> None:
    for scope, definition in needs.custom_scopes.items():
        changes.put("JupyterHub", "custom_scopes", scope, dict(definition))
    own_role = {
        "name": f"suite-{needs.name}",
        "description": f"What the service {needs.name} needs, and no more",
        "scopes": scopes,
        "services": [needs.name],
    }
    changes.add("JupyterHub", "load_roles", own_role)
    if open_to_users:
        role = changes.add(
            "JupyterHub", "load_roles", {"name": "user", "scopes": ["self"]}
        )
        held = role["scopes"]
        held.extend(scope for scope in needs.user_scopes if scope not in held)


def free_url(tls: bool) -> str:
    """An address on loopback that nobody listens at."""
    return f"{'https' if tls else 'http'}://{LOOPBACK}:{free_port()}"
