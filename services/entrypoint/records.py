"""Records as programs and pages see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..errors import PublicError
from .model import AuditEvent, Check, Entrypoint
from .types import EntrypointType

Checks = Mapping[tuple[str, str], Check]


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def resolve(
    entrypoint: Entrypoint, kind: EntrypointType | None, user: str
) -> list[str]:
    """The command that it stands for; none if it is an image, or cannot be started."""
    if kind is None:
        return []
    try:
        return kind.launch(entrypoint.typed, user).cmd
    except PublicError:
        return []


def record(
    entrypoint: Entrypoint,
    kind: EntrypointType | None,
    user: str,
    checks: Checks | None = None,
) -> dict[str, Any]:
    seen = {
        system: check_record(check)
        for (checked, system), check in (checks or {}).items()
        if checked == entrypoint.id
    }
    return {
        "id": entrypoint.id,
        "name": entrypoint.name,
        "type": entrypoint.type,
        "entrypoint": entrypoint.entrypoint,
        "fields": entrypoint.fields,
        "cmd": resolve(entrypoint, kind, user),
        "systems": entrypoint.systems,
        "owner": entrypoint.owner,
        "public": entrypoint.public,
        "groups": entrypoint.groups,
        "deprecated": entrypoint.deprecated,
        "created": stamp(entrypoint.created),
        "updated": stamp(entrypoint.updated),
        "version": entrypoint.version,
        "last_used": stamp(entrypoint.last_used),
        "use_count": entrypoint.use_count,
        "checks": seen,
    }


def check_record(check: Check) -> dict[str, Any]:
    return {
        "result": check.result,
        "message": check.message,
        "checked": stamp(check.checked),
    }


def audit_record(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": stamp(event.at),
        "actor": event.actor,
        "action": event.action,
        "owner": event.owner,
        "entrypoint": event.entrypoint_id,
        "name": event.name,
        "details": event.details,
    }


def listing(
    items: Sequence[Any], total: int, offset: int, limit: int
) -> dict[str, Any]:
    """As the Hub's own API pages its lists."""
    following = offset + len(items)
    more = following < total and bool(items)
    return {
        "items": list(items),
        "_pagination": {
            "offset": offset,
            "limit": limit,
            "total": total,
            "next": {"offset": following, "limit": limit} if more else None,
        },
    }


def option_entrypoint(
    kind: EntrypointType, value: str, label: str, systems: list[str]
) -> Entrypoint:
    """An option looks like an entrypoint of nobody's, and is never stored."""
    option = Entrypoint(
        id=f"{kind.name}:{value}",
        owner="",
        name=label or value,
        type=kind.name,
        entrypoint=value,
        fields={},
        public=True,
        deprecated=None,
        created=None,
        updated=None,
        last_used=None,
        use_count=0,
    )
    option.systems = systems
    return option
