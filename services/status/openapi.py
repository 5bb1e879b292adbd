"""The API's description, made of the schemas that bodies are checked against."""

from __future__ import annotations

from typing import Any

from .checks.heartbeat import REPORT
from .model import Code
from .notices import LATEST, NOTICE

Schema = dict[str, Any]

QUERY: dict[str, Schema] = {
    "before": {"type": "number", "minimum": 0, "maximum": LATEST, "default": LATEST},
    "after": {"type": "number", "minimum": 0, "maximum": LATEST, "default": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
}
PAGE: Schema = {"type": "object", "properties": QUERY}

MOMENT: Schema = {"type": "string", "format": "date-time"}
CODE: Schema = {"enum": [code.name for code in Code]}


def either(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def record(optional: tuple[str, ...] = (), **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def several(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
STAGE = record(name=TEXT, seconds=NUMBER, failed={"type": "boolean"})
RESULT = record(
    ("details",),
    time=MOMENT,
    seconds=NUMBER,
    code=CODE,
    msg=TEXT,
    stages=several(STAGE),
    numbers={"type": "object", "additionalProperties": NUMBER},
    details=several(TEXT),
)
STATE = record(
    ("uptime",),
    name=TEXT,
    title=TEXT,
    kind=TEXT,
    interval=NUMBER,
    code=CODE,
    msg=TEXT,
    time=either(MOMENT),
    last=either(RESULT),
    uptime={"type": "object", "additionalProperties": either(NUMBER)},
)
COUNT: Schema = {"type": "integer"}
DAY = record(
    day={"type": "string", "format": "date"},
    ok=COUNT,
    warning=COUNT,
    critical=COUNT,
    unknown=COUNT,
    maintenance=COUNT,
)
INCIDENT = record(
    id=COUNT, check=TEXT, begin=MOMENT, end=either(MOMENT), code=CODE, reason=TEXT
)
TOLD = record(
    id=COUNT,
    kind=TEXT,
    title=TEXT,
    text=TEXT,
    begin=MOMENT,
    end=either(MOMENT),
    author=TEXT,
    changed=MOMENT,
    withdrawn={"type": "boolean"},
)
NAMED = record(name=TEXT)
HEALTH = record(code=CODE, words=TEXT)
ERROR = record(error=record(status=COUNT, message=TEXT))

CHECK_NAME: Schema = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
}
NOTICE_ID: Schema = {
    "name": "number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
}
LIMITS = [
    {"name": name, "in": "query", "schema": schema} for name, schema in QUERY.items()
]


def content(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def operation(
    summary: str,
    answer: Schema,
    *refusals: int,
    status: int = 200,
    body: Schema | None = None,
    body_required: bool = True,
    also: tuple[int, ...] = (),
    parameters: list[Schema] | None = None,
    security: list[dict[str, list[str]]] | None = None,
) -> Schema:
    """One thing to ask for: its answer, and the errors to expect."""
    responses: Schema = {
        str(code): {"description": summary, "content": content(answer)}
        for code in (status, *also)
    }
    for code in refusals:
        responses[str(code)] = {"description": "An error", "content": content(ERROR)}
    made: Schema = {"summary": summary, "responses": responses}
    if body is not None:
        made["requestBody"] = {"required": body_required, "content": content(body)}
    if parameters:
        made["parameters"] = parameters
    if security is not None:
        made["security"] = security
    return made


OPEN: list[dict[str, list[str]]] = []
JOB = [{"heartbeat": list[str]()}]
READ = (401, 403)
WRITE = (400, 401, 403)


def description(prefix: str) -> Schema:
    """OpenAPI 3.1, for the service at this prefix."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Status of this hub", "version": "1"},
        "servers": [{"url": prefix.rstrip("/")}],
        "security": [{"hub": []}],
        "components": {
            "securitySchemes": {
                "hub": {"type": "http", "scheme": "bearer"},
                "heartbeat": {"type": "http", "scheme": "bearer"},
            }
        },
        "paths": {**check_paths(), **notice_paths(), **other_paths()},
    }


def check_paths() -> Schema:
    one = {"parameters": [CHECK_NAME]}
    return {
        "/api/checks": {"get": operation("All checks", several(STATE), *READ)},
        "/api/checks/{name}": {
            **one,
            "get": operation("A check's state", STATE, *READ, 404),
        },
        "/api/checks/{name}/results": {
            **one,
            "get": operation(
                "Its results, the newest first",
                several(RESULT),
                *WRITE,
                404,
                parameters=LIMITS,
            ),
        },
        "/api/checks/{name}/days": {
            **one,
            "get": operation("Its last 90 days", several(DAY), *READ, 404),
        },
        "/api/checks/{name}/run": {
            **one,
            "post": operation("Run it now", NAMED, *READ, 404, status=202),
        },
    }


def notice_paths() -> Schema:
    one = {"parameters": [NOTICE_ID]}
    return {
        "/api/notices": {
            "get": operation("Announcements and maintenance", several(TOLD), *READ),
            "post": operation("Write one", TOLD, *WRITE, status=201, body=NOTICE),
        },
        "/api/notices/{number}": {
            **one,
            "get": operation("A notice", TOLD, *READ, 404),
            "put": operation("Change it", TOLD, *WRITE, 404, body=NOTICE),
            "delete": operation("Withdraw it", TOLD, *READ, 404),
        },
        "/api/notices/{number}/history": {
            **one,
            "get": operation("How it read before", several(TOLD), *READ, 404),
        },
    }


def other_paths() -> Schema:
    return {
        "/api/incidents": {"get": operation("Incidents", several(INCIDENT), *READ)},
        "/api/heartbeats/{name}": {
            "parameters": [CHECK_NAME],
            "post": operation(
                "A job reports in",
                NAMED,
                400,
                401,
                status=202,
                body=REPORT,
                body_required=False,
                security=JOB,
            ),
        },
        "/api/health": {
            "get": operation(
                "503 when something does not work", HEALTH, also=(503,), security=OPEN
            ),
        },
    }
