"""Stores that hold everything in one document: a file, or the answer to a request.

Each entry is kept as the line of text that it becomes, so that writing one route among
ten thousand formats one line and joins the rest.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from ..entries import LISTS, Change, Entry, Path
from ..formats import quoted, toml_key, toml_value
from .base import Store

Lines = dict[Path, dict[str, str]]
"""For each section, such as ``("http", "routers")``, its entries as text."""


class DocumentStore(Store):
    """Entries as lines of text; a leaf says where the document goes."""

    def __init__(self, *, toml: bool = False) -> None:
        self._toml = toml
        self._entries: dict[Path, Entry] = {}
        self._lines: Lines = {}

    async def load(self) -> Mapping[Path, Entry]:
        return dict(self._entries)

    async def write(self, change: Change) -> None:
        for path, entry in {**change.put, **change.seal}.items():
            self._put(path, entry)
        for path in change.remove:
            self._entries.pop(path, None)
            self._lines.get(path[:-1], {}).pop(path[-1], None)
        await self.publish(self.text())

    @abstractmethod
    async def publish(self, text: str) -> None:
        """Put the document where Traefik finds it."""

    def adopt(self, entries: Mapping[Path, Entry]) -> None:
        """Take these for what the document holds."""
        self._entries.clear()
        self._lines.clear()
        for path, entry in entries.items():
            self._put(path, entry)

    def text(self) -> str:
        return as_toml(self._lines) if self._toml else as_json(self._lines)

    def _put(self, path: Path, entry: Entry) -> None:
        self._entries[path] = entry
        text = toml_value(entry) if self._toml else json.dumps(entry)
        # Traefik runs files through a template engine that wakes up at "{{".
        self._lines.setdefault(path[:-1], {})[path[-1]] = text.replace("{{", "{\\u007b")


def as_json(lines: Lines) -> str:
    """One line an entry; JSON is YAML too, and many times faster to read and write."""
    tree: dict[str, Any] = {}
    for section, entries in lines.items():
        if entries:
            node = tree
            for key in section[:-1]:
                node = node.setdefault(key, {})
            node[section[-1]] = _json_section(section, entries)
    return _json_tree(tree) + "\n"


def _json_section(section: Path, entries: Mapping[str, str]) -> str:
    if section in LISTS:
        return "[\n" + ",\n".join(entries.values()) + "\n]"
    pairs = [f"{quoted(name)}: {text}" for name, text in entries.items()]
    return "{\n" + ",\n".join(pairs) + "\n}"


def _json_tree(node: Mapping[str, Any] | str) -> str:
    if isinstance(node, str):
        return node
    pairs = [f"{quoted(key)}: {_json_tree(value)}" for key, value in node.items()]
    return "{" + ",\n".join(pairs) + "}"


def as_toml(lines: Lines) -> str:
    """A table for each section, one line an entry."""
    parts = []
    for section, entries in lines.items():
        if section in LISTS and entries:
            parts.append(f"[{_header(section[:-1])}]")
            parts.append(f"{section[-1]} = [{', '.join(entries.values())}]")
        elif entries:
            parts.append(f"[{_header(section)}]")
            parts += [f"{toml_key(name)} = {text}" for name, text in entries.items()]
    return "\n".join(parts) + "\n"


def _header(section: Path) -> str:
    return ".".join(map(toml_key, section))
