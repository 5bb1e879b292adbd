"""Nested configuration <-> flat pairs of key and value.

``{"http": {"routers": {"x": {"priority": 1}}}}`` is ``{"http/routers/x/priority": "1"}``
in a key-value store. Lists are numbered with as many digits as the longest index has,
because stores, and Traefik, sort keys as text: 10 would come before 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def flatten(value: Any, prefix: str = "", separator: str = "/") -> dict[str, str]:
    """The pairs below a prefix that stand for a value."""
    return dict(_pairs(value, prefix, separator))


def _pairs(value: Any, key: str, separator: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _pairs(item, _below(key, str(name), separator), separator)
    elif isinstance(value, (list, tuple)):
        digits = len(str(max(len(value) - 1, 0)))
        for index, item in enumerate(value):
            number = str(index).zfill(digits)
            yield from _pairs(item, _below(key, number, separator), separator)
    else:
        yield key, text(value)


def _below(key: str, name: str, separator: str) -> str:
    return f"{key}{separator}{name}" if key else name


def text(value: Any) -> str:
    """A scalar as Traefik reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(f"{value!r} cannot be kept in a key-value store")


def unflatten(
    pairs: Iterable[tuple[str, str]], prefix: str = "", separator: str = "/"
) -> Any:
    """The value that pairs stand for; its leaves are strings. Undoes `flatten`."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        *path, last = key[len(prefix) :].strip(separator).split(separator)
        node = tree
        for name in path:
            node = node.setdefault(name, {})
        node[last] = value
    return _with_lists(tree)


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    items = {name: _with_lists(item) for name, item in node.items()}
    if items and all(name.isdecimal() and name.isascii() for name in items):
        numbered = sorted(items, key=int)
        if [int(name) for name in numbered] == list(range(len(numbered))):
            return [items[name] for name in numbered]
    return items
