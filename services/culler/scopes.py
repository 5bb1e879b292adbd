"""What the service must be allowed to do, by its settings, and why. Pure.

`configure` asks as well, so that the service's role holds just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

BASE = {
    "list:users": "to see who there is",
    "read:users:activity": "to see when they were last active",
    "read:servers": "to see their servers",
    "delete:servers": "to stop them",
}


def needed_scopes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Scopes, and what each is for."""
    scopes = dict(BASE)
    if settings.get("cull_users"):
        scopes["delete:users"] = "to remove users (cull_users)"
        scopes["read:users"] = "to see since when there are users (cull_users)"
    written = [settings.get("rules"), settings.get("user_rules")]
    rules = [rule for each in written if isinstance(each, list) for rule in each]
    matched = {key for rule in rules for key in matches(rule)}
    if "group" in matched:
        scopes["read:users:groups"] = "for rules that match groups"
    if "role" in matched:
        scopes["read:roles:users"] = "for rules that match roles"
    if "state" in matched or settings.get("cull_arbiter_hook"):
        scopes["admin:server_state"] = "for rules or a hook that look at server state"
    if settings.get("servers_url"):
        scopes["access:servers"] = "to ask servers what they are busy with"
    return scopes


def matches(rule: object) -> Iterable[str]:
    """What a rule looks at; one that is written wrongly is refused elsewhere."""
    match = rule.get("match") if isinstance(rule, Mapping) else None
    return match if isinstance(match, Mapping) else ()


def missing_scopes(held: Iterable[str], settings: Mapping[str, Any]) -> dict[str, str]:
    return {
        scope: purpose
        for scope, purpose in needed_scopes(settings).items()
        if scope not in set(held)
    }


def explain(missing: Mapping[str, str]) -> str:
    wanted = ", ".join(f"{scope} ({purpose})" for scope, purpose in missing.items())
    return f"The service's role lacks scopes: {wanted}"
