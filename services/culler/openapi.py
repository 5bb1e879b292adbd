"""The endpoints in OpenAPI 3.1, from the schemas that validate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import schemas

Schema = dict[str, Any]


def query(name: str, schema: Schema | None = None) -> Schema:
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}}


def content(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def operation(
    summary: str,
    answers: Mapping[str, Schema | None],
    *,
    body: Schema | None = None,
    parameters: tuple[Schema, ...] = (),
    refusals: tuple[str, ...] = ("401", "403"),
) -> Schema:
    responses: Schema = {
        status: {"description": summary, **({"content": content(s)} if s else {})}
        for status, s in answers.items()
    }
    for status in refusals:
        responses[status] = {
            "description": "Refused",
            "content": content(schemas.ERROR),
        }
    described: Schema = {"summary": summary, "responses": responses}
    if parameters:
        described["parameters"] = list(parameters)
    if body is not None:
        described["requestBody"] = {"required": True, "content": content(body)}
    return described


NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 1000}
REFUSALS = ("400", "401", "403", "404", "413")
USER, SERVER = query("user"), query("server")

PATHS: Schema = {
    "api/servers": {
        "get": operation(
            "Servers, when each will be stopped, and why",
            {"200": schemas.SERVERS},
            parameters=(
                USER,
                query("all"),
                query("q"),
                query("offset", NUMBER),
                query("limit", NUMBER),
            ),
            refusals=REFUSALS,
        )
    },
    "api/leases": {
        "post": operation(
            "Keep a server for some hours",
            {"201": schemas.LEASE},
            body=schemas.LEASE_REQUEST,
            refusals=REFUSALS,
        ),
        "delete": operation(
            "Let a server go again",
            {"204": None},
            parameters=(USER, SERVER),
            refusals=REFUSALS,
        ),
    },
    "api/notice": {
        "get": operation(
            "What to show to somebody who works on a server",
            {"200": schemas.NOTICE},
            parameters=(USER, SERVER),
            refusals=REFUSALS,
        )
    },
    "api/stop": {
        "post": operation(
            "Stop a server now",
            {"200": schemas.OUTCOME},
            body=schemas.STOP_REQUEST,
            refusals=REFUSALS,
        )
    },
    "api/sweep": {
        "get": operation("What the last sweep came to", {"200": schemas.STATE}),
        "post": operation(
            "Sweep now", {"202": None}, body=schemas.EMPTY, refusals=REFUSALS
        ),
    },
    "api/release": {
        "post": operation(
            "Let the next sweep go, although the last was held",
            {"202": None},
            body=schemas.EMPTY,
            refusals=(*REFUSALS, "409"),
        )
    },
    "api/stops": {
        "get": operation(
            "What was stopped, the newest first",
            {"200": schemas.STOPS},
            parameters=(
                USER,
                query("before", {"type": "integer", "minimum": 0, "maximum": 10**12}),
                query("limit", NUMBER),
            ),
            refusals=REFUSALS,
        )
    },
}


def describe(prefix: str) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Culler", "version": "1"},
        "servers": [{"url": prefix}],
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
            }
        },
        "paths": {f"/{path}": operations for path, operations in PATHS.items()},
    }
