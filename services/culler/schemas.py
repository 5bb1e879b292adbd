"""What the endpoints take and give: one truth for validation and OpenAPI."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

NAME = {"type": "string", "maxLength": 255}
TIME = {"type": ["string", "null"], "format": "date-time"}

LEASE_REQUEST: Schema = {
    "type": "object",
    "properties": {
        "user": {**NAME, "minLength": 1, "description": "Yourself by default"},
        "server": {**NAME, "description": "The default server by default"},
        "hours": {"type": "number", "exclusiveMinimum": 0, "maximum": 8760},
    },
    "required": ["hours"],
    "additionalProperties": False,
}
STOP_REQUEST: Schema = {
    "type": "object",
    "properties": {"user": {**NAME, "minLength": 1}, "server": NAME},
    "required": ["user"],
    "additionalProperties": False,
}
EMPTY: Schema = {"type": "object", "maxProperties": 0}

ALLOWANCE: Schema = {
    "type": "object",
    "properties": {
        "longest": {"type": "number"},
        "used": {"type": "number"},
        "quota": {"type": "number"},
    },
    "required": ["longest", "used", "quota"],
}
SERVER: Schema = {
    "type": "object",
    "properties": {
        "user": NAME,
        "server": NAME,
        "started": TIME,
        "last_activity": TIME,
        "action": {"enum": ["keep", "warn", "stop", "skip"]},
        "stop_at": TIME,
        "reason": {"type": "string"},
        "rule": {"type": "string"},
        "kept_until": TIME,
        "warned_at": TIME,
        "busy": {"type": ["string", "null"]},
        "allowance": ALLOWANCE,
    },
    "required": ["user", "server", "action", "stop_at", "reason", "rule"],
}
SERVERS: Schema = {
    "type": "object",
    "properties": {
        "servers": {"type": "array", "items": SERVER},
        "total": {"type": "integer"},
        "at": TIME,
    },
    "required": ["servers", "total", "at"],
}
LEASE: Schema = {
    "type": "object",
    "properties": {
        "user": NAME,
        "server": NAME,
        "until": TIME,
        "granted_at": TIME,
        "by": NAME,
    },
    "required": ["user", "server", "until", "granted_at", "by"],
}
NOTICE: Schema = {
    "type": "object",
    "properties": {
        "warn": {"type": "boolean"},
        "stop_at": TIME,
        "seconds_left": {"type": ["integer", "null"]},
        "message": {"type": "string"},
        "page": {"type": "string"},
    },
    "required": ["warn", "stop_at", "seconds_left", "message", "page"],
}
OUTCOME: Schema = {
    "type": "object",
    "properties": {"outcome": {"type": "string"}},
    "required": ["outcome"],
}
STOP: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "at": TIME,
        "finished_at": TIME,
        "kind": {"enum": ["server", "user"]},
        **{
            name: {"type": "string"}
            for name in ("user", "server", "rule", "cause", "reason", "by", "outcome")
        },
        "detail": {"type": "string"},
    },
    "required": ["id", "at", "kind", "user", "server", "reason", "outcome"],
}
STOPS: Schema = {
    "type": "object",
    "properties": {"stops": {"type": "array", "items": STOP}},
    "required": ["stops"],
}
STATE: Schema = {
    "type": "object",
    "properties": {
        "at": TIME,
        "dry_run": {"type": "boolean"},
        "held": {"type": ["string", "null"]},
        "failed": {"type": "boolean"},
        "servers": {"type": "integer"},
        "to_stop": {"type": "integer"},
        "problems": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["at", "dry_run", "held", "failed", "servers", "to_stop", "problems"],
}
ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "status": {"type": "integer"},
                "message": {"type": "string"},
            },
            "required": ["status", "message"],
        }
    },
    "required": ["error"],
}
