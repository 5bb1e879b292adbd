"""Which timeouts apply to whom: the site's rules, of which the first match wins.

    c.CullerService.rules = [
        {"name": "exam", "match": {"group": "exam"}, "never": True},
        {"name": "GPU", "match": {"user_options": {"gpu": True}}, "timeout": 1800},
        {"name": "nights", "match": {"between": "22:00-06:00"}, "timeout": 900},
    ]

What a rule does not say comes from the settings of the same name, and whatever
no rule matches is judged by those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timezone, tzinfo
from fnmatch import fnmatchcase
from typing import Any

from jupyterhub_suite.services import bodies
from jupyterhub_suite.services.errors import PublicError, SettingError

from .server import Person, Server

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")

SECONDS = {"type": "integer", "minimum": 0}
PATTERNS = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}
VALUES = {"type": "object", "minProperties": 1}
PERSON_MATCH: dict[str, Any] = {
    "user": PATTERNS,
    "group": PATTERNS,
    "role": PATTERNS,
    "admin": {"type": "boolean"},
    "weekdays": {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1},
    "between": {"type": "string", "pattern": f"^{SPAN.pattern}$"},
}
SERVER_MATCH: dict[str, Any] = {
    **PERSON_MATCH,
    "server": PATTERNS,
    "profile": PATTERNS,
    "image": PATTERNS,
    "user_options": VALUES,
    "state": VALUES,
}


def rule_schema(match: Mapping[str, Any], more: Mapping[str, Any]) -> bodies.Schema:
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "match": {
                "type": "object",
                "properties": dict(match),
                "additionalProperties": False,
            },
            "never": {"type": "boolean"},
            "timeout": SECONDS,
            "max_age": SECONDS,
            **more,
        },
        "required": ["name"],
        "additionalProperties": False,
    }


RULE = rule_schema(
    SERVER_MATCH,
    {
        "warn_before": SECONDS,
        "busy_hold": SECONDS,
        "lease_hours": {"type": "number", "minimum": 0},
        "lease_quota": {"type": "number", "minimum": 0},
    },
)
USER_RULE = rule_schema(PERSON_MATCH, {})


@dataclass(frozen=True)
class Rule:
    name: str
    match: Mapping[str, Any] = field(default_factory=dict)
    never: bool = False
    timeout: int = 600
    # None: however old. The peer's settings say 0.
    max_age: int | None = None
    warn_before: int = 0
    busy_hold: int = 0
    lease_hours: float = 0
    lease_quota: float = 0


@dataclass(frozen=True)
class Rules:
    """All rules of a site; the defaults stand behind the last of them."""

    default: Rule = field(default_factory=lambda: Rule("default"))
    servers: Sequence[Rule] = ()
    users: Sequence[Rule] = ()
    zone: tzinfo = timezone.utc
    cull_default_servers: bool = True
    cull_named_servers: bool = True
    cull_admin_users: bool = True

    def for_server(self, server: Server, now: datetime) -> Rule:
        local = now.astimezone(self.zone)
        found = (r for r in self.servers if matches_server(r.match, server, local))
        return next(found, self.default)

    def for_user(self, person: Person, now: datetime) -> Rule:
        local = now.astimezone(self.zone)
        found = (r for r in self.users if matches_person(r.match, person, local))
        return next(found, self.default)


def matches_server(match: Mapping[str, Any], server: Server, now: datetime) -> bool:
    """Everything that the rule asks for holds; a rule that asks nothing always does."""
    options = server.user_options
    texts = {
        "server": [server.name],
        "profile": as_texts(options.get("profile")),
        "image": as_texts(options.get("image")),
    }
    return (
        matches_person(match, server.person, now)
        and all(like_any(match[k], texts[k]) for k in texts if k in match)
        and holds(match.get("user_options", {}), options)
        and holds(match.get("state", {}), server.state)
    )


def matches_person(match: Mapping[str, Any], person: Person, now: datetime) -> bool:
    texts = {"user": [person.name], "group": person.groups, "role": person.roles}
    return (
        all(like_any(match[k], texts[k]) for k in texts if k in match)
        and match.get("admin", person.admin) == person.admin
        and WEEKDAYS[now.weekday()] in match.get("weekdays", WEEKDAYS)
        and within(match.get("between"), now.time())
    )


def like_any(patterns: str | Sequence[str], texts: Iterable[str]) -> bool:
    wanted = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatchcase(text, pattern) for text in texts for pattern in wanted)


def as_texts(value: Any) -> list[str]:
    """Form values come as lists of one, or as they are."""
    values = value if isinstance(value, list) else [value]
    return [str(each) for each in values if each is not None]


def holds(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> bool:
    """Every wanted value is there: texts as patterns, under dotted names."""
    return all(_fits(value, look_up(present, name)) for name, value in wanted.items())


def _fits(wanted: Any, present: Any) -> bool:
    if isinstance(wanted, str):
        return like_any(wanted, as_texts(present))
    return type(wanted) is type(present) and wanted == present


def look_up(values: Any, dotted: str) -> Any:
    if isinstance(values, Mapping) and dotted in values:
        return values[dotted]
    for step in dotted.split("."):
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def within(span: str | None, now: time) -> bool:
    """From the first minute up to the last, which is no longer part of it."""
    if span is None:
        return True
    first, last = (time.fromisoformat(part) for part in span.split("-"))
    if first <= last:
        return first <= now < last
    return now >= first or now < last  # over midnight


def parse_rules(
    setting: str, written: Sequence[Mapping[str, Any]], default: Rule
) -> list[Rule]:
    """The rules, completed by the defaults; says which one is wrong, and where."""
    schema = USER_RULE if setting == "user_rules" else RULE
    rules = []
    for number, each in enumerate(written, 1):
        try:
            bodies.check(dict(each), schema)
        except PublicError as error:
            name = each.get("name", number)
            raise SettingError(f"{setting}: rule {name!r}: {error.message}") from None
        rules.append(_complete(each, default))
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingError(f"{setting}: more than one rule is called {twice[0]!r}")
    return rules


def _complete(written: Mapping[str, Any], default: Rule) -> Rule:
    values = {**vars(default), "match": {}, **written}
    return Rule(**{**values, "max_age": values["max_age"] or None})
