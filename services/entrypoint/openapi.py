"""The OpenAPI document, made of the schemas that validate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..bodies import Schema
from . import schemas
from .handlers import LONGEST_PAGE, EntrypointHandler

if TYPE_CHECKING:
    from .app import EntrypointService

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
VERDICT: Schema = {
    "type": "object",
    "properties": {"result": {"type": ["boolean", "null"]}, "message": TEXT},
    "required": ["result", "message"],
}
RECORD: Schema = {
    "type": "object",
    "description": "cmd is what it resolves to, and read-only.",
    "properties": {
        **dict.fromkeys(("id", "name", "type", "entrypoint", "owner", "version"), TEXT),
        "fields": {"type": "object"},
        "cmd": {"type": "array", "items": TEXT},
        "systems": {"type": "array", "items": TEXT},
        "groups": {"type": "array", "items": TEXT},
        "public": {"type": "boolean"},
        **dict.fromkeys(("deprecated", "created", "updated", "last_used"), MAYBE_TEXT),
        "use_count": {"type": "integer"},
        "checks": {"type": "object", "additionalProperties": VERDICT},
    },
    "required": ["id", "name", "type", "entrypoint", "cmd", "systems"],
}
NOTHING: Schema = {"type": "object", "maxProperties": 0}
ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "status": {"type": "integer"},
                "message": TEXT,
                "field": {"type": "string", "description": "The field at fault."},
            },
            "required": ["status", "message"],
        }
    },
    "required": ["error"],
}
PAGINATION: Schema = {
    "type": "object",
    "properties": {
        "offset": {"type": "integer"},
        "limit": {"type": "integer"},
        "total": {"type": "integer"},
        "next": {"type": ["object", "null"]},
    },
}
IMPORTED: Schema = {
    "type": "object",
    "properties": {
        "added": {"type": "array", "items": RECORD},
        "refused": {"type": "array", "items": {"type": "object"}},
    },
}
ERRORS = {
    "400": "A field is wrong: `field` says which.",
    "401": "Nobody is logged in, and there is no token.",
    "403": "A scope is missing, or it is not yours.",
    "404": "There is no such system, type or entrypoint.",
    "409": "The name is taken, it is not there on that system, or it is no longer the"
    " `version` that was read.",
    "410": "What was selected is gone.",
    "413": "The body is too large.",
    "422": "The entrypoint failed its check.",
    "503": "A part that is needed does not answer.",
}


def listing(item: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": item},
            "_pagination": PAGINATION,
        },
        "required": ["items", "_pagination"],
    }


def parameter(name: str, where: str, about: str, schema: Schema) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "description": about,
        "required": where == "path",
        "schema": schema,
    }


NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
PATHS = {
    "user": parameter("user", "path", "Whose data; of others for admins.", NAME),
    "system": parameter("system", "path", "A system's name.", NAME),
    "type": parameter("type", "path", "A type's name.", NAME),
    "id": parameter("id", "path", "An entrypoint's id.", NAME),
}
SEARCH = [
    parameter(
        "search", "query", "Part of a name or a path.", {**TEXT, "maxLength": 255}
    ),
    parameter("offset", "query", "Where to begin.", {"type": "integer", "minimum": 0}),
    parameter(
        "limit",
        "query",
        "How many.",
        {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE},
    ),
]
SERVER = [
    parameter(
        "server",
        "query",
        "A named server that has a selection of its own.",
        {**TEXT, "maxLength": 255},
    )
]
FILTERS = [
    parameter("system", "query", "On this system.", {**TEXT, "maxLength": 255}),
    parameter("type", "query", "Of this type.", {**TEXT, "maxLength": 255}),
]
OTHER = [
    parameter(
        "id", "query", "Another one than the selected.", {**TEXT, "maxLength": 4200}
    )
]
OWNER = [parameter("owner", "query", "Of this user.", {**TEXT, "maxLength": 255})]


def operation(
    about: str,
    answer: Schema | None,
    *,
    status: str = "200",
    body: Schema | None = None,
    body_required: bool = True,
    query: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    answers: dict[str, Any] = {status: {"description": "Done."}}
    if answer is not None:
        answers[status]["content"] = {"application/json": {"schema": answer}}
    for code, reason in ERRORS.items():
        content = {
            "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
        }
        answers[code] = {"description": reason, "content": content}
    described = {"summary": about, "parameters": query or [], "responses": answers}
    if body is not None:
        described["requestBody"] = {
            "required": body_required,
            "content": {"application/json": {"schema": body}},
        }
    return described


RECORD_REF: Schema = {"$ref": "#/components/schemas/Entrypoint"}
MAYBE_RECORD: Schema = {"anyOf": [RECORD_REF, NOTHING]}
PAGE_OF_RECORDS = listing(RECORD_REF)


def operations() -> dict[str, dict[str, Any]]:
    """What there is: path below the service, method, and what it does."""
    selected = "users/{user}/systems/{system}"
    return {
        selected: {
            "get": operation("The selected one, or {}.", MAYBE_RECORD, query=SERVER),
            "post": operation(
                "Add one; on this system if `systems` is left out.",
                RECORD_REF,
                status="201",
                body=schemas.ADD,
            ),
            "put": operation(
                "Select the one with that id; with other fields, change it.",
                RECORD_REF,
                body=schemas.PUT,
                query=SERVER,
            ),
            "delete": operation(
                "Remove the one with that id; without a body, clear the selection.",
                None,
                status="204",
                body=schemas.DELETE,
                body_required=False,
                query=SERVER,
            ),
        },
        f"{selected}/type/{{type}}": {
            "get": operation("All of a type.", PAGE_OF_RECORDS, query=SEARCH)
        },
        f"{selected}/entrypoints": {
            "get": operation("All that can be picked.", PAGE_OF_RECORDS, query=SEARCH)
        },
        f"validate/{selected}": {
            "get": operation(
                "Check the selected one again.", VERDICT, query=[*SERVER, *OTHER]
            )
        },
        "entrypoints": {
            "get": operation(
                "All that you may use.", PAGE_OF_RECORDS, query=[*SEARCH, *FILTERS]
            )
        },
        "entrypoints/{id}": {
            "get": operation("One of them.", RECORD_REF),
            "patch": operation(
                "Change, share, publish or deprecate it.",
                RECORD_REF,
                body=schemas.PATCH,
            ),
            "delete": operation("Remove it.", None, status="204"),
        },
        "entrypoints/{id}/clone": {
            "post": operation(
                "Make a copy of your own.",
                RECORD_REF,
                status="201",
                body=schemas.CLONE,
            )
        },
        "users/{user}/export": {
            "get": operation("All that a user wrote.", schemas.IMPORT)
        },
        "users/{user}/import": {
            "post": operation("Add many.", IMPORTED, body=schemas.IMPORT)
        },
        "audit": {
            "get": operation(
                "Who changed what; for admins.",
                listing({"type": "object"}),
                query=[*SEARCH[1:], *OWNER],
            )
        },
    }


def document(prefix: str) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for path, methods in operations().items():
        named = [PATHS[name] for name in PATHS if f"{{{name}}}" in path]
        paths[f"/{path}"] = {"parameters": named, **methods}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Entrypoints",
            "description": "What users' servers start in.",
            "version": "1",
        },
        "servers": [{"url": prefix.rstrip("/")}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {"Entrypoint": RECORD, "Error": ERROR},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the Hub.",
                }
            },
        },
    }


class Document(EntrypointHandler):
    """`api/openapi.json`."""

    def get(self) -> None:
        service: EntrypointService = self.service
        self.reply(document(service.prefix))
