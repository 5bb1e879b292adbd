"""The bodies that programs send. One truth: they validate, and document."""

from __future__ import annotations

from typing import Any

from ..bodies import Schema
from .types.base import PRINTABLE, TEXT

NAME: Schema = {
    "type": "string",
    "description": "What people call it; unique among its owner's.",
    "minLength": 1,
    "maxLength": 200,
    # Not only spaces, and none at the ends.
    "pattern": rf"^(?! ){PRINTABLE}*$(?<! )",
}
ID: Schema = {"type": "string", "minLength": 1, "maxLength": 4200}
SYSTEMS: Schema = {
    "type": "array",
    "description": "The systems that it is there on.",
    "items": {"type": "string", "maxLength": 64},
    "minItems": 1,
    "maxItems": 100,
    "uniqueItems": True,
}
FIELDS: Schema = {
    "type": "object",
    "description": "The type's further fields.",
    "maxProperties": 50,
}
GROUPS: Schema = {
    "type": "array",
    "description": "The groups whose members may use it.",
    "items": {**TEXT, "maxLength": 255},
    "maxItems": 100,
    "uniqueItems": True,
}
DEPRECATED: Schema = {
    "type": ["string", "null"],
    "description": "Why it should not be used any more, and what instead.",
    "maxLength": 1000,
    "pattern": rf"^{PRINTABLE}*$",
}
VERSION: Schema = {
    "type": "string",
    "description": "The one that was read: if it has changed since, nothing is done.",
    "maxLength": 64,
}
WRITABLE: dict[str, Schema] = {
    "name": NAME,
    "entrypoint": TEXT,
    "fields": FIELDS,
    "systems": SYSTEMS,
    "groups": GROUPS,
    "public": {"type": "boolean", "description": "Whether everybody may use it."},
    "deprecated": DEPRECATED,
}


def an_object(
    properties: dict[str, Schema], required: list[str] | None = None
) -> Schema:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


ADD = an_object(
    {
        "name": NAME,
        "type": {"type": "string", "maxLength": 64},
        "entrypoint": TEXT,
        "fields": FIELDS,
        "systems": SYSTEMS,
    },
    ["name", "type", "entrypoint"],
)
# Of PUT: the id alone selects, with anything else it updates.
PUT = an_object({"id": ID, "version": VERSION, **WRITABLE}, ["id"])
PATCH = {**an_object({"version": VERSION, **WRITABLE}), "minProperties": 1}
DELETE = an_object({"id": ID})
CLONE = an_object({"name": NAME}, ["name"])

# What an export holds, and an import takes: what a user wrote, and no more.
PORTABLE = ("name", "type", "entrypoint", "fields", "systems")
IMPORT = an_object(
    {
        "entrypoints": {
            "type": "array",
            "maxItems": 500,
            "items": {
                **an_object({key: ADD["properties"][key] for key in PORTABLE}),
                "required": ["name", "type", "entrypoint", "systems"],
            },
        }
    },
    ["entrypoints"],
)
