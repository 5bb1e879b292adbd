"""Servers and people, as the Hub tells of them.

A `Server` also carries what only the culler knows: until when it is kept, when
its owner was warned, whether it is busy, and what the site's hook says of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

from jupyterhub_suite.services.errors import HubAnswerInvalid


class Key(NamedTuple):
    """What names a server: its owner and its own name, "" for the default one."""

    user: str
    server: str

    def __str__(self) -> str:
        return f"{self.user}/{self.server}" if self.server else self.user


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    admin: bool = False
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    created: datetime | None = None
    last_activity: datetime | None = None

    @property
    def idle_since(self) -> datetime | None:
        """Somebody who never did anything is idle since they came."""
        return self.last_activity or self.created


@dataclass(frozen=True, slots=True)
class Server:
    person: Person
    name: str = ""
    started: datetime | None = None
    last_activity: datetime | None = None
    ready: bool = True
    pending: str | None = None
    url: str = ""
    user_options: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    # The Hub's own words, for the hook of jupyterhub-idle-culler.
    model: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    kept_until: datetime | None = None
    warned_at: datetime | None = None
    busy: str | None = None
    hook_says: bool | None = None

    @property
    def key(self) -> Key:
        return Key(self.person.name, self.name)

    @property
    def idle_since(self) -> datetime | None:
        """A server that nobody used yet is idle since it started."""
        return self.last_activity or self.started


def parse_person(model: Any) -> Person:
    try:
        return Person(
            name=str(model["name"]),
            admin=bool(model.get("admin")),
            groups=frozenset(model.get("groups") or ()),
            roles=frozenset(model.get("roles") or ()),
            created=parse_time(model.get("created")),
            last_activity=parse_time(model.get("last_activity")),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise HubAnswerInvalid(f"The Hub's model of a user is wrong: {error}") from None


def parse_servers(person: Person, model: Mapping[str, Any]) -> Iterator[Server]:
    """Those that run, or are on their way up or down."""
    try:
        for name, server in (model.get("servers") or {}).items():
            if not server.get("stopped"):
                yield parse_server(person, str(name), server)
    except (TypeError, ValueError, AttributeError) as error:
        raise HubAnswerInvalid(
            f"The Hub's model of {person.name}'s servers is wrong: {error}"
        ) from None


def parse_server(person: Person, name: str, model: Mapping[str, Any]) -> Server:
    return Server(
        person=person,
        name=name,
        started=parse_time(model.get("started")),
        last_activity=parse_time(model.get("last_activity")),
        ready=bool(model.get("ready")),
        pending=model.get("pending"),
        url=model.get("url") or "",
        user_options=model.get("user_options") or {},
        state=model.get("state") or {},
        model=model,
    )


def parse_time(text: str | None) -> datetime | None:
    """The Hub writes UTC, with a Z or without a zone."""
    if not text:
        return None
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
