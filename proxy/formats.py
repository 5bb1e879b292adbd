"""Configuration files in the format that their names ask for: TOML, YAML or JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .errors import BadSetting

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BARE_KEY = re.compile("[A-Za-z0-9_-]+")
YAML = (".yaml", ".yml")
SUFFIXES = (".toml", *YAML, ".json")


def suffix_of(setting: str, path: Path) -> str:
    if path.suffix not in SUFFIXES:
        names = ", ".join(SUFFIXES)
        raise BadSetting(
            f"{setting} = {str(path)!r}: the name must end in one of {names}"
        )
    return path.suffix


def dump(tree: Mapping[str, Any], suffix: str) -> str:
    """A whole configuration as text."""
    if suffix == ".toml":
        return toml(tree)
    if suffix in YAML:
        return yaml.safe_dump(dict(tree), sort_keys=False)
    return json.dumps(tree, indent=2) + "\n"


def parse(text: str, suffix: str) -> dict[str, Any]:
    """Read such a text back; ValueError if it is damaged."""
    if suffix == ".toml":
        return tomllib.loads(text)
    try:
        return json.loads(text)  # YAML by us is JSON, and JSON is read 50 times faster
    except ValueError:
        if suffix not in YAML:
            raise
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as e:
        raise ValueError(str(e)) from None


def toml(tree: Mapping[str, Any]) -> str:
    """A table for each section, and a line for each thing in it."""
    parts = []
    for section, items in tree.items():
        parts.append(f"[{toml_key(section)}]")
        parts += [
            f"{toml_key(name)} = {toml_value(item)}" for name, item in items.items()
        ]
    return "\n".join(parts) + "\n"


def toml_value(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        items = [f"{toml_key(str(k))} = {toml_value(v)}" for k, v in value.items()]
        return "{ " + ", ".join(items) + " }"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml_value, value))}]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def toml_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else quoted(key)


def quoted(text: str) -> str:
    """Quoted for TOML and JSON; TOML knows no pairs of surrogates, nor a bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def replace(path: Path, text: str) -> None:
    """Put a text in the place of a file at once; only its owner may read a new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        mode = 0o600
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
