"""Request bodies: JSON that parses and fits its schema, or an error that says where."""

from __future__ import annotations

import json
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind, validator_for

from .errors import PublicError

Schema = dict[str, Any]


def parse_json(body: bytes) -> Any:
    """The body's value; 400 with line and column if it is not JSON."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\ud" in body.lower():
            # Half of a surrogate pair parses, but no database or answer can hold it.
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError:
        raise PublicError(400, "The body has half of a surrogate pair in it") from None
    except UnicodeDecodeError as error:
        raise PublicError(
            400, f"The body is not UTF-8: byte {error.start} cannot be read"
        ) from None
    except json.JSONDecodeError as error:
        raise PublicError(
            400,
            f"The body is not JSON: {error.msg} at line {error.lineno},"
            f" column {error.colno}",
            line=error.lineno,
            column=error.colno,
        ) from None
    except RecursionError:
        raise PublicError(400, "The body is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    # Python reads NaN and Infinity, which are not JSON and no database's numbers.
    raise PublicError(400, f"The body is not JSON: {name} is not a JSON number")


def check(value: Any, schema: Schema) -> None:
    """Accept what fits the schema; 400 with the field at fault if it does not."""
    error = next(validator_for(schema, offline=True).iter_errors(value), None)
    if error is not None:
        field = field_at_fault(error)
        where = f"{field}: " if field else ""
        raise PublicError(400, where + shorten(error.message), field=field)


def field_at_fault(error: ValidationError) -> str:
    """Its path, such as `systems.0`; a missing or unknown field is named itself."""
    path = [str(step) for step in error.instance_path]
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        path.append(kind.property)
    elif isinstance(kind, ValidationErrorKind.AdditionalProperties):
        path += sorted(kind.unexpected)[:1]
    return ".".join(path)


def shorten(text: str, longest: int = 300) -> str:
    """An error quotes the value at fault, which may be as large as the body."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
