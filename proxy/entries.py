"""An entry: one router, service or middleware, and the path at which it stands.

Traefik's dynamic configuration is a tree. All stores hold it in pieces that are
written and removed as a whole: the *entries*. ``("http", "routers", "x")`` is the path
of one. A `Change` lists entries in the order in which they may be written one after
the other without a request ever finding a router whose parent or service is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .keys import flatten

Path = tuple[str, ...]
Entry = Any
"""What JSON can hold; strings only, once a key-value store has had it."""

ROUTES: Path = ("jupyterhub", "routes")
"""Where a route is kept as JupyterHub gave it, as JSON; Traefik does not look there."""

LISTS = frozenset({("tls", "certificates")})
"""What is a list where the rest is a mapping of names."""


@dataclass
class Change:
    """What to write, in order, then what to remove, in order, then the seal.

    The seal is the generation: whoever has loaded it has loaded all the rest.
    """

    put: dict[Path, Entry] = field(default_factory=dict)
    remove: list[Path] = field(default_factory=list)
    seal: dict[Path, Entry] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.put or self.remove)


def difference(
    found: Mapping[Path, Entry],
    wanted: Mapping[Path, Entry],
    ours: Callable[[Path], bool],
) -> Change:
    """What mends a store: entries of others stay as they are."""
    put = {p: e for p, e in wanted.items() if p not in found or not same(found[p], e)}
    strays = [p for p in found if p not in wanted and ours(p)]
    return Change(put, sorted(strays, key=_users_first))


def same(one: Entry, other: Entry) -> bool:
    """Equal for Traefik, which reads "1" and 1 alike."""
    return flatten(one) == flatten(other)


def _users_first(path: Path) -> tuple[bool, Path]:
    return path[:2] != ("http", "routers"), path


def split(tree: Mapping[str, Any]) -> dict[Path, Entry]:
    """Cut a configuration into entries: section, kind and name make a path."""
    return dict(_pieces(tree, ()))


def _pieces(node: Any, path: Path) -> Iterator[tuple[Path, Entry]]:
    if path in LISTS and isinstance(node, list):
        node = {str(index): item for index, item in enumerate(node)}
    if len(path) == 3 or not isinstance(node, Mapping):
        yield path, node
        return
    for key, value in node.items():
        yield from _pieces(value, (*path, str(key)))


def merge(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Both trees as one new tree; where they differ, `extra` has its way."""
    merged = dict(base)
    for key, value in extra.items():
        mine = merged.get(key)
        if isinstance(mine, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(mine, value)
        else:
            merged[key] = value
    return merged
